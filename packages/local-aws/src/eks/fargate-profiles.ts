import type {
  CreateFargateProfileCommandInput,
  CreateFargateProfileCommandOutput,
  DeleteFargateProfileCommandInput,
  DeleteFargateProfileCommandOutput,
  DescribeFargateProfileCommandInput,
  DescribeFargateProfileCommandOutput,
  FargateProfile,
  ListFargateProfilesCommandInput,
  ListFargateProfilesCommandOutput,
} from "@aws-sdk/client-eks";
import { hasFargate } from "@nodeless/catalog";
import { uuid } from "@nodeless/environment";
import { pageOf } from "../state/pages.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { ensureFargateEntry } from "./access-entries.ts";
import { inUse, invalidParameter, invalidRequest, notFound, overLimit, tokenMismatch } from "./eks-errors.ts";
import { type EksState, keyOf } from "./eks-state.ts";
import type { ClusterRecord, FargateProfileRecord } from "./records.ts";

const ACTIVE = "eks.fargateprofile-active";
const DELETED = "eks.fargateprofile-deleted";
/** Service Quotas' defaults (fargate.md §1). */
const PROFILES_MAX = 10;
const SELECTORS_MAX = 5;
const LABELS_MAX = 5;
const NAME = /^[0-9A-Za-z][-\w]{0,62}$/;

/** Fargate profiles: one creation or deletion at a time per cluster, no update. Rules and texts: fargate.md §1. */
export function fargateProfileHandlers(eks: EksState): HandlerMap {
  const { state, clusters } = eks.dependencies;
  state.transitions.on(ACTIVE, (key) => {
    const record = eks.profiles.update(key, (profile) => ({ ...profile, status: "ACTIVE" }));
    if (record !== undefined) clusters.fargateProfileChanged(record.clusterName, record.name, "active");
  });
  state.transitions.on(DELETED, (key) => {
    const record = eks.profiles.get(key);
    eks.profiles.delete(key);
    if (record !== undefined) clusters.fargateProfileChanged(record.clusterName, record.name, "deleted");
  });
  const create: Handler<CreateFargateProfileCommandInput, CreateFargateProfileCommandOutput> = (input) => {
    const key = state.tokens.once(
      {
        operation: "eks:CreateFargateProfile",
        token: input.clientRequestToken,
        input,
        isCurrent: (key) => eks.profiles.has(key),
      },
      () => createProfile(eks, input),
      tokenMismatch,
    );
    return { fargateProfile: view(required(eks, key)) };
  };
  const describe: Handler<DescribeFargateProfileCommandInput, DescribeFargateProfileCommandOutput> = (input) => ({
    fargateProfile: view(find(eks, input)),
  });
  const list: Handler<ListFargateProfilesCommandInput, ListFargateProfilesCommandOutput> = (input) => {
    const page = pageOf(eks.profilesOf(eks.cluster(input.clusterName).name), {
      key: ({ name }) => name,
      token: input.nextToken,
      size: input.maxResults ?? 100,
      query: input.clusterName,
      invalidToken: () => invalidParameter("Invalid nextToken"),
    });
    return { fargateProfileNames: page.items.map(({ name }) => name), nextToken: page.nextToken };
  };
  const remove: Handler<DeleteFargateProfileCommandInput, DeleteFargateProfileCommandOutput> = (input) => ({
    fargateProfile: view(deleteProfile(eks, input)),
  });
  return {
    CreateFargateProfile: create,
    DescribeFargateProfile: describe,
    ListFargateProfiles: list,
    DeleteFargateProfile: remove,
  };
}

function createProfile(eks: EksState, input: CreateFargateProfileCommandInput): string {
  const { random, region, accountId, state, timings } = eks.dependencies;
  const cluster = eks.cluster(input.clusterName);
  const name = input.fargateProfileName ?? "";
  const details = { clusterName: cluster.name, fargateProfileName: name };
  checkName(name, details);
  if (cluster.status !== "ACTIVE" && cluster.status !== "UPDATING")
    throw invalidRequest(
      `Cannot Create Fargate Profile ${name} because cluster ${cluster.name} is not in ACTIVE status: ${cluster.status}`,
    );
  const key = keyOf(cluster.name, name);
  if (eks.profiles.has(key)) throw inUse("A Fargate Profile already exists with this name in this cluster.", details);
  refuseWhileBusy(eks, { verb: "Create", clusterName: cluster.name, name });
  if (eks.profilesOf(cluster.name).length >= PROFILES_MAX)
    throw overLimit(`Fargate Profile limit exceeded: at most ${PROFILES_MAX} profiles per cluster.`);
  const roleArn = input.podExecutionRoleArn ?? "";
  if (!/^arn:[^:]+:iam::\d+:role\/[^/]+$/.test(roleArn))
    throw invalidParameter(`podExecutionRoleArn ${roleArn} is not the ARN of a role without a path`, details);
  const record: FargateProfileRecord = {
    name,
    clusterName: cluster.name,
    arn: `arn:aws:eks:${region}:${accountId}:fargateprofile/${cluster.name}/${name}/${uuid(random)}`,
    status: "CREATING",
    createdAt: eks.now(),
    podExecutionRoleArn: roleArn,
    subnetIds: chooseSubnets(eks, input.subnets ?? [], cluster),
    selectors: checkSelectors(input.selectors ?? [], details),
    health: [],
    tags: input.tags ?? {},
  };
  eks.profiles.put(key, record);
  ensureFargateEntry(eks, cluster, roleArn);
  state.transitions.schedule({ kind: ACTIVE, id: key, afterMs: timings.fargateProfileCreateMs });
  return key;
}

