import type { Pod } from "@nodeless/api";
import { LABELS, WELL_KNOWN_LABELS } from "@nodeless/api";
import type { ExistingNode, SchedulingInput } from "../model.ts";
import { labelOf } from "../requirements/labels.ts";
import { allowsLabel } from "../requirements/requirement.ts";
import { compareText } from "../requirements/requirements.ts";
import { addAmounts, subtractAmounts } from "../resources/amounts.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import { firstUntoleratedTaint, formatTaint } from "../taints/tolerations.ts";
import { buildTopology } from "../topology/topology-model.ts";
import type { TopologyRules, TopologyState } from "../topology/topology-state.ts";
import type { PodClass, PodShape } from "./pod-shape.ts";
import { podKeyOf, podShapes, requestsWithSlot } from "./pod-shape.ts";
import type { PodVariant } from "./pod-variant.ts";
import type { TypeSet } from "./pool-catalog.ts";
import { PoolCatalog } from "./pool-catalog.ts";
import { RequirementIndex } from "./requirement-index.ts";
import { ResourceTable } from "./resource-table.ts";

/** A variant of a shape with everything about it that does not change while a plan is made. */
export interface VariantModel {
  readonly variant: PodVariant;
  readonly requirementNumber: number;
  readonly rules: TopologyRules;
  /** By pool: its types narrowed to the variant, or the reason why the pool cannot take it. */
  readonly pools: readonly (TypeSet | string)[];
  /** By node: why its labels or taints forbid it; undefined entries are not forbidden, `null` not looked at yet. */
  readonly nodeVerdicts: (string | undefined | null)[];
}

export interface ShapeModel {
  readonly shape: PodShape;
  readonly requests: Float64Array;
  readonly variants: readonly VariantModel[];
}

/** An existing node; `remaining` is copied by each attempt. */
export interface NodeModel {
  readonly node: ExistingNode;
  readonly index: number;
  readonly remaining: Float64Array;
  readonly ports: readonly HostPort[];
}

/** What all planning attempts over one input share. */
export interface PlanningModel {
  readonly resources: ResourceTable;
  readonly catalogs: readonly PoolCatalog[];
  readonly shapes: readonly ShapeModel[];
  /** Initialized ones first, then by name. */
  readonly nodes: readonly NodeModel[];
  readonly topology: TopologyState;
  /** Topology keys in use, hostname aside. */
  readonly domainKeys: readonly string[];
}

/** Effects that a pod must tolerate; PreferNoSchedule is given up last, by the blanket toleration. */
const PLANNED_EFFECTS: readonly string[] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

/** Prepares an input for planning. */
export function planningModel(input: SchedulingInput): PlanningModel {
  const shapes = podShapes(input.pods, {
    residents: residents(input),
    preferNoScheduleExists: preferNoScheduleExists(input),
  });
  const classes = classesOf(shapes);
  const loads = new Set(shapes.map(({ requests }) => requests));
  const resources = new ResourceTable(loads);
  const vectors = new Map([...loads].map((requests) => [requests, resources.vector(requests)]));
  const requirementIndex = new RequirementIndex();
  const pools = [...input.nodePools].sort((a, b) => b.weight - a.weight || compareText(a.name, b.name));
  const catalogs = pools.map(
    (pool) => new PoolCatalog(pool, { resources, requirementIndex, daemonSetPods: input.daemonSetPods }),
  );
  const topology = buildTopology(input, classes, catalogs);
  const variants = classes.map((podClass) =>
    podClass.variants.map((variant, index): VariantModel => {
      const requirementNumber = requirementIndex.numberOf(variant.requirements);
      return {
        variant,
        requirementNumber,
        rules: topology.rulesOf(podClass, index),
        pools: catalogs.map((catalog) => poolVerdict(catalog, variant, requirementNumber)),
        nodeVerdicts: input.existingNodes.map(() => null),
      };
    }),
  );
  return {
    resources,
    catalogs,
    nodes: nodeModels(input, resources),
    topology: topology.state,
    domainKeys: topology.domainKeys,
    shapes: shapes.map((shape) => ({
      shape,
      requests: vectors.get(shape.requests) ?? resources.vector(shape.requests),
      variants: variants[shape.podClass.index] ?? [],
    })),
  };
}

function* residents({ existingNodes }: SchedulingInput): Iterable<Pod> {
  for (const { pods } of existingNodes) yield* pods;
}

function classesOf(shapes: readonly PodShape[]): readonly PodClass[] {
  const classes: PodClass[] = [];
  for (const { podClass } of shapes) classes[podClass.index] = podClass;
  return classes;
}

function preferNoScheduleExists(input: SchedulingInput): boolean {
  return [...input.nodePools, ...input.existingNodes].some(({ taints }) =>
    taints.some(({ effect }) => effect === "PreferNoSchedule"),
  );
}

function poolVerdict(catalog: PoolCatalog, variant: PodVariant, requirementNumber: number): TypeSet | string {
  const { pool } = catalog;
  const taint = firstUntoleratedTaint(pool.taints, variant.tolerations, PLANNED_EFFECTS);
  if (taint !== undefined) return `does not tolerate the taint ${formatTaint(taint)} of NodePool ${pool.name}`;
  if (variant.contradiction !== undefined) return `requirements on ${variant.contradiction} exclude each other`;
  for (const one of variant.expressions) {
    const conflict = catalog.conflictWith(new Map([[one.key, one]]), WELL_KNOWN_LABELS);
    if (conflict !== undefined) return conflict;
  }
  return catalog.narrow(catalog.root, requirementNumber) ?? "requirements exclude each other";
}

function nodeModels(input: SchedulingInput, resources: ResourceTable): readonly NodeModel[] {
  const planned = new Set(input.existingNodes.length === 0 ? [] : input.pods.map(podKeyOf));
  return [...input.existingNodes]
    .sort((a, b) => Number(b.initialized) - Number(a.initialized) || compareText(a.name, b.name))
    .map((node, index): NodeModel => {
      const pods = node.pods.filter((pod) => !planned.has(podKeyOf(pod)));
      const bound = addAmounts(...pods.map(({ spec }) => requestsWithSlot(spec)), node.pendingDaemonRequests);
      return {
        node,
        index,
        remaining: resources.vector(subtractAmounts(node.allocatable, bound)),
        ports: pods.flatMap(({ spec }) => hostPortsOf(spec)),
      };
    });
}

/** Why a node's labels or taints forbid the variant; undefined when they do not. */
export function nodeVerdict(model: VariantModel, { node, index }: NodeModel): string | undefined {
  const known = model.nodeVerdicts[index];
  if (known !== null) return known;
  const verdict = judgeNode(model.variant, node);
  model.nodeVerdicts[index] = verdict;
  return verdict;
}

function judgeNode(variant: PodVariant, node: ExistingNode): string | undefined {
  const taint = firstUntoleratedTaint(node.taints, variant.tolerations, PLANNED_EFFECTS);
  if (taint !== undefined) return `does not tolerate the taint ${formatTaint(taint)}`;
  const failing = variant.expressions.find((one) => !allowsLabel(one, nodeLabel(node, one.key)));
  if (failing === undefined) return undefined;
  const value = nodeLabel(node, failing.key);
  return value === undefined ? `has no label ${failing.key}` : `label ${failing.key} is ${value}`;
}

/** A node's label; its name stands in for a missing hostname. */
function nodeLabel(node: ExistingNode, key: string): string | undefined {
  return labelOf(node.labels, key) ?? (key === LABELS.hostname ? node.name : undefined);
}
