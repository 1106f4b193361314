import type { DaemonSet, EC2NodeClass, Node, NodePool, Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS, parseResourceList } from "@nodeless/api";
import {
  addAmounts,
  type InstanceType,
  mergeRequirements,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  type SchedulingInput,
  type SchedulingNodePool,
} from "@nodeless/scheduling";
import type { PlanCatalog, PlanInput } from "../contract.ts";
import { existingNodes } from "./existing-nodes.ts";
import { planVolumes } from "./pod-volumes.ts";

/** What the manifests and the catalogue say about EC2, before any knob; the pods are given when it is used. */
export type SchedulingSetting = Omit<SchedulingInput, "pods">;

/** Pools with what they may launch, nodes that exist, and the DaemonSets' share of every node. */
export function schedulingSetting(
  input: PlanInput,
  catalog: PlanCatalog,
  preferences: "Respect" | "Ignore" = "Respect",
): SchedulingSetting {
  const classes = new Map(input.nodeClasses.map((nodeClass) => [nodeClass.metadata.name, nodeClass]));
  const oldApi = new Set(input.documents.filter(({ kind }) => kind === "Provisioner").map(({ name }) => name));
  const daemonSetPods = [...input.daemonSets, ...(input.addonDaemonSets ?? [])].map(daemonSetPod);
  const typesOf = new Map<EC2NodeClass | undefined, readonly InstanceType[]>();
  const typesFor = (nodeClass: EC2NodeClass | undefined): readonly InstanceType[] => {
    let types = typesOf.get(nodeClass);
    if (types === undefined) {
      types = catalog.instanceTypes(nodeClass);
      typesOf.set(nodeClass, types);
    }
    return types;
  };
  const volumes = planVolumes(input);
  return {
    nodePools: input.nodePools.map((pool) =>
      schedulingPool(pool, {
        fromProvisioner: oldApi.has(pool.metadata.name),
        nodes: input.nodes,
        instanceTypes: typesFor(classes.get(pool.spec.template.spec.nodeClassRef.name)),
      }),
    ),
    existingNodes: existingNodes(input, daemonSetPods, volumes.sources),
    ...(volumes.byPod.size === 0 ? {} : { volumes: volumes.byPod }),
    ...(preferences === "Respect" ? {} : { policies: { preferences } }),
    daemonSetPods,
    namespaceLabels: input.namespaceLabels,
  };
}

/** Zones in which some pool may buy: those of the cluster's subnets. */
export function zonesOf({ nodePools }: SchedulingSetting, catalog: PlanCatalog): readonly string[] {
  const zones = new Set<string>();
  for (const instanceTypes of new Set(nodePools.map((pool) => pool.instanceTypes)))
    for (const { offerings } of instanceTypes) for (const { zone } of offerings) zones.add(zone);
  return zones.size === 0 ? catalog.zones : [...zones].sort();
}

/** The pool as the provisioner would see it: requirements ∩ labels ∩ its name (karpenter.md §3.3). */
function schedulingPool(
  { metadata, spec }: NodePool,
  {
    fromProvisioner,
    nodes,
    instanceTypes,
  }: {
    readonly fromProvisioner: boolean;
    readonly nodes: readonly Node[];
    readonly instanceTypes: readonly InstanceType[];
  },
): SchedulingNodePool {
  const { name } = metadata;
  const labels = {
    ...spec.template.metadata?.labels,
    [LABELS.nodePool]: name,
    ...(fromProvisioner ? { [LABELS.provisionerName]: name } : {}),
  };
  const own = nodes.filter(
    ({ metadata: { labels: had = {} } }) => (had[LABELS.nodePool] ?? had[LABELS.provisionerName]) === name,
  );
  return {
    name,
    weight: spec.weight ?? 0,
    requirements: mergeRequirements(
      requirementsFromNodeSelectorRequirements(spec.template.spec.requirements),
      requirementsFromLabels(labels),
    ),
    labels,
    taints: spec.template.spec.taints ?? [],
    startupTaints: spec.template.spec.startupTaints ?? [],
    remainingLimits: remainingLimits(parseResourceList(spec.limits), own),
    instanceTypes,
  };
}

/** Limits less what the pool's nodes of the input have, not below zero. */
function remainingLimits(limits: ResourceAmounts, nodes: readonly Node[]): ResourceAmounts {
  const used = new Map(
    addAmounts(...nodes.map(({ status }) => parseResourceList(status?.capacity ?? status?.allocatable))),
  );
  used.set("nodes", nodes.length);
  return new Map([...limits].map(([name, limit]) => [name, Math.max(0, limit - (used.get(name) ?? 0))]));
}

/** The pod of a DaemonSet as it would be made for a new node. */
function daemonSetPod({ metadata, spec }: DaemonSet): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...spec?.template.metadata,
      name: metadata.name,
      namespace: metadata.namespace ?? "default",
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "DaemonSet", name: metadata.name, uid: metadata.uid, controller: true },
      ],
    },
    spec: spec?.template.spec ?? { containers: [] },
  };
}