function checkName(name: string, details: Readonly<Record<string, unknown>>): void {
  if (!NAME.test(name))
    throw invalidParameter(
      `The fargateProfileName ${JSON.stringify(name)} must start with a letter or digit and hold only letters, digits, hyphens and underscores, at most 63`,
      details,
    );
  if (name.startsWith("eks-"))
    throw invalidParameter(
      `The fargateProfileName ${JSON.stringify(name)} must not start with the reserved prefix eks-`,
      details,
    );
}

/** Any profile in transition blocks the next operation. */
function refuseWhileBusy(
  eks: EksState,
  {
    verb,
    clusterName,
    name,
  }: { readonly verb: "Create" | "Delete"; readonly clusterName: string; readonly name: string },
): void {
  const busy = eks.profilesOf(clusterName).find(({ status }) => status === "CREATING" || status === "DELETING");
  if (busy !== undefined) {
    throw inUse(
      `Cannot ${verb} Fargate Profile ${name} because cluster ${clusterName} currently has Fargate profile ${busy.name} in status ${busy.status}`,
      { clusterName, fargateProfileName: name },
    );
  }
  if (eks.cluster(clusterName).status === "UPDATING") {
    throw inUse(
      `Cannot ${verb} Fargate Profile ${name} because cluster ${clusterName} currently has an update in progress`,
      { clusterName, fargateProfileName: name },
    );
  }
}

/** Given subnets must be private; without any, the cluster's private ones are taken. */
function chooseSubnets(eks: EksState, given: readonly string[], cluster: ClusterRecord): readonly string[] {
  const { vpcId } = cluster;
  const { ec2 } = eks.dependencies;
  const chosen = given.length > 0 ? given : cluster.subnetIds.filter((id) => !ec2.subnetIsPublic(id));
  if (chosen.length === 0)
    throw invalidParameter(
      "No private subnets were found for the Fargate Profile: the cluster has only subnets with a route to an internet gateway",
    );
  for (const id of chosen) {
    const subnet = ec2.subnet(id);
    if (subnet === undefined) throw invalidParameter(`The subnet ID '${id}' does not exist`);
    if (subnet.vpcId !== vpcId)
      throw invalidParameter(`Subnet ${id} does not belong to the VPC ${vpcId} of the cluster`);
    if (ec2.subnetIsPublic(id))
      throw invalidParameter(`Subnet ${id} provided in Fargate Profile is not a private subnet`);
    if (!hasFargate(subnet.zoneId))
      throw invalidParameter(`Fargate Profile creation for the Availability Zone ${subnet.zone} is not supported`);
  }
  return chosen;
}

function checkSelectors(
  selectors: NonNullable<CreateFargateProfileCommandInput["selectors"]>,
  details: Readonly<Record<string, unknown>>,
): FargateProfileRecord["selectors"] {
  if (selectors.length > SELECTORS_MAX)
    throw invalidParameter(
      `A Fargate Profile can have at most ${SELECTORS_MAX} selectors, ${selectors.length} were given`,
      details,
    );
  return selectors.map(({ namespace, labels }) => {
    if (namespace === undefined || namespace === "")
      throw invalidParameter("Every selector of a Fargate Profile needs a namespace", details);
    if (Object.keys(labels ?? {}).length > LABELS_MAX)
      throw invalidParameter(`A selector can have at most ${LABELS_MAX} labels`, details);
    return { namespace, ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }) };
  });
}

function deleteProfile(eks: EksState, input: DeleteFargateProfileCommandInput): FargateProfileRecord {
  const { state, timings } = eks.dependencies;
  const record = find(eks, input);
  refuseWhileBusy(eks, { verb: "Delete", clusterName: record.clusterName, name: record.name });
  const key = keyOf(record.clusterName, record.name);
  state.transitions.schedule({ kind: DELETED, id: key, afterMs: timings.fargateProfileDeleteMs });
  return eks.profiles.put(key, { ...record, status: "DELETING" });
}

function find(
  eks: EksState,
  {
    clusterName,
    fargateProfileName = "",
  }: { readonly clusterName: string | undefined; readonly fargateProfileName: string | undefined },
): FargateProfileRecord {
  return required(eks, keyOf(eks.cluster(clusterName).name, fargateProfileName));
}

function required(eks: EksState, key: string): FargateProfileRecord {
  const record = eks.profiles.get(key);
  if (record !== undefined) return record;
  const [clusterName = "", fargateProfileName = ""] = key.split("/");
  throw notFound(`No Fargate Profile found with name: ${fargateProfileName}.`, { clusterName, fargateProfileName });
}

function view(record: FargateProfileRecord): FargateProfile {
  return {
    fargateProfileName: record.name,
    fargateProfileArn: record.arn,
    clusterName: record.clusterName,
    createdAt: new Date(record.createdAt),
    podExecutionRoleArn: record.podExecutionRoleArn,
    subnets: [...record.subnetIds],
    selectors: record.selectors.map(({ namespace, labels }) => ({
      namespace,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
    })),
    status: record.status,
    tags: { ...record.tags },
    health: {
      issues: record.health.map((issue) => ({
        code: issue.code as never,
        message: issue.message,
        resourceIds: [...issue.resourceIds],
      })),
    },
  };
}
