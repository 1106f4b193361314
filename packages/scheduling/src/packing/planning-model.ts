import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS, WELL_KNOWN_LABELS } from "@nodeless/api";
import type { ExistingNode, SchedulingInput, SchedulingPolicies } from "../model.ts";
import { labelOf } from "../requirements/labels.ts";
import { allowsLabel } from "../requirements/requirement.ts";
import { compareText } from "../requirements/requirements.ts";
import { addAmounts, subtractAmounts } from "../resources/amounts.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import { firstUntoleratedTaint, formatTaint } from "../taints/tolerations.ts";
import type { CountPlan } from "../topology/count-plan.ts";
import { countPlan } from "../topology/count-plan.ts";
import type { RulePlan, TopologyRules } from "../topology/rule-plan.ts";
import { rulePlan } from "../topology/rule-plan.ts";
import { buildTopology, domainNumberOfNode, NO_RULES, nodeCounts, poolCounts } from "../topology/topology-model.ts";
import type { TopologyFacts, TopologyState } from "../topology/topology-state.ts";
import { planningMemory } from "./planning-memory.ts";
import type { PodClass, PodShape } from "./pod-shape.ts";
import { podKeyOf, podShapes, residentRequests } from "./pod-shape.ts";
import type { PodVariant } from "./pod-variant.ts";
import type { TypeSet } from "./pool-catalog.ts";
import { PoolCatalog } from "./pool-catalog.ts";
import type { RequirementIndex } from "./requirement-index.ts";
import { attachmentResource, ResourceTable } from "./resource-table.ts";
import type { NarrowingQuestion } from "./type-sets.ts";
import { NarrowingTable, TypeSets } from "./type-sets.ts";

/** A variant of a shape with everything about it that does not change while a plan is made. */
export interface VariantModel {
  readonly variant: PodVariant;
  readonly requirementNumber: number;
  readonly rules: TopologyRules;
  /** By pool: its types narrowed to the variant, or the reason why the pool cannot take it. */
  readonly pools: readonly (TypeSet | string)[];
  /** By node: why its labels or taints forbid it; undefined entries are not forbidden, `null` not looked at yet. */
  readonly nodeVerdicts: (string | undefined | null)[];
  readonly plan: RulePlan;
  /** By pool: what a pod on one of its new nodes changes in the counters. */
  readonly counting: readonly CountPlan[];
  /** By node, filled in when first needed. */
  readonly nodeCounting: (CountPlan | undefined)[];
  /** Of {@link requirementNumber}, with the pools that refuse the variant. */
  readonly narrowing: NarrowingTable;
}

export interface ShapeModel {
  readonly shape: PodShape;
  readonly requests: Float64Array;
  /** Indexes of the resources that are requested. */
  readonly asked: readonly number[];
  readonly variants: readonly VariantModel[];
}

/** An existing node; `remaining` is copied by each attempt. */
export interface NodeModel {
  readonly node: ExistingNode;
  readonly index: number;
  readonly remaining: Float64Array;
  readonly ports: readonly HostPort[];
  readonly host: number;
  /** By topology key other than hostname; -1 for a node without the label. */
  readonly domains: readonly number[];
}

/** What all planning attempts over one input share. */
export interface PlanningModel {
  readonly resources: ResourceTable;
  readonly catalogs: readonly PoolCatalog[];
  /** Number of pods to place. */
  readonly pods: number;
  readonly shapes: readonly ShapeModel[];
  /** Initialized ones first, then by name. */
  readonly nodes: readonly NodeModel[];
  readonly topology: TopologyState;
  readonly sets: TypeSets;
  readonly policies: Required<SchedulingPolicies>;
  readonly requirementIndex: RequirementIndex;
  /** Narrows a set to what it is without reserved capacity. */
  readonly withoutReserved: NarrowingQuestion;
}

const NO_RULE_PLAN: RulePlan = rulePlan(NO_RULES, () => -1);

/** Effects that a pod must tolerate; PreferNoSchedule is given up last, by the blanket toleration. */
const PLANNED_EFFECTS: readonly string[] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

