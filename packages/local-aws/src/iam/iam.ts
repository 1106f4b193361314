import type { InstanceProfileView } from "../ec2/contract.ts";
import type { HandlerMap } from "../wire/handlers.ts";
import { type IamDependencies, IamState } from "./iam-state.ts";
import { instanceProfileHandlers } from "./instance-profiles.ts";
import { oidcProviderHandlers } from "./oidc-providers.ts";
import { policyHandlers } from "./policies.ts";
import { policyVersionHandlers } from "./policy-versions.ts";
import type { OidcProviderRecord, RoleRecord } from "./records.ts";
import { rolePolicyHandlers } from "./role-policies.ts";
import { roleHandlers } from "./roles.ts";
import { serviceLinkedRoleHandlers } from "./service-linked-roles.ts";
import { type TrustRequest, trustAllows } from "./trust-policy.ts";

/** Local IAM: its operations, and what the other services ask of it in process. */
export interface IamService {
  readonly handlers: HandlerMap;
  /** By ARN; an ARN of another account is unknown. */
  roleByArn(arn: string): RoleRecord | undefined;
  /** By name or ARN. */
  instanceProfile(nameOrArn: string): InstanceProfileView | undefined;
  /** By issuer URL, with or without `https://`. */
  oidcProviderOf(issuer: string): OidcProviderRecord | undefined;
  /** True if the role exists and its trust policy allows the request. */
  trusts(roleArn: string, request: TrustRequest): boolean;
}

/** Opens IAM on the state. */
export function createIam(dependencies: IamDependencies): IamService {
  const iam = new IamState(dependencies);
  const roleByArn = (arn: string): RoleRecord | undefined => {
    const role = iam.roles.get(arn.slice(arn.lastIndexOf("/") + 1));
    return role?.arn === arn ? role : undefined;
  };
  return {
    handlers: {
      ...roleHandlers(iam),
      ...rolePolicyHandlers(iam),
      ...policyHandlers(iam),
      ...policyVersionHandlers(iam),
      ...instanceProfileHandlers(iam),
      ...oidcProviderHandlers(iam),
      ...serviceLinkedRoleHandlers(iam),
    },
    roleByArn,
    instanceProfile: (nameOrArn) => {
      const profile = iam.profiles.get(nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1));
      if (profile === undefined || (nameOrArn.startsWith("arn:") && profile.arn !== nameOrArn)) return undefined;
      const role = iam.roles.get(profile.roleName ?? "");
      return { arn: profile.arn, name: profile.name, id: profile.id, roleArn: role?.arn };
    },
    oidcProviderOf: (issuer) => {
      const url = issuer.replace(/^https:\/\//, "");
      return iam.oidcProviders.get(iam.arn("oidc-provider", `/${url}`));
    },
    trusts: (roleArn, request) => {
      const role = roleByArn(roleArn);
      return role !== undefined && trustAllows(role.trustPolicy, request);
    },
  };
}
