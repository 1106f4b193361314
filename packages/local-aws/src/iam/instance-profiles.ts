import type {
  AddRoleToInstanceProfileCommandInput,
  AddRoleToInstanceProfileCommandOutput,
  CreateInstanceProfileCommandInput,
  CreateInstanceProfileCommandOutput,
  DeleteInstanceProfileCommandInput,
  DeleteInstanceProfileCommandOutput,
  GetInstanceProfileCommandInput,
  GetInstanceProfileCommandOutput,
  InstanceProfile,
  ListInstanceProfilesCommandInput,
  ListInstanceProfilesCommandOutput,
  ListInstanceProfilesForRoleCommandInput,
  ListInstanceProfilesForRoleCommandOutput,
  ListInstanceProfileTagsCommandInput,
  ListInstanceProfileTagsCommandOutput,
  RemoveRoleFromInstanceProfileCommandInput,
  RemoveRoleFromInstanceProfileCommandOutput,
  TagInstanceProfileCommandInput,
  TagInstanceProfileCommandOutput,
  UntagInstanceProfileCommandInput,
  UntagInstanceProfileCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { alreadyExists, type IamState, iamPage, notFound } from "./iam-state.ts";
import { checkName, checkPath, tagList, withoutTags, withTags } from "./names.ts";
import type { InstanceProfileRecord } from "./records.ts";
import { roleView } from "./roles.ts";

const PROFILE_NAME_LENGTH_MAX = 128;

export function instanceProfileHandlers(iam: IamState): HandlerMap {
  return {
    CreateInstanceProfile: createInstanceProfile(iam),
    GetInstanceProfile: getInstanceProfile(iam),
    ListInstanceProfiles: listInstanceProfiles(iam),
    ListInstanceProfilesForRole: listInstanceProfilesForRole(iam),
    DeleteInstanceProfile: deleteInstanceProfile(iam),
    AddRoleToInstanceProfile: addRoleToInstanceProfile(iam),
    RemoveRoleFromInstanceProfile: removeRoleFromInstanceProfile(iam),
    TagInstanceProfile: tagInstanceProfile(iam),
    UntagInstanceProfile: untagInstanceProfile(iam),
    ListInstanceProfileTags: listInstanceProfileTags(iam),
  };
}

function createInstanceProfile(
  iam: IamState,
): Handler<CreateInstanceProfileCommandInput, CreateInstanceProfileCommandOutput> {
  return (input) => {
    const name = checkName("instanceProfileName", input.InstanceProfileName, PROFILE_NAME_LENGTH_MAX);
    const path = checkPath(input.Path);
    if (iam.profiles.has(name)) alreadyExists(`Instance Profile ${name} already exists.`);
    const profile = iam.profiles.put(name, {
      name,
      path,
      id: iam.newId("AIPA"),
      arn: iam.arn("instance-profile", `${path}${name}`),
      createdAt: iam.now(),
      roleName: null,
      tags: withTags([], input.Tags),
    });
    return { InstanceProfile: profileView(iam, profile) };
  };
}

function getInstanceProfile(iam: IamState): Handler<GetInstanceProfileCommandInput, GetInstanceProfileCommandOutput> {
  return (input) => ({ InstanceProfile: profileView(iam, iam.profile(input.InstanceProfileName)) });
}

function listInstanceProfiles(
  iam: IamState,
): Handler<ListInstanceProfilesCommandInput, ListInstanceProfilesCommandOutput> {
  return (input) => {
    const profiles = iam.profiles.filter((profile) => profile.path.startsWith(input.PathPrefix ?? "/"));
    const { items, rest } = iamPage(profiles, input, (profile) => profile.name);
    return { InstanceProfiles: items.map((profile) => ({ ...profileView(iam, profile), Tags: undefined })), ...rest };
  };
}

function listInstanceProfilesForRole(
  iam: IamState,
): Handler<ListInstanceProfilesForRoleCommandInput, ListInstanceProfilesForRoleCommandOutput> {
  return (input) => {
    const role = iam.role(input.RoleName);
    const profiles = iam.profiles.filter((profile) => profile.roleName === role.name);
    const { items, rest } = iamPage(profiles, input, (profile) => profile.name);
    return { InstanceProfiles: items.map((profile) => ({ ...profileView(iam, profile), Tags: undefined })), ...rest };
  };
}

function deleteInstanceProfile(
  iam: IamState,
): Handler<DeleteInstanceProfileCommandInput, DeleteInstanceProfileCommandOutput> {
  return (input) => {
    const profile = iam.profile(input.InstanceProfileName);
    if (profile.roleName !== null)
      throw new AwsError("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    iam.profiles.delete(profile.name);
    return {};
  };
}

function addRoleToInstanceProfile(
  iam: IamState,
): Handler<AddRoleToInstanceProfileCommandInput, AddRoleToInstanceProfileCommandOutput> {
  return (input) => {
    const profile = iam.profile(input.InstanceProfileName);
    const role = iam.role(input.RoleName);
    if (profile.roleName !== null)
      throw new AwsError("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    iam.profiles.put(profile.name, { ...profile, roleName: role.name });
    return {};
  };
}

function removeRoleFromInstanceProfile(
  iam: IamState,
): Handler<RemoveRoleFromInstanceProfileCommandInput, RemoveRoleFromInstanceProfileCommandOutput> {
  return (input) => {
    const profile = iam.profile(input.InstanceProfileName);
    if (profile.roleName === null || profile.roleName !== input.RoleName)
      notFound(`The role with name ${input.RoleName} cannot be found in instance profile ${profile.name}.`);
    iam.profiles.put(profile.name, { ...profile, roleName: null });
    return {};
  };
}

function tagInstanceProfile(iam: IamState): Handler<TagInstanceProfileCommandInput, TagInstanceProfileCommandOutput> {
  return (input) => {
    const profile = iam.profile(input.InstanceProfileName);
    iam.profiles.put(profile.name, { ...profile, tags: withTags(profile.tags, input.Tags) });
    return {};
  };
}

function untagInstanceProfile(
  iam: IamState,
): Handler<UntagInstanceProfileCommandInput, UntagInstanceProfileCommandOutput> {
  return (input) => {
    const profile = iam.profile(input.InstanceProfileName);
    iam.profiles.put(profile.name, { ...profile, tags: withoutTags(profile.tags, input.TagKeys) });
    return {};
  };
}

function listInstanceProfileTags(
  iam: IamState,
): Handler<ListInstanceProfileTagsCommandInput, ListInstanceProfileTagsCommandOutput> {
  return (input) => {
    const { items, rest } = iamPage(iam.profile(input.InstanceProfileName).tags, input, (tag) => tag.Key);
    return { Tags: [...items], ...rest };
  };
}

function profileView(iam: IamState, profile: InstanceProfileRecord): InstanceProfile {
  const role = iam.roles.get(profile.roleName ?? "");
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: new Date(profile.createdAt),
    Roles: role === undefined ? [] : [roleView(role)],
    Tags: tagList(profile.tags),
  };
}
