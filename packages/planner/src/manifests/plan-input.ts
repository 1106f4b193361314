import type { DaemonSet } from "@nodeless/api";
import type { InputNotice, PlanInput } from "../contract.ts";
import { addonDaemonSets } from "./cluster/addon-daemon-sets.ts";
import { bindClaims } from "./cluster/bind-claims.ts";
import { clusterFacts } from "./cluster/cluster-config.ts";
import { missingClaims } from "./cluster/missing-claims.ts";
import { checkBindings, planNodes } from "./cluster/nodes.ts";
import { planPools } from "./cluster/pools.ts";
import { parseDocuments } from "./documents/parse-documents.ts";
import type { ManifestSource, ParsedDocument } from "./documents/parsed-document.ts";
import { expandPods } from "./expansion/expand-pods.ts";
import { type Checked, ObjectSet } from "./expansion/object-set.ts";
import { PodDefaults } from "./expansion/pod-defaults.ts";
import { skipsHook } from "./expansion/workloads.ts";
import { ProblemList } from "./problem.ts";
import { resolveDocuments } from "./resolve-documents.ts";

export interface PlanInputOptions {
  /** Pools and node classes that replace those of the input. */
  readonly poolSources?: readonly ManifestSource[];
  /** Overrides the region of a ClusterConfig. */
  readonly region?: string;
  /** For objects that name none. Default `default`. */
  readonly namespace?: string;
  /** Whether DaemonSets of the cluster's add-ons (aws-node, kube-proxy) count on nodes though the input does not have them. Default false. */
  readonly addonDaemonSets?: boolean;
}

const POOL_KINDS: ReadonlySet<string> = new Set(["NodePool", "Provisioner", "EC2NodeClass", "AWSNodeTemplate"]);

/**
 * What the manifests mean: checked, defaulted as the API server does, converted, workloads expanded to pods. Pure.
 * Throws InvalidManifestsError with every problem of the input at once.
 */
export function planInput(sources: readonly ManifestSource[], options: PlanInputOptions = {}): PlanInput {
  const problems = new ProblemList();
  const files = [...sources, ...(options.poolSources ?? [])].map(({ file }) => file);
  const main = read(sources, options, problems);
  const extra = options.poolSources === undefined ? undefined : readPools(options.poolSources, options, problems);
  if (main.documents.length === 0 && problems.size === 0) refuseEmpty(sources, problems);
  const objects = new ObjectSet(main.objects);
  const poolObjects = extra === undefined ? objects : replacePools(objects, extra.objects);
  const nodeNames = new Set(main.documents.filter(({ kind }) => kind === "Node").map(({ name }) => name));
  const cluster = clusterFacts(objects, problems);
  const nodes = planNodes(objects, problems);
  checkBindings(objects, { nodeNames, problems });
  const pools = planPools(poolObjects, {
    problems,
    defaultInstanceProfile: cluster.defaultInstanceProfile,
    classNames: new Set(
      [...main.documents, ...(extra?.documents ?? [])]
        .filter(({ kind }) => kind === "EC2NodeClass" || kind === "AWSNodeTemplate")
        .map(({ name }) => name),
    ),
  });
  const defaults = new PodDefaults(objects);
  const expanded = expandPods(objects, defaults, problems);
  if (problems.size > 0) hintAtKustomizations(main.kustomizations, problems);
  problems.throwIfAny(files);
  const volumes = objects.objects("PersistentVolume");
  const storageClasses = objects.objects("StorageClass");
  const ownClaims = objects.objects("PersistentVolumeClaim");
  const claims = bindClaims([...ownClaims, ...expanded.claims], volumes, storageClasses);
  const { podSources } = expanded;
  const daemonSets = planDaemonSets(objects, defaults);
  return {
    pods: expanded.pods,
    nodes,
    boundPods: expanded.boundPods,
    daemonSets,
    addonDaemonSets:
      options.addonDaemonSets === true ? addonDaemonSets(cluster.addons, { own: daemonSets, defaults }) : [],
    nodePools: pools.nodePools,
    nodeClasses: pools.nodeClasses,
    fargateProfiles: cluster.fargateProfiles,
    region: options.region ?? cluster.region,
    availabilityZones: cluster.availabilityZones,
    namespaceLabels: namespaceLabels(objects, main.documents),
    persistentVolumeClaims: claims,
    persistentVolumes: volumes,
    storageClasses,
    csiNodes: objects.objects("CSINode"),
    podDisruptionBudgets: objects.objects("PodDisruptionBudget"),
    services: objects.objects("Service"),
    documents: [...main.documents, ...(extra?.documents ?? [])],
    podSources,
    notices: [
      ...main.notices,
      ...(extra?.notices ?? []),
      ...cluster.notices,
      ...pools.notices,
      ...expanded.notices,
      ...missingClaims(expanded.pods, { claims, sources: podSources }),
    ],
  };
}

