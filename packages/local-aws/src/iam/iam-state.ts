import type { Clock, Random } from "@nodeless/environment";
import type { Collection } from "../state/collection.ts";
import type { LocalState } from "../state/local-state.ts";
import { pageOf } from "../state/pages.ts";
import { uniqueId } from "../state/resource-ids.ts";
import { AwsError } from "../wire/aws-error.ts";
import { awsManagedPolicies } from "./managed-policies.ts";
import type { InstanceProfileRecord, OidcProviderRecord, PolicyRecord, RoleRecord } from "./records.ts";

export interface IamDependencies {
  readonly state: LocalState;
  readonly clock: Clock;
  readonly random: Random;
  readonly accountId: string;
}

/** Tables of IAM and the look-ups every operation uses. */
export class IamState {
  readonly roles: Collection<RoleRecord>;
  readonly profiles: Collection<InstanceProfileRecord>;
  /** Customer-managed, by ARN. */
  readonly policies: Collection<PolicyRecord>;
  /** By ARN. */
  readonly oidcProviders: Collection<OidcProviderRecord>;
  readonly accountId: string;
  readonly #awsPolicies: ReadonlyMap<string, PolicyRecord> = awsManagedPolicies();
  readonly #dependencies: IamDependencies;

  constructor(dependencies: IamDependencies) {
    const { state, accountId } = dependencies;
    this.#dependencies = dependencies;
    this.accountId = accountId;
    this.roles = state.collection("iam/role");
    this.profiles = state.collection("iam/instance-profile");
    this.policies = state.collection("iam/policy");
    this.oidcProviders = state.collection("iam/oidc-provider");
  }

  now(): string {
    return this.#dependencies.clock.now().toISOString();
  }

  newId(prefix: "AROA" | "AIPA" | "ANPA"): string {
    return uniqueId(this.#dependencies.random, prefix);
  }

  /** `arn:aws:iam::<account>:role/path/name` */
  arn(type: string, pathAndName: string): string {
    return `arn:aws:iam::${this.accountId}:${type}${pathAndName}`;
  }

  role(name: string | undefined): RoleRecord {
    return this.roles.get(name ?? "") ?? notFound(`The role with name ${name} cannot be found.`);
  }

  profile(name: string | undefined): InstanceProfileRecord {
    return this.profiles.get(name ?? "") ?? notFound(`Instance Profile ${name} cannot be found.`);
  }

  /** AWS-managed or customer-managed. */
  findPolicy(arn: string): PolicyRecord | undefined {
    return this.#awsPolicies.get(arn) ?? this.policies.get(arn);
  }

  policy(arn: string | undefined): PolicyRecord {
    return this.findPolicy(arn ?? "") ?? notFound(`Policy ${arn} was not found.`);
  }

  /** A policy that its owner may change. AWS's own answer AccessDenied. */
  ownPolicy(arn: string | undefined): PolicyRecord {
    const policy = this.policy(arn);
    if (this.#awsPolicies.has(policy.arn))
      throw new AwsError("AccessDenied", `Policy ${policy.arn} is managed by AWS and cannot be changed.`, 403);
    return policy;
  }

  oidcProvider(arn: string | undefined): OidcProviderRecord {
    return this.oidcProviders.get(arn ?? "") ?? notFound(`OpenIDConnect Provider not found for arn ${arn}`);
  }

  allPolicies(): PolicyRecord[] {
    return [...this.#awsPolicies.values(), ...this.policies.values()];
  }

  isAwsManaged(policy: PolicyRecord): boolean {
    return this.#awsPolicies.has(policy.arn);
  }
}

export function notFound(message: string): never {
  throw new AwsError("NoSuchEntity", message);
}

export function alreadyExists(message: string): never {
  throw new AwsError("EntityAlreadyExists", message);
}

/** IAM's default page. */
const PAGE_ITEMS = 100;

/** IAM's way of cutting pages: Marker in, IsTruncated and Marker out. */
export function iamPage<T>(
  items: readonly T[],
  request: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
  key: (item: T) => string,
): { readonly items: readonly T[]; readonly rest: { readonly IsTruncated: boolean; readonly Marker?: string } } {
  const { Marker: token, MaxItems: size = PAGE_ITEMS, ...query } = request;
  const invalidToken = (): Error => new AwsError("ValidationError", "Invalid Marker", 400);
  const page = pageOf(items, { key, token, size, query, invalidToken });
  const rest = page.nextToken === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: page.nextToken };
  return { items: page.items, rest };
}
