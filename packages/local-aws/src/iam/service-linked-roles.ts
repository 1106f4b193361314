import type {
  CreateServiceLinkedRoleCommandInput,
  CreateServiceLinkedRoleCommandOutput,
  DeleteServiceLinkedRoleCommandInput,
  DeleteServiceLinkedRoleCommandOutput,
  GetServiceLinkedRoleDeletionStatusCommandInput,
  GetServiceLinkedRoleDeletionStatusCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { type IamState, notFound } from "./iam-state.ts";
import { addRole, roleView, SERVICE_ROLE_PATH } from "./roles.ts";

/** Service → role and policy. Source: the services' pages on service-linked roles. */
const LINKED_ROLES: ReadonlyMap<string, { readonly role: string; readonly policy: string }> = new Map([
  ["eks.amazonaws.com", { role: "AWSServiceRoleForAmazonEKS", policy: "AmazonEKSServiceRolePolicy" }],
  [
    "eks-fargate.amazonaws.com",
    { role: "AWSServiceRoleForAmazonEKSForFargate", policy: "AmazonEKSForFargateServiceRolePolicy" },
  ],
  ["spot.amazonaws.com", { role: "AWSServiceRoleForEC2Spot", policy: "AWSEC2SpotServiceRolePolicy" }],
  [
    "elasticloadbalancing.amazonaws.com",
    { role: "AWSServiceRoleForElasticLoadBalancing", policy: "AWSElasticLoadBalancingServiceRolePolicy" },
  ],
]);

export function serviceLinkedRoleHandlers(iam: IamState): HandlerMap {
  return {
    CreateServiceLinkedRole: createServiceLinkedRole(iam),
    DeleteServiceLinkedRole: deleteServiceLinkedRole(iam),
    GetServiceLinkedRoleDeletionStatus: getDeletionStatus(iam),
  };
}

function createServiceLinkedRole(
  iam: IamState,
): Handler<CreateServiceLinkedRoleCommandInput, CreateServiceLinkedRoleCommandOutput> {
  return (input) => {
    const service = input.AWSServiceName ?? "";
    const linked = LINKED_ROLES.get(service);
    if (linked === undefined)
      throw new AwsError("InvalidInput", `Service ${service} has no service-linked role in the local cloud.`);
    if (input.CustomSuffix !== undefined)
      throw new AwsError("InvalidInput", `Custom suffix is not allowed for ${service}`);
    if (iam.roles.has(linked.role))
      throw new AwsError(
        "InvalidInput",
        `Service role name ${linked.role} has been taken in this account, please try a different suffix.`,
      );
    const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
    const role = addRole(iam, {
      name: linked.role,
      path: `${SERVICE_ROLE_PATH}${service}/`,
      trustPolicy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
      description: input.Description ?? null,
      maxSessionSeconds: 3_600,
      tags: [],
      permissionsBoundary: null,
      attachedPolicyArns: [`arn:aws:iam::aws:policy${SERVICE_ROLE_PATH}${linked.policy}`],
    });
    return { Role: roleView(role) };
  };
}

function deleteServiceLinkedRole(
  iam: IamState,
): Handler<DeleteServiceLinkedRoleCommandInput, DeleteServiceLinkedRoleCommandOutput> {
  return (input) => {
    const role = iam.role(input.RoleName);
    if (!role.path.startsWith(SERVICE_ROLE_PATH))
      throw new AwsError("InvalidInput", `Role ${role.name} is not a service-linked role.`);
    iam.roles.delete(role.name);
    return { DeletionTaskId: `task${role.path}${role.name}/${role.id}` };
  };
}

function getDeletionStatus(
  iam: IamState,
): Handler<GetServiceLinkedRoleDeletionStatusCommandInput, GetServiceLinkedRoleDeletionStatusCommandOutput> {
  return (input) => {
    const name = input.DeletionTaskId?.split("/").at(-2) ?? "";
    if (!/^task\/aws-service-role\//.test(input.DeletionTaskId ?? "") || iam.roles.has(name))
      notFound(`Deletion task ${input.DeletionTaskId} cannot be found.`);
    return { Status: "SUCCEEDED" };
  };
}