interface ReadSources {
  readonly kustomizations: readonly string[];
  readonly documents: readonly ParsedDocument[];
  readonly objects: readonly Checked[];
  readonly notices: readonly InputNotice[];
}

function read(sources: readonly ManifestSource[], options: PlanInputOptions, problems: ProblemList): ReadSources {
  const parsed = parseDocuments(sources, problems);
  const resolved = resolveDocuments(parsed.documents, { namespace: options.namespace ?? "default", problems });
  const { kustomizations } = parsed;
  return { ...resolved, kustomizations, notices: [...parsed.notices, ...resolved.notices] };
}

/** A pool file may hold nothing else, so that a mistaken --nodepool does not lose workloads silently. */
function readPools(sources: readonly ManifestSource[], options: PlanInputOptions, problems: ProblemList): ReadSources {
  const before = problems.size;
  const result = read(sources, options, problems);
  for (const { kind, at } of result.documents)
    if (!POOL_KINDS.has(kind))
      problems.add({
        ...at,
        path: "",
        message: `${kind} in a pool file; only NodePool and EC2NodeClass belong here, give the rest with -f`,
      });
  const isPool = ({ kind }: ParsedDocument): boolean => kind === "NodePool" || kind === "Provisioner";
  if (!result.documents.some(isPool) && problems.size === before)
    problems.add({ file: sources[0]?.file ?? "", path: "", message: "no NodePool in this file; write at least one" });
  return result;
}

/** Pools of the extra files instead of the input's; node classes beside the input's, of one name instead. */
function replacePools(objects: ObjectSet, extra: readonly Checked[]): ObjectSet {
  const isPool = ({ kind }: Checked): boolean => kind === "NodePool" || kind === "Provisioner";
  const names = new Set(extra.filter((one) => !isPool(one)).map(({ document }) => document.name));
  const isReplaced = (one: Checked): boolean =>
    isPool(one) || (POOL_KINDS.has(one.kind) && names.has(one.document.name));
  return new ObjectSet([...objects.all.filter((one) => !isReplaced(one)), ...extra]);
}

/** Patches and bases look like broken or repeated manifests. */
function hintAtKustomizations(files: readonly string[], problems: ProblemList): void {
  for (const file of files) {
    const directory = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : ".";
    const message = `a kustomization; if the other problems come from its parts, build it first: kubectl kustomize ${directory} | nodeless plan -f -`;
    problems.add({ file, path: "", message });
  }
}

function refuseEmpty(sources: readonly ManifestSource[], problems: ProblemList): void {
  const [first] = sources;
  const file = sources.length === 1 && first !== undefined ? first.file : `${sources.length} files`;
  const message = "no Kubernetes object found; give manifests with apiVersion and kind";
  problems.add({ file, path: "", message });
}

function planDaemonSets(objects: ObjectSet, defaults: PodDefaults): readonly DaemonSet[] {
  return objects.of("DaemonSet").flatMap(({ document, object }): readonly DaemonSet[] => {
    if (skipsHook(document)) return [];
    const { template } = object.spec;
    const spec = defaults.complete(template.spec ?? { containers: [] }, document.namespace ?? "default");
    return [{ ...object, spec: { ...object.spec, template: { ...template, spec } } }];
  });
}

/** Labels of every namespace of the input, the one that every namespace carries included. Source: kubernetes NamespaceDefaultLabelName. */
function namespaceLabels(
  objects: ObjectSet,
  documents: readonly ParsedDocument[],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  for (const { namespace } of documents)
    if (namespace !== undefined) labels.set(namespace, { "kubernetes.io/metadata.name": namespace });
  for (const { metadata } of objects.objects("Namespace"))
    labels.set(metadata.name, { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name });
  return labels;
}
