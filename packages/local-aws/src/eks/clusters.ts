import type {
  CreateClusterCommandInput,
  CreateClusterCommandOutput,
  DeleteClusterCommandInput,
  DeleteClusterCommandOutput,
  DescribeClusterCommandInput,
  DescribeClusterCommandOutput,
  DescribeClusterVersionsCommandInput,
  DescribeClusterVersionsCommandOutput,
  ListClustersCommandInput,
  ListClustersCommandOutput,
} from "@aws-sdk/client-eks";
import type { ClusterLaunch } from "../contract.ts";
import { KUBERNETES_VERSIONS } from "../images.ts";
import { pageOf } from "../state/pages.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { grantCreator } from "./access-entries.ts";
import { clusterView } from "./cluster-view.ts";
import { inUse, invalidParameter, overLimit, tokenMismatch } from "./eks-errors.ts";
import type { EksState } from "./eks-state.ts";
import type { ClusterRecord } from "./records.ts";

const ACTIVE = "eks.cluster-active";
const DELETED = "eks.cluster-deleted";
/** Service Quotas' default. */
const CLUSTERS_MAX = 100;
const NAME = /^[0-9A-Za-z][-\w]{0,99}$/;
const DEFAULT_SERVICE_CIDR = "10.100.0.0/16";

/** Clusters and their life on the clock. */
export function clusterHandlers(eks: EksState): HandlerMap {
  const { state } = eks.dependencies;
  state.transitions.on(ACTIVE, (name) => void becomeActive(eks, name));
  state.transitions.on(DELETED, (name) => void becomeDeleted(eks, name));
  const create: Handler<CreateClusterCommandInput, CreateClusterCommandOutput> = (input, { callerArn }) => {
    const name = state.tokens.once(
      {
        operation: "eks:CreateCluster",
        token: input.clientRequestToken,
        input,
        isCurrent: (key) => eks.clusters.has(key),
      },
      () => createCluster(eks, input, callerArn),
      tokenMismatch,
    );
    return { cluster: clusterView(eks.cluster(name), undefined) };
  };
  const describe: Handler<DescribeClusterCommandInput, DescribeClusterCommandOutput> = ({ name }) => ({
    cluster: clusterView(eks.cluster(name), eks.endpoints.get(name ?? "")),
  });
  const list: Handler<ListClustersCommandInput, ListClustersCommandOutput> = (input) => {
    const page = pageOf([...eks.clusters.values()], {
      key: ({ name }) => name,
      token: input.nextToken,
      size: input.maxResults ?? 100,
      query: input.include,
      invalidToken: () => invalidParameter("Invalid nextToken"),
    });
    return { clusters: page.items.map(({ name }) => name), nextToken: page.nextToken };
  };
  const remove: Handler<DeleteClusterCommandInput, DeleteClusterCommandOutput> = ({ name }) => ({
    cluster: clusterView(deleteCluster(eks, name), undefined),
  });
  const versions: Handler<DescribeClusterVersionsCommandInput, DescribeClusterVersionsCommandOutput> = () => ({
    clusterVersions: [...KUBERNETES_VERSIONS].reverse().map((clusterVersion, index) => ({
      clusterVersion,
      clusterType: "eks",
      defaultVersion: index === 0,
      versionStatus: "STANDARD_SUPPORT",
    })),
  });
  return {
    CreateCluster: create,
    DescribeCluster: describe,
    ListClusters: list,
    DeleteCluster: remove,
    DescribeClusterVersions: versions,
  };
}

function createCluster(eks: EksState, input: CreateClusterCommandInput, callerArn: string): string {
  const { ec2, random, region, timings, state } = eks.dependencies;
  const name = input.name ?? "";
  if (!NAME.test(name))
    throw invalidParameter(
      "The name can contain only alphanumeric characters (case-sensitive), hyphens, and underscores. It must start with an alphanumeric character and can't be longer than 100 characters.",
    );
  if (eks.clusters.has(name)) throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name });
  if (eks.clusters.size >= CLUSTERS_MAX)
    throw overLimit(`Cluster limit exceeded: at most ${CLUSTERS_MAX} clusters per account and region.`);
  const version = input.version ?? KUBERNETES_VERSIONS.at(-1) ?? "";
  if (!KUBERNETES_VERSIONS.includes(version))
    throw invalidParameter(
      `unsupported Kubernetes version ${version}; supported are ${KUBERNETES_VERSIONS.join(", ")}`,
      { clusterName: name },
    );
  const roleArn = input.roleArn ?? "";
  if (!eks.dependencies.roleTrusts(roleArn, "eks.amazonaws.com"))
    throw invalidParameter(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
      { clusterName: name },
    );
  const vpc = input.resourcesVpcConfig ?? {};
  const vpcId = checkSubnets(eks, vpc.subnetIds ?? []);
  const record: ClusterRecord = {
    name,
    arn: eks.arn(`cluster/${name}`),
    version,
    roleArn,
    status: "CREATING",
    createdAt: eks.now(),
    vpcId,
    subnetIds: vpc.subnetIds ?? [],
    securityGroupIds: vpc.securityGroupIds ?? [],
    clusterSecurityGroupId: ec2.createClusterSecurityGroup(vpcId, name),
    endpointPublicAccess: vpc.endpointPublicAccess ?? true,
    endpointPrivateAccess: vpc.endpointPrivateAccess ?? false,
    publicAccessCidrs: vpc.publicAccessCidrs ?? ["0.0.0.0/0"],
    serviceIpv4Cidr: input.kubernetesNetworkConfig?.serviceIpv4Cidr ?? DEFAULT_SERVICE_CIDR,
    oidcIssuer: `https://oidc.eks.${region}.amazonaws.com/id/${Buffer.from(random.bytes(16)).toString("hex").toUpperCase()}`,
    authenticationMode: input.accessConfig?.authenticationMode ?? "CONFIG_MAP",
    creatorArn: input.accessConfig?.bootstrapClusterCreatorAdminPermissions === false ? undefined : callerArn,
    supportType: input.upgradePolicy?.supportType ?? "EXTENDED",
    deletionProtection: input.deletionProtection ?? false,
    health: [],
    tags: input.tags ?? {},
  };
  eks.clusters.put(name, record);
  if (record.creatorArn !== undefined) grantCreator(eks, record, record.creatorArn);
  void start(eks, record);
  state.transitions.schedule({ kind: ACTIVE, id: name, afterMs: timings.clusterCreateMs });
  return name;
}