/** Prepares an input for planning. */
export function planningModel(input: SchedulingInput): PlanningModel {
  const memory = planningMemory();
  const { requirementIndex } = memory;
  const shapes = podShapes(input.pods, {
    memory: memory.pods,
    residents: residents(input),
    preferNoScheduleExists: preferNoScheduleExists(input),
    ignoresPreferences: input.policies?.preferences === "Ignore",
    volumes: input.volumes?.size === 0 ? undefined : input.volumes,
    limitedDrivers: limitedDrivers(input),
  });
  const classes = classesOf(shapes);
  const loads = new Set(shapes.map(({ requests }) => requests));
  const resources = ResourceTable.of(loads);
  const vectors = new Map([...loads].map((requests) => [requests, askedVector(requests, resources)]));
  const pools = [...input.nodePools].sort((a, b) => b.weight - a.weight || compareText(a.name, b.name));
  const catalogs = pools.map(
    (pool) => new PoolCatalog(pool, memory.catalogOf(pool, { resources, daemonSetPods: input.daemonSetPods })),
  );
  const topology = buildTopology(input, classes, catalogs);
  const { tables } = topology.state.facts;
  const keyIndexOf = (key: string): number => tables.findIndex((table) => table.key === key);
  const variants = classes.map((podClass) =>
    podClass.variants.map((variant, index): VariantModel => {
      const requirementNumber = requirementIndex.numberOf(variant.requirements);
      const rules = topology.rulesOf(podClass, index);
      return {
        variant,
        requirementNumber,
        rules,
        pools: catalogs.map((catalog) => poolVerdict(catalog, variant, requirementNumber)),
        nodeVerdicts: input.existingNodes.map(() => null),
        plan: rules === NO_RULES ? NO_RULE_PLAN : rulePlan(rules, keyIndexOf),
        counting:
          rules === NO_RULES
            ? []
            : catalogs.map((catalog) => countPlan(rules, keyIndexOf, ({ filter }) => poolCounts(filter, catalog))),
        nodeCounting: [],
        narrowing: new NarrowingTable(),
      };
    }),
  );
  return {
    resources,
    catalogs,
    pods: input.pods.length,
    nodes: nodeModels(input, resources, topology.state.facts),
    topology: topology.state,
    sets: new TypeSets(catalogs, tables),
    policies: { preferences: "Respect", minValues: "Strict", reservations: "Strict", ...input.policies },
    requirementIndex,
    withoutReserved: {
      requirementNumber: memory.withoutReserved,
      pools: [],
      narrowing: new NarrowingTable(),
    },
    shapes: shapes.map((shape) => ({
      shape,
      ...(vectors.get(shape.requests) ?? askedVector(shape.requests, resources)),
      variants: variants[shape.podClass.index] ?? [],
    })),
  };
}

function askedVector(amounts: ResourceAmounts, resources: ResourceTable): Pick<ShapeModel, "requests" | "asked"> {
  const requests = resources.vector(amounts);
  return { requests, asked: [...requests.keys()].filter((index) => (requests[index] ?? 0) > 0) };
}

function limitedDrivers({ existingNodes, volumes }: SchedulingInput): ReadonlySet<string> {
  const drivers = new Set<string>();
  if (volumes === undefined) return drivers;
  for (const { attachLimits } of existingNodes) for (const driver of attachLimits?.keys() ?? []) drivers.add(driver);
  return drivers;
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
  const isSoft = ({ taints }: Pick<ExistingNode, "taints">): boolean =>
    taints.some(({ effect }) => effect === "PreferNoSchedule");
  return input.nodePools.some(isSoft) || input.existingNodes.some(isSoft);
}

function poolVerdict(catalog: PoolCatalog, variant: PodVariant, requirementNumber: number): TypeSet | string {
  let verdict = catalog.verdicts.get(variant);
  if (verdict === undefined) {
    verdict = judgePool(catalog, variant, requirementNumber);
    catalog.verdicts.set(variant, verdict);
  }
  return verdict;
}

function judgePool(catalog: PoolCatalog, variant: PodVariant, requirementNumber: number): TypeSet | string {
  const { pool } = catalog;
  if (variant.refusal !== undefined) return variant.refusal.message;
  const taint = firstUntoleratedTaint(pool.taints, variant.tolerations, PLANNED_EFFECTS);
  if (taint !== undefined) return `does not tolerate the taint ${formatTaint(taint)} of NodePool ${pool.name}`;
  if (variant.contradiction !== undefined) return `requirements on ${variant.contradiction} exclude each other`;
  for (const one of variant.expressions) {
    const conflict = catalog.conflictWith(new Map([[one.key, one]]), WELL_KNOWN_LABELS);
    if (conflict !== undefined) return conflict;
  }
  return catalog.narrow(catalog.root, requirementNumber) ?? "requirements exclude each other";
}

function nodeModels(input: SchedulingInput, resources: ResourceTable, facts: TopologyFacts): readonly NodeModel[] {
  const planned = new Set(input.existingNodes.length === 0 ? [] : input.pods.map(podKeyOf));
  return [...input.existingNodes]
    .sort((a, b) => Number(b.initialized) - Number(a.initialized) || compareText(a.name, b.name))
    .map((node, index): NodeModel => {
      const pods = node.pods.filter((pod) => !planned.has(podKeyOf(pod)));
      const bound = addAmounts(...pods.map(({ spec }) => residentRequests(spec)), node.pendingDaemonRequests);
      return {
        node,
        index,
        remaining: resources.nodeVector(
          new Map([...subtractAmounts(node.allocatable, bound), ...freeAttachments(node)]),
        ),
        ports: pods.flatMap(({ spec }) => hostPortsOf(spec)),
        host: domainNumberOfNode(facts, node, LABELS.hostname),
        domains: facts.tables.map(({ key }) => domainNumberOfNode(facts, node, key)),
      };
    });
}

function freeAttachments({ attachLimits, attachedVolumes }: ExistingNode): readonly (readonly [string, number])[] {
  return [...(attachLimits ?? [])].map(([driver, limit]) => [
    attachmentResource(driver),
    limit - (attachedVolumes?.get(driver)?.size ?? 0),
  ]);
}

/** What a pod of the variant on this node changes in the counters. */
export function countingOnNode(model: VariantModel, { node, index }: NodeModel, facts: TopologyFacts): CountPlan {
  let plan = model.nodeCounting[index];
  if (plan === undefined) {
    const keyIndexOf = (key: string): number => facts.tables.findIndex((table) => table.key === key);
    plan = countPlan(model.rules, keyIndexOf, ({ filter }) => nodeCounts(filter, node));
    model.nodeCounting[index] = plan;
  }
  return plan;
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
  if (variant.refusal !== undefined) return variant.refusal.message;
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
