import type {
  CreatePolicyCommandInput,
  CreatePolicyCommandOutput,
  DeletePolicyCommandInput,
  DeletePolicyCommandOutput,
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  ListEntitiesForPolicyCommandInput,
  ListEntitiesForPolicyCommandOutput,
  ListPoliciesCommandInput,
  ListPoliciesCommandOutput,
  ListPolicyTagsCommandInput,
  ListPolicyTagsCommandOutput,
  Policy,
  TagPolicyCommandInput,
  TagPolicyCommandOutput,
  UntagPolicyCommandInput,
  UntagPolicyCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { alreadyExists, type IamState, iamPage } from "./iam-state.ts";
import { checkName, checkPath, tagList, withoutTags, withTags } from "./names.ts";
import type { PolicyRecord } from "./records.ts";
import { checkPermissionsPolicy } from "./trust-policy.ts";

const POLICY_NAME_LENGTH_MAX = 128;
/** IAM's quota for one managed policy, white space not counted. */
const POLICY_CHARACTERS_MAX = 6_144;

export function policyHandlers(iam: IamState): HandlerMap {
  return {
    CreatePolicy: createPolicy(iam),
    GetPolicy: getPolicy(iam),
    ListPolicies: listPolicies(iam),
    DeletePolicy: deletePolicy(iam),
    ListEntitiesForPolicy: listEntitiesForPolicy(iam),
    TagPolicy: tagPolicy(iam),
    UntagPolicy: untagPolicy(iam),
    ListPolicyTags: listPolicyTags(iam),
  };
}

/** Checks a managed policy's document and size. */
export function checkManagedPolicy(document: string): void {
  checkPermissionsPolicy(document);
  if (document.replace(/\s/g, "").length > POLICY_CHARACTERS_MAX)
    throw new AwsError("LimitExceeded", `Cannot exceed quota for PolicySize: ${POLICY_CHARACTERS_MAX}`);
}

function createPolicy(iam: IamState): Handler<CreatePolicyCommandInput, CreatePolicyCommandOutput> {
  return (input) => {
    const name = checkName("policyName", input.PolicyName, POLICY_NAME_LENGTH_MAX);
    const path = checkPath(input.Path);
    const document = input.PolicyDocument ?? "";
    checkManagedPolicy(document);
    const arn = iam.arn("policy", `${path}${name}`);
    if (iam.policies.has(arn))
      alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
    const now = iam.now();
    const policy = iam.policies.put(arn, {
      name,
      path,
      id: iam.newId("ANPA"),
      arn,
      createdAt: now,
      updatedAt: now,
      description: input.Description ?? null,
      tags: withTags([], input.Tags),
      versions: [{ id: "v1", document, createdAt: now }],
      defaultVersionId: "v1",
      nextVersion: 2,
    });
    return { Policy: policyView(iam, policy) };
  };
}

function getPolicy(iam: IamState): Handler<GetPolicyCommandInput, GetPolicyCommandOutput> {
  return (input) => ({ Policy: policyView(iam, iam.policy(input.PolicyArn)) });
}

function listPolicies(iam: IamState): Handler<ListPoliciesCommandInput, ListPoliciesCommandOutput> {
  return (input) => {
    const wanted = (policy: PolicyRecord): boolean =>
      policy.path.startsWith(input.PathPrefix ?? "/") &&
      (input.Scope !== "AWS" || iam.isAwsManaged(policy)) &&
      (input.Scope !== "Local" || !iam.isAwsManaged(policy)) &&
      (input.OnlyAttached !== true || rolesOf(iam, policy.arn).length > 0);
    const { items, rest } = iamPage(iam.allPolicies().filter(wanted), input, (policy) => policy.arn);
    // A listing leaves tags and description out, as IAM does.
    const Policies = items.map((policy) => ({ ...policyView(iam, policy), Tags: undefined, Description: undefined }));
    return { Policies, ...rest };
  };
}

function deletePolicy(iam: IamState): Handler<DeletePolicyCommandInput, DeletePolicyCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    if (rolesOf(iam, policy.arn).length > 0)
      throw new AwsError("DeleteConflict", "Cannot delete a policy attached to entities.");
    if (policy.versions.length > 1)
      throw new AwsError(
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    iam.policies.delete(policy.arn);
    return {};
  };
}

function listEntitiesForPolicy(
  iam: IamState,
): Handler<ListEntitiesForPolicyCommandInput, ListEntitiesForPolicyCommandOutput> {
  return (input) => {
    const roles = rolesOf(iam, iam.policy(input.PolicyArn).arn);
    const { items, rest } = iamPage(roles, input, (role) => role.name);
    const PolicyRoles = items.map((role) => ({ RoleName: role.name, RoleId: role.id }));
    return { PolicyRoles, PolicyGroups: [], PolicyUsers: [], ...rest };
  };
}

function tagPolicy(iam: IamState): Handler<TagPolicyCommandInput, TagPolicyCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    iam.policies.put(policy.arn, { ...policy, tags: withTags(policy.tags, input.Tags) });
    return {};
  };
}

function untagPolicy(iam: IamState): Handler<UntagPolicyCommandInput, UntagPolicyCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    iam.policies.put(policy.arn, { ...policy, tags: withoutTags(policy.tags, input.TagKeys) });
    return {};
  };
}

function listPolicyTags(iam: IamState): Handler<ListPolicyTagsCommandInput, ListPolicyTagsCommandOutput> {
  return (input) => {
    const { items, rest } = iamPage(iam.policy(input.PolicyArn).tags, input, (tag) => tag.Key);
    return { Tags: [...items], ...rest };
  };
}

function rolesOf(iam: IamState, arn: string): { readonly name: string; readonly id: string }[] {
  return iam.roles.filter((role) => role.attachedPolicyArns.includes(arn));
}

function policyView(iam: IamState, policy: PolicyRecord): Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: rolesOf(iam, policy.arn).length,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: policy.description ?? undefined,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
    Tags: tagList(policy.tags),
  };
}
