import type {
  DescribeUpdateCommandInput,
  DescribeUpdateCommandOutput,
  ListUpdatesCommandInput,
  ListUpdatesCommandOutput,
  Update,
  UpdateClusterConfigCommandInput,
  UpdateClusterConfigCommandOutput,
  UpdateClusterVersionCommandInput,
  UpdateClusterVersionCommandOutput,
} from "@aws-sdk/client-eks";
import { uuid } from "@nodeless/environment";
import { KUBERNETES_VERSIONS } from "../images.ts";
import { pageOf } from "../state/pages.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { configChange } from "./cluster-config-change.ts";
import { inUse, invalidParameter, notFound, tokenMismatch } from "./eks-errors.ts";
import { type EksState, keyOf } from "./eks-state.ts";
import type { AddonRecord, ClusterRecord, UpdateRecord } from "./records.ts";

const DONE = "eks.update-done";
const ADDON_UPDATE = "AddonUpdate";

/** A change of a cluster with the words DescribeUpdate has for it. */
export interface ClusterChange {
  readonly type: NonNullable<Update["type"]>;
  readonly params: readonly { readonly type: string; readonly value: string }[];
  readonly fields: Partial<ClusterRecord>;
}

/**
 * Updates of clusters: UPDATING until they are done, one at a time. The Kubernetes side takes a new version up at its next start,
 * because a running embedded cluster does not change its version.
 */
export function updateHandlers(eks: EksState): HandlerMap {
  const { state } = eks.dependencies;
  state.transitions.on(DONE, (key) => finish(eks, key));
  const updateVersion: Handler<UpdateClusterVersionCommandInput, UpdateClusterVersionCommandOutput> = (input) => {
    const id = state.tokens.once(
      { operation: "eks:UpdateClusterVersion", token: input.clientRequestToken, input },
      () => begin(eks, input.name, (cluster) => versionChange(cluster, input.version ?? "")),
      tokenMismatch,
    );
    return { update: view(required(eks, input.name, id)) };
  };
  const updateConfig: Handler<UpdateClusterConfigCommandInput, UpdateClusterConfigCommandOutput> = (input) => {
    const id = state.tokens.once(
      { operation: "eks:UpdateClusterConfig", token: input.clientRequestToken, input },
      () => begin(eks, input.name, (cluster) => configChange(cluster, input)),
      tokenMismatch,
    );
    return { update: view(required(eks, input.name, id)) };
  };
  const describe: Handler<DescribeUpdateCommandInput, DescribeUpdateCommandOutput> = (input) => ({
    update: view(required(eks, input.name, input.updateId ?? "")),
  });
  const list: Handler<ListUpdatesCommandInput, ListUpdatesCommandOutput> = (input) => {
    const { name } = eks.cluster(input.name);
    const page = pageOf(
      eks.updates.filter((update) => update.clusterName === name),
      {
        key: (update) => update.id,
        token: input.nextToken,
        size: input.maxResults ?? 100,
        query: name,
        invalidToken: () => invalidParameter("Invalid nextToken"),
      },
    );
    return { updateIds: page.items.map(({ id }) => id), nextToken: page.nextToken };
  };
  return {
    UpdateClusterVersion: updateVersion,
    UpdateClusterConfig: updateConfig,
    DescribeUpdate: describe,
    ListUpdates: list,
  };
}

function begin(eks: EksState, name: string | undefined, changeOf: (cluster: ClusterRecord) => ClusterChange): string {
  const { random } = eks.dependencies;
  const cluster = eks.cluster(name);
  if (cluster.status !== "ACTIVE")
    throw inUse(`Cannot update cluster ${cluster.name} because it is in status ${cluster.status}`, {
      clusterName: cluster.name,
    });
  const { type, params, fields } = changeOf(cluster);
  const update: UpdateRecord = {
    id: uuid(random),
    clusterName: cluster.name,
    type,
    status: "InProgress",
    createdAt: eks.now(),
    params,
    fields,
  };
  eks.clusters.put(cluster.name, { ...cluster, status: "UPDATING" });
  keep(eks, update);
  return update.id;
}

/** Notes an update of an add-on; it does not make the cluster UPDATING. */
export function recordAddonUpdate(eks: EksState, addon: AddonRecord): Update {
  const update: UpdateRecord = {
    id: uuid(eks.dependencies.random),
    clusterName: addon.clusterName,
    type: ADDON_UPDATE,
    status: "InProgress",
    createdAt: addon.modifiedAt,
    params: [{ type: "AddonVersion", value: addon.version }],
    fields: {},
  };
  keep(eks, update);
  return view(update);
}

function keep(eks: EksState, update: UpdateRecord): void {
  const { state, timings } = eks.dependencies;
  const key = keyOf(update.clusterName, update.id);
  eks.updates.put(key, update);
  state.transitions.schedule({ kind: DONE, id: key, afterMs: timings.addonCreateMs });
}

function finish(eks: EksState, key: string): void {
  const update = eks.updates.update(key, (record) => ({ ...record, status: "Successful" }));
  if (update === undefined || update.type === ADDON_UPDATE) return;
  eks.clusters.update(update.clusterName, (cluster) =>
    cluster.status === "UPDATING" ? { ...cluster, ...update.fields, status: "ACTIVE" } : cluster,
  );
}

/** One minor at a time, and only upwards. */
function versionChange(cluster: ClusterRecord, version: string): ClusterChange {
  const details = { clusterName: cluster.name };
  const wanted = KUBERNETES_VERSIONS.indexOf(version);
  const present = KUBERNETES_VERSIONS.indexOf(cluster.version);
  if (wanted < 0) throw invalidParameter(`unsupported Kubernetes version ${version}`, details);
  if (wanted === present) throw invalidParameter(`Cluster is already at version ${version}`, details);
  if (wanted !== present + 1)
    throw invalidParameter(
      `Unsupported Kubernetes minor version update from ${cluster.version} to ${version}`,
      details,
    );
  const params = [
    { type: "Version", value: version },
    { type: "PlatformVersion", value: "eks.1" },
  ];
  return { type: "VersionUpdate", params, fields: { version } };
}

function required(eks: EksState, name: string | undefined, id: string): UpdateRecord {
  const cluster = eks.cluster(name);
  const update = eks.updates.get(keyOf(cluster.name, id));
  if (update === undefined) throw notFound(`No update found for ID: ${id}`, { clusterName: cluster.name });
  return update;
}

function view(record: UpdateRecord): Update {
  return {
    id: record.id,
    status: record.status,
    type: record.type as NonNullable<Update["type"]>,
    params: record.params.map((param) => ({ type: param.type as never, value: param.value })),
    createdAt: new Date(record.createdAt),
    errors: [],
  };
}
