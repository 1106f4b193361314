import type {
  CreateRoleCommandInput,
  CreateRoleCommandOutput,
  DeleteRoleCommandInput,
  DeleteRoleCommandOutput,
  GetRoleCommandInput,
  GetRoleCommandOutput,
  ListRolesCommandInput,
  ListRolesCommandOutput,
  ListRoleTagsCommandInput,
  ListRoleTagsCommandOutput,
  Role,
  TagRoleCommandInput,
  TagRoleCommandOutput,
  UntagRoleCommandInput,
  UntagRoleCommandOutput,
  UpdateAssumeRolePolicyCommandInput,
  UpdateAssumeRolePolicyCommandOutput,
  UpdateRoleCommandInput,
  UpdateRoleCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { alreadyExists, type IamState, iamPage } from "./iam-state.ts";
import { checkName, checkPath, tagList, withoutTags, withTags } from "./names.ts";
import type { RoleRecord } from "./records.ts";
import { checkTrustPolicy } from "./trust-policy.ts";

const ROLE_NAME_LENGTH_MAX = 64;
const SESSION_SECONDS_DEFAULT = 3_600;
const SESSION_SECONDS_MAX = 43_200;
/** Path of roles only their service may change. */
export const SERVICE_ROLE_PATH = "/aws-service-role/";

export function roleHandlers(iam: IamState): HandlerMap {
  return {
    CreateRole: createRole(iam),
    GetRole: getRole(iam),
    ListRoles: listRoles(iam),
    UpdateRole: updateRole(iam),
    UpdateAssumeRolePolicy: updateAssumeRolePolicy(iam),
    DeleteRole: deleteRole(iam),
    TagRole: tagRole(iam),
    UntagRole: untagRole(iam),
    ListRoleTags: listRoleTags(iam),
  };
}

function createRole(iam: IamState): Handler<CreateRoleCommandInput, CreateRoleCommandOutput> {
  return (input) => {
    const name = checkName("roleName", input.RoleName, ROLE_NAME_LENGTH_MAX);
    const path = checkPath(input.Path);
    if (path.startsWith(SERVICE_ROLE_PATH))
      throw new AwsError("InvalidInput", "Path /aws-service-role/ is reserved for service-linked roles.");
    const trustPolicy = input.AssumeRolePolicyDocument ?? "";
    checkTrustPolicy(trustPolicy);
    const role = addRole(iam, {
      name,
      path,
      trustPolicy,
      description: input.Description ?? null,
      maxSessionSeconds: sessionSeconds(input.MaxSessionDuration),
      tags: withTags([], input.Tags),
      permissionsBoundary: input.PermissionsBoundary ?? null,
    });
    return { Role: roleView(role) };
  };
}

/** Stores a new role. Throws EntityAlreadyExists. */
export function addRole(
  iam: IamState,
  role: Omit<RoleRecord, "id" | "arn" | "createdAt" | "inlinePolicies" | "attachedPolicyArns"> &
    Partial<Pick<RoleRecord, "attachedPolicyArns">>,
): RoleRecord {
  const wanted = role.name.toLowerCase();
  // Names are unique without regard to case.
  if (iam.roles.find((other) => other.name.toLowerCase() === wanted) !== undefined)
    alreadyExists(`Role with name ${role.name} already exists.`);
  return iam.roles.put(role.name, {
    attachedPolicyArns: [],
    ...role,
    id: iam.newId("AROA"),
    arn: iam.arn("role", `${role.path}${role.name}`),
    createdAt: iam.now(),
    inlinePolicies: [],
  });
}

function sessionSeconds(given: number | undefined): number {
  const seconds = given ?? SESSION_SECONDS_DEFAULT;
  if (seconds >= SESSION_SECONDS_DEFAULT && seconds <= SESSION_SECONDS_MAX) return seconds;
  throw new AwsError(
    "ValidationError",
    `1 validation error detected: Value '${seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must be between 3600 and 43200`,
    400,
  );
}

function getRole(iam: IamState): Handler<GetRoleCommandInput, GetRoleCommandOutput> {
  return (input) => ({ Role: roleView(iam.role(input.RoleName)) });
}

function listRoles(iam: IamState): Handler<ListRolesCommandInput, ListRolesCommandOutput> {
  return (input) => {
    const roles = iam.roles.filter((role) => role.path.startsWith(input.PathPrefix ?? "/"));
    const { items, rest } = iamPage(roles, input, (role) => role.name);
    // A listing leaves the tags out, as IAM does.
    return { Roles: items.map((role) => ({ ...roleView(role), Tags: undefined })), ...rest };
  };
}

function updateRole(iam: IamState): Handler<UpdateRoleCommandInput, UpdateRoleCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    const maxSessionSeconds =
      input.MaxSessionDuration === undefined ? role.maxSessionSeconds : sessionSeconds(input.MaxSessionDuration);
    iam.roles.put(role.name, { ...role, maxSessionSeconds, description: input.Description ?? role.description });
    return {};
  };
}

function updateAssumeRolePolicy(
  iam: IamState,
): Handler<UpdateAssumeRolePolicyCommandInput, UpdateAssumeRolePolicyCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    const trustPolicy = input.PolicyDocument ?? "";
    checkTrustPolicy(trustPolicy);
    iam.roles.put(role.name, { ...role, trustPolicy });
    return {};
  };
}

function deleteRole(iam: IamState): Handler<DeleteRoleCommandInput, DeleteRoleCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    if (iam.profiles.find((profile) => profile.roleName === role.name) !== undefined)
      throw new AwsError("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    if (role.attachedPolicyArns.length > 0)
      throw new AwsError("DeleteConflict", "Cannot delete entity, must detach all policies first.");
    if (role.inlinePolicies.length > 0)
      throw new AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.");
    iam.roles.delete(role.name);
    return {};
  };
}

function tagRole(iam: IamState): Handler<TagRoleCommandInput, TagRoleCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    iam.roles.put(role.name, { ...role, tags: withTags(role.tags, input.Tags) });
    return {};
  };
}

function untagRole(iam: IamState): Handler<UntagRoleCommandInput, UntagRoleCommandOutput> {
  return (input) => {
    const role = changeableRole(iam, input.RoleName);
    iam.roles.put(role.name, { ...role, tags: withoutTags(role.tags, input.TagKeys) });
    return {};
  };
}

function listRoleTags(iam: IamState): Handler<ListRoleTagsCommandInput, ListRoleTagsCommandOutput> {
  return (input) => {
    const { items, rest } = iamPage(iam.role(input.RoleName).tags, input, (tag) => tag.Key);
    return { Tags: [...items], ...rest };
  };
}

/** A role that may be changed by hand. Throws NoSuchEntity, UnmodifiableEntity for service-linked roles. */
export function changeableRole(iam: IamState, name: string | undefined): RoleRecord {
  const role = iam.role(name);
  if (role.path.startsWith(SERVICE_ROLE_PATH))
    throw new AwsError(
      "UnmodifiableEntity",
      `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
    );
  return role;
}

/** Policy documents travel URL-encoded; the CLI decodes them. */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document);
}

export function roleView(role: RoleRecord): Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    Description: role.description ?? undefined,
    MaxSessionDuration: role.maxSessionSeconds,
    Tags: role.tags.length === 0 ? undefined : tagList(role.tags),
    PermissionsBoundary:
      role.permissionsBoundary === null
        ? undefined
        : { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: role.permissionsBoundary },
    RoleLastUsed: {},
  };
}
