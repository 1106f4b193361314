import type {
  AttachRolePolicyCommandInput,
  AttachRolePolicyCommandOutput,
  DeleteRolePolicyCommandInput,
  DeleteRolePolicyCommandOutput,
  DetachRolePolicyCommandInput,
  DetachRolePolicyCommandOutput,
  GetRolePolicyCommandInput,
  GetRolePolicyCommandOutput,
  ListAttachedRolePoliciesCommandInput,
  ListAttachedRolePoliciesCommandOutput,
  ListRolePoliciesCommandInput,
  ListRolePoliciesCommandOutput,
  PutRolePolicyCommandInput,
  PutRolePolicyCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { type IamState, iamPage, notFound } from "./iam-state.ts";
import { checkName } from "./names.ts";
import type { RoleRecord } from "./records.ts";
import { changeableRole, encodeDocument } from "./roles.ts";
import { checkPermissionsPolicy } from "./trust-policy.ts";

/** IAM quotas: attached policies per role, and characters of all inline policies of a role without white space. */
const ATTACHED_POLICIES_MAX = 10;
const INLINE_CHARACTERS_MAX = 10_240;
const POLICY_NAME_LENGTH_MAX = 128;

/** Inline policies of roles, and attaching managed ones. */
export function rolePolicyHandlers(iam: IamState): HandlerMap {
  return {
    PutRolePolicy: putRolePolicy(iam),
    GetRolePolicy: getRolePolicy(iam),
    DeleteRolePolicy: deleteRolePolicy(iam),
    ListRolePolicies: listRolePolicies(iam),
    AttachRolePolicy: attachRolePolicy(iam),
    DetachRolePolicy: detachRolePolicy(iam),
    ListAttachedRolePolicies: listAttachedRolePolicies(iam),
  };
}

function putRolePolicy(iam: IamState): Handler<PutRolePolicyCommandInput, PutRolePolicyCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    const name = checkName("policyName", input.PolicyName, POLICY_NAME_LENGTH_MAX);
    const document = input.PolicyDocument ?? "";
    checkPermissionsPolicy(document);
    const inlinePolicies = [...role.inlinePolicies.filter(([other]) => other !== name), [name, document] as const];
    const characters = inlinePolicies.reduce((sum, [, text]) => sum + text.replace(/\s/g, "").length, 0);
    if (characters > INLINE_CHARACTERS_MAX)
      throw new AwsError(
        "LimitExceeded",
        `Maximum policy size of ${INLINE_CHARACTERS_MAX} bytes exceeded for role ${role.name}`,
      );
    iam.roles.put(role.name, { ...role, inlinePolicies });
    return {};
  };
}

function getRolePolicy(iam: IamState): Handler<GetRolePolicyCommandInput, GetRolePolicyCommandOutput> {
  return (input) => {
    const role = iam.role(input.RoleName);
    const document = inlinePolicy(role, input.PolicyName);
    return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encodeDocument(document) };
  };
}

function deleteRolePolicy(iam: IamState): Handler<DeleteRolePolicyCommandInput, DeleteRolePolicyCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    inlinePolicy(role, input.PolicyName);
    const inlinePolicies = role.inlinePolicies.filter(([name]) => name !== input.PolicyName);
    iam.roles.put(role.name, { ...role, inlinePolicies });
    return {};
  };
}

function inlinePolicy(role: RoleRecord, name: string | undefined): string {
  const found = role.inlinePolicies.find(([other]) => other === name);
  return found?.[1] ?? notFound(`The role policy with name ${name} cannot be found.`);
}

function listRolePolicies(iam: IamState): Handler<ListRolePoliciesCommandInput, ListRolePoliciesCommandOutput> {
  return (input) => {
    const names = iam.role(input.RoleName).inlinePolicies.map(([name]) => name);
    const { items, rest } = iamPage(names, input, (name) => name);
    return { PolicyNames: [...items], ...rest };
  };
}

function attachRolePolicy(iam: IamState): Handler<AttachRolePolicyCommandInput, AttachRolePolicyCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    const arn = input.PolicyArn ?? "";
    if (!/^arn:aws[a-z-]*:iam::(aws|\d+):policy\/.+/.test(arn))
      throw new AwsError("InvalidInput", `ARN ${arn} is not valid.`);
    if (iam.findPolicy(arn) === undefined) notFound(`Policy ${arn} does not exist or is not attachable.`);
    if (role.attachedPolicyArns.includes(arn)) return {};
    if (role.attachedPolicyArns.length >= ATTACHED_POLICIES_MAX)
      throw new AwsError("LimitExceeded", `Cannot exceed quota for PoliciesPerRole: ${ATTACHED_POLICIES_MAX}`);
    iam.roles.put(role.name, { ...role, attachedPolicyArns: [...role.attachedPolicyArns, arn] });
    return {};
  };
}

function detachRolePolicy(iam: IamState): Handler<DetachRolePolicyCommandInput, DetachRolePolicyCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    if (!role.attachedPolicyArns.includes(input.PolicyArn ?? "")) notFound(`Policy ${input.PolicyArn} was not found.`);
    const attachedPolicyArns = role.attachedPolicyArns.filter((arn) => arn !== input.PolicyArn);
    iam.roles.put(role.name, { ...role, attachedPolicyArns });
    return {};
  };
}

function listAttachedRolePolicies(
  iam: IamState,
): Handler<ListAttachedRolePoliciesCommandInput, ListAttachedRolePoliciesCommandOutput> {
  return (input) => {
    const policies = iam
      .role(input.RoleName)
      .attachedPolicyArns.map((arn) => iam.policy(arn))
      .filter((policy) => policy.path.startsWith(input.PathPrefix ?? "/"));
    const { items, rest } = iamPage(policies, input, (policy) => policy.arn);
    const AttachedPolicies = items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
    return { AttachedPolicies, ...rest };
  };
}
