import type {
  CreatePolicyVersionCommandInput,
  CreatePolicyVersionCommandOutput,
  DeletePolicyVersionCommandInput,
  DeletePolicyVersionCommandOutput,
  GetPolicyVersionCommandInput,
  GetPolicyVersionCommandOutput,
  ListPolicyVersionsCommandInput,
  ListPolicyVersionsCommandOutput,
  PolicyVersion,
  SetDefaultPolicyVersionCommandInput,
  SetDefaultPolicyVersionCommandOutput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { type IamState, iamPage, notFound } from "./iam-state.ts";
import { checkManagedPolicy } from "./policies.ts";
import type { PolicyRecord, PolicyVersionRecord } from "./records.ts";
import { encodeDocument } from "./roles.ts";

/** IAM keeps at most five versions of a policy. */
const VERSIONS_MAX = 5;

export function policyVersionHandlers(iam: IamState): HandlerMap {
  return {
    CreatePolicyVersion: createPolicyVersion(iam),
    GetPolicyVersion: getPolicyVersion(iam),
    ListPolicyVersions: listPolicyVersions(iam),
    SetDefaultPolicyVersion: setDefaultPolicyVersion(iam),
    DeletePolicyVersion: deletePolicyVersion(iam),
  };
}

function createPolicyVersion(
  iam: IamState,
): Handler<CreatePolicyVersionCommandInput, CreatePolicyVersionCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    const document = input.PolicyDocument ?? "";
    checkManagedPolicy(document);
    if (policy.versions.length >= VERSIONS_MAX)
      throw new AwsError(
        "LimitExceeded",
        `A managed policy can have up to ${VERSIONS_MAX} versions. Before you create a new version, you must delete an existing version.`,
      );
    const version: PolicyVersionRecord = { id: `v${policy.nextVersion}`, document, createdAt: iam.now() };
    const changed = iam.policies.put(policy.arn, {
      ...policy,
      updatedAt: version.createdAt,
      versions: [...policy.versions, version],
      nextVersion: policy.nextVersion + 1,
      defaultVersionId: input.SetAsDefault === true ? version.id : policy.defaultVersionId,
    });
    return { PolicyVersion: versionView(changed, version) };
  };
}

function getPolicyVersion(iam: IamState): Handler<GetPolicyVersionCommandInput, GetPolicyVersionCommandOutput> {
  return (input) => {
    const policy = iam.policy(input.PolicyArn);
    const version = versionOf(policy, input.VersionId);
    return { PolicyVersion: { ...versionView(policy, version), Document: encodeDocument(version.document) } };
  };
}

function listPolicyVersions(iam: IamState): Handler<ListPolicyVersionsCommandInput, ListPolicyVersionsCommandOutput> {
  return (input) => {
    const policy = iam.policy(input.PolicyArn);
    const { items, rest } = iamPage(policy.versions, input, (version) => version.id.padStart(12, "0"));
    return { Versions: items.map((version) => versionView(policy, version)), ...rest };
  };
}

function setDefaultPolicyVersion(
  iam: IamState,
): Handler<SetDefaultPolicyVersionCommandInput, SetDefaultPolicyVersionCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    const defaultVersionId = versionOf(policy, input.VersionId).id;
    iam.policies.put(policy.arn, { ...policy, defaultVersionId, updatedAt: iam.now() });
    return {};
  };
}

function deletePolicyVersion(
  iam: IamState,
): Handler<DeletePolicyVersionCommandInput, DeletePolicyVersionCommandOutput> {
  return (input) => {
    const policy = iam.ownPolicy(input.PolicyArn);
    const version = versionOf(policy, input.VersionId);
    if (version.id === policy.defaultVersionId)
      throw new AwsError("DeleteConflict", "Cannot delete the default version of a policy.");
    iam.policies.put(policy.arn, { ...policy, versions: policy.versions.filter((other) => other.id !== version.id) });
    return {};
  };
}

function versionOf(policy: PolicyRecord, id: string | undefined): PolicyVersionRecord {
  return (
    policy.versions.find((version) => version.id === id) ??
    notFound(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`)
  );
}

function versionView(policy: PolicyRecord, version: PolicyVersionRecord): PolicyVersion {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersionId,
    CreateDate: new Date(version.createdAt),
  };
}
