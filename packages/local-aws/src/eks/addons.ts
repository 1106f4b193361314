import type {
  Addon,
  CreateAddonCommandInput,
  CreateAddonCommandOutput,
  DeleteAddonCommandInput,
  DeleteAddonCommandOutput,
  DescribeAddonCommandInput,
  DescribeAddonCommandOutput,
  DescribeAddonVersionsCommandInput,
  DescribeAddonVersionsCommandOutput,
  ListAddonsCommandInput,
  ListAddonsCommandOutput,
  UpdateAddonCommandInput,
  UpdateAddonCommandOutput,
} from "@aws-sdk/client-eks";
import { uuid } from "@nodeless/environment";
import { parse as parseYaml } from "yaml";
import { KUBERNETES_VERSIONS } from "../images.ts";
import { pageOf } from "../state/pages.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { addonNames, addonVersion, addonVersions } from "./addon-versions.ts";
import { inUse, invalidParameter, notFound, tokenMismatch } from "./eks-errors.ts";
import { type EksState, keyOf } from "./eks-state.ts";
import type { AddonRecord } from "./records.ts";
import { recordAddonUpdate } from "./updates.ts";

const DELETED = "eks.addon-deleted";
/** EKS declares an unhealthy add-on DEGRADED only after long minutes: 40 times its creation time here, 20 min at real times. */
const DEGRADED_AFTER_CREATIONS = 40;

/** Add-ons: installed through the cluster host; their state follows the health of what was installed. */
export function addonHandlers(eks: EksState): HandlerMap {
  const { state } = eks.dependencies;
  state.transitions.on(DELETED, (key) => void state.collection<AddonRecord>("eks/addon").delete(key));
  const create: Handler<CreateAddonCommandInput, CreateAddonCommandOutput> = (input) => {
    const key = state.tokens.once(
      { operation: "eks:CreateAddon", token: input.clientRequestToken, input, isCurrent: (key) => eks.addons.has(key) },
      () => createAddon(eks, input),
      tokenMismatch,
    );
    return { addon: view(eks, required(eks, key)) };
  };
  const describe: Handler<DescribeAddonCommandInput, DescribeAddonCommandOutput> = (input) => ({
    addon: view(eks, find(eks, input)),
  });
  const list: Handler<ListAddonsCommandInput, ListAddonsCommandOutput> = (input) => {
    const { name } = eks.cluster(input.clusterName);
    const page = pageOf(
      eks.addons.filter(({ clusterName }) => clusterName === name),
      {
        key: (addon) => addon.name,
        token: input.nextToken,
        size: input.maxResults ?? 100,
        query: name,
        invalidToken: () => invalidParameter("Invalid nextToken"),
      },
    );
    return { addons: page.items.map((addon) => addon.name), nextToken: page.nextToken };
  };
  const remove: Handler<DeleteAddonCommandInput, DeleteAddonCommandOutput> = (input) => ({
    addon: view(eks, deleteAddon(eks, input)),
  });
  const update: Handler<UpdateAddonCommandInput, UpdateAddonCommandOutput> = (input) => updateAddon(eks, input);
  return {
    CreateAddon: create,
    DescribeAddon: describe,
    ListAddons: list,
    DeleteAddon: remove,
    UpdateAddon: update,
    DescribeAddonVersions: describeVersions,
  };
}

function createAddon(eks: EksState, input: CreateAddonCommandInput): string {
  const { random, region, accountId } = eks.dependencies;
  const cluster = eks.cluster(input.clusterName);
  const name = input.addonName ?? "";
  const details = { clusterName: cluster.name, addonName: name };
  const version = addonVersion(name, cluster.version, input.addonVersion);
  if (version === undefined) throw invalidParameter(unsupported(name, input.addonVersion, cluster.version), details);
  parseValues(input.configurationValues);
  const key = keyOf(cluster.name, name);
  if (eks.addons.has(key)) throw inUse("Addon already exists.", details);
  const now = eks.now();
  const record: AddonRecord = {
    name,
    clusterName: cluster.name,
    arn: `arn:aws:eks:${region}:${accountId}:addon/${cluster.name}/${name}/${uuid(random)}`,
    version,
    createdAt: now,
    modifiedAt: now,
    configurationValues: input.configurationValues,
    serviceAccountRoleArn: input.serviceAccountRoleArn,
    installed: false,
    failure: undefined,
    deleting: false,
    tags: input.tags ?? {},
  };
  eks.addons.put(key, record);
  install(eks, record);
  return key;
}

function unsupported(name: string, version: string | undefined, kubernetes: string): string {
  if (addonVersions(name, kubernetes).length === 0)
    return `Addon ${name} specified is not supported in Kubernetes version ${kubernetes}; supported are ${addonNames().join(", ")}`;
  return `Addon version specified is not supported: ${name} ${version} for Kubernetes ${kubernetes}; supported are ${addonVersions(name, kubernetes).join(", ")}`;
}

/** JSON or YAML, as EKS accepts both. */
function parseValues(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined || text.trim() === "") return {};
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidParameter("ConfigurationValue provided in request is not supported: it must be a JSON or YAML object");
  return value as Readonly<Record<string, unknown>>;
}