/** EKS wants subnets in two zones at least, of one VPC. Returns the VPC. */
function checkSubnets(eks: EksState, subnetIds: readonly string[]): string {
  const subnets = subnetIds.map((id) => {
    const subnet = eks.dependencies.ec2.subnet(id);
    if (subnet === undefined)
      throw invalidParameter(`The subnet ID '${id}' does not exist (Service: Ec2, Status Code: 400)`);
    return subnet;
  });
  const vpcIds = new Set(subnets.map(({ vpcId }) => vpcId));
  if (vpcIds.size > 1) throw invalidParameter("Subnets specified must belong to the same VPC.");
  if (new Set(subnets.map(({ zone }) => zone)).size < 2)
    throw invalidParameter("Subnets specified must be in at least two different AZs");
  return subnets[0]?.vpcId ?? "";
}

const launchOf = (eks: EksState, record: ClusterRecord): ClusterLaunch => ({
  name: record.name,
  version: record.version,
  region: eks.dependencies.region,
  accountId: eks.dependencies.accountId,
  vpcId: record.vpcId,
  subnetIds: record.subnetIds,
  serviceIpv4Cidr: record.serviceIpv4Cidr,
  oidcIssuer: record.oidcIssuer,
  creatorArn: record.creatorArn,
});

/** Kubernetes sides that are starting; settled ones stay until the cluster is gone. */
const starting = new WeakMap<EksState, Map<string, Promise<void>>>();

function start(eks: EksState, record: ClusterRecord): Promise<void> {
  const { clusters, logger } = eks.dependencies;
  const started = clusters.start(launchOf(eks, record)).then(
    (endpoint) => {
      eks.endpoints.set(record.name, endpoint);
      // A cluster that failed in an earlier process and answers now is well again.
      eks.clusters.update(record.name, (current) =>
        current.status === "FAILED" ? { ...current, status: "ACTIVE", health: [] } : current,
      );
    },
    (error: unknown) => {
      logger.error("a cluster did not start", { cluster: record.name, error });
      const message = error instanceof Error ? error.message : String(error);
      eks.clusters.update(record.name, (current) => ({
        ...current,
        status: "FAILED",
        health: [{ code: "InternalFailure", message, resourceIds: [record.name] }],
      }));
    },
  );
  const all = starting.get(eks) ?? new Map<string, Promise<void>>();
  starting.set(eks, all.set(record.name, started));
  return started;
}

async function becomeActive(eks: EksState, name: string): Promise<void> {
  await starting.get(eks)?.get(name);
  eks.clusters.update(name, (record) => (record.status === "CREATING" ? { ...record, status: "ACTIVE" } : record));
}

function deleteCluster(eks: EksState, name: string | undefined): ClusterRecord {
  const { state, timings } = eks.dependencies;
  const record = eks.cluster(name);
  if (record.status === "CREATING")
    throw inUse(`Cluster ${record.name} is in CREATING status: it cannot be deleted now`, { clusterName: record.name });
  if (record.deletionProtection)
    throw invalidParameter(`Cluster ${record.name} has deletion protection enabled`, { clusterName: record.name });
  const profiles = eks.profilesOf(record.name);
  if (profiles.length > 0) {
    const states = [...new Set(profiles.map(({ status }) => status))].join("/");
    throw inUse(`Cluster has Fargate Profiles in ${states} state`, { clusterName: record.name });
  }
  if (record.status !== "DELETING")
    state.transitions.schedule({ kind: DELETED, id: record.name, afterMs: timings.clusterDeleteMs });
  return eks.clusters.put(record.name, { ...record, status: "DELETING" });
}

async function becomeDeleted(eks: EksState, name: string): Promise<void> {
  const { clusters, ec2, logger } = eks.dependencies;
  const record = eks.clusters.get(name);
  if (record === undefined) return;
  eks.endpoints.delete(name);
  await clusters
    .stop(name, { deleteState: true })
    .catch((error: unknown) => logger.error("a deleted cluster left something behind", { cluster: name, error }));
  for (const table of [eks.addons, eks.accessEntries, eks.updates]) {
    for (const [key, { clusterName }] of [...table.entries()]) if (clusterName === name) table.delete(key);
  }
  ec2.deleteClusterSecurityGroup(record.clusterSecurityGroupId);
  eks.clusters.delete(name);
}

/**
 * Starts every cluster that is not being deleted, at the same time. A change of state whose work had begun but not ended when the
 * process died is scheduled again.
 */
export async function resumeClusters(eks: EksState): Promise<void> {
  const { transitions } = eks.dependencies.state;
  for (const { name, status } of eks.clusters.values()) {
    const kind = status === "CREATING" ? ACTIVE : status === "DELETING" ? DELETED : undefined;
    if (kind !== undefined && !transitions.isScheduled(kind, name))
      transitions.schedule({ kind, id: name, afterMs: 0 });
  }
  const records = eks.clusters.filter(({ status }) => status !== "DELETING");
  await Promise.all(records.map((record) => start(eks, record)));
}