function install(eks: EksState, { clusterName, name, version, configurationValues }: AddonRecord): void {
  const { clusters, logger } = eks.dependencies;
  const key = keyOf(clusterName, name);
  clusters
    .installAddon({
      clusterName,
      addonName: name,
      addonVersion: version,
      configurationValues: parseValues(configurationValues),
    })
    .then(
      () => void eks.addons.update(key, (record) => ({ ...record, installed: true, failure: undefined })),
      (error: unknown) => {
        logger.error("an add-on was not installed", { cluster: clusterName, addon: name, error });
        eks.addons.update(key, (record) => ({
          ...record,
          failure: error instanceof Error ? error.message : String(error),
        }));
      },
    );
}

/** Installs again what a crash cut off. Call once the clusters answer. */
export function resumeAddons(eks: EksState): void {
  for (const record of eks.addons.filter(({ installed, deleting }) => !installed && !deleting)) install(eks, record);
}

function deleteAddon(eks: EksState, input: DeleteAddonCommandInput): AddonRecord {
  const { clusters, logger, state, timings } = eks.dependencies;
  const record = find(eks, input);
  const key = keyOf(record.clusterName, record.name);
  if (input.preserve !== true) {
    clusters
      .removeAddon({ clusterName: record.clusterName, addonName: record.name })
      .catch((error: unknown) => logger.error("an add-on was not removed", { addon: record.name, error }));
  }
  state.transitions.schedule({ kind: DELETED, id: key, afterMs: timings.addonCreateMs });
  return eks.addons.put(key, { ...record, deleting: true });
}

function updateAddon(eks: EksState, input: UpdateAddonCommandInput): Omit<UpdateAddonCommandOutput, "$metadata"> {
  const record = find(eks, input);
  const cluster = eks.cluster(record.clusterName);
  const version = addonVersion(record.name, cluster.version, input.addonVersion ?? record.version);
  if (version === undefined) throw invalidParameter(unsupported(record.name, input.addonVersion, cluster.version));
  parseValues(input.configurationValues);
  const changed = eks.addons.put(keyOf(record.clusterName, record.name), {
    ...record,
    version,
    modifiedAt: eks.now(),
    configurationValues: input.configurationValues ?? record.configurationValues,
    installed: false,
  });
  install(eks, changed);
  return { update: recordAddonUpdate(eks, changed) };
}

const describeVersions: Handler<DescribeAddonVersionsCommandInput, DescribeAddonVersionsCommandOutput> = (input) => {
  const names = input.addonName === undefined ? addonNames() : [input.addonName];
  const kubernetes = input.kubernetesVersion ?? KUBERNETES_VERSIONS.at(-1) ?? "";
  const addons = names
    .map((addonName) => ({
      addonName,
      type: "networking",
      owner: "aws",
      publisher: "eks",
      addonVersions: addonVersions(addonName, kubernetes).map((version, index) => ({
        addonVersion: version,
        architecture: ["amd64", "arm64"],
        computeTypes: ["ec2", "fargate", "auto"],
        compatibilities: [{ clusterVersion: kubernetes, platformVersions: ["*"], defaultVersion: index === 0 }],
      })),
    }))
    .filter((addon) => addon.addonVersions.length > 0);
  return { addons };
};

function find(
  eks: EksState,
  { clusterName, addonName = "" }: { readonly clusterName: string | undefined; readonly addonName: string | undefined },
): AddonRecord {
  return required(eks, keyOf(eks.cluster(clusterName).name, addonName));
}

function required(eks: EksState, key: string): AddonRecord {
  const record = eks.addons.get(key);
  if (record !== undefined) return record;
  const [clusterName = "", addonName = ""] = key.split("/");
  throw notFound(`No addon: ${addonName} found in cluster: ${clusterName}`, { clusterName, addonName });
}

function view(eks: EksState, record: AddonRecord): Addon {
  const { status, issues } = stateOf(eks, record);
  return {
    addonName: record.name,
    clusterName: record.clusterName,
    addonArn: record.arn,
    addonVersion: record.version,
    status,
    createdAt: new Date(record.createdAt),
    modifiedAt: new Date(record.modifiedAt),
    health: { issues: issues.map(({ code, message }) => ({ code: code as never, message, resourceIds: [] })) },
    tags: { ...record.tags },
    ...(record.configurationValues === undefined ? {} : { configurationValues: record.configurationValues }),
    ...(record.serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn: record.serviceAccountRoleArn }),
  };
}

function stateOf(
  eks: EksState,
  record: AddonRecord,
): {
  readonly status: NonNullable<Addon["status"]>;
  readonly issues: readonly { readonly code: string; readonly message: string }[];
} {
  const { clock, clusters, timings } = eks.dependencies;
  if (record.deleting) return { status: "DELETING", issues: [] };
  if (record.failure !== undefined)
    return {
      status: record.modifiedAt === record.createdAt ? "CREATE_FAILED" : "UPDATE_FAILED",
      issues: [{ code: "ConfigurationConflict", message: record.failure }],
    };
  const ageMs = clock.now().getTime() - Date.parse(record.modifiedAt);
  const updated = record.modifiedAt !== record.createdAt;
  if (!record.installed || ageMs < timings.addonCreateMs)
    return { status: updated ? "UPDATING" : "CREATING", issues: [] };
  const issues = clusters.addonHealth({ clusterName: record.clusterName, addonName: record.name });
  if (issues.length === 0) return { status: "ACTIVE", issues };
  const settling = updated ? "UPDATING" : "CREATING";
  return { status: ageMs < timings.addonCreateMs * DEGRADED_AFTER_CREATIONS ? settling : "DEGRADED", issues };
}
