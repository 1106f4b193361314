import type { Taint } from "@nodeless/api";
import { TAINTS } from "@nodeless/api";
import {
  firstPortConflict,
  firstUntoleratedTaint,
  groupSelects,
  matchesNodeAffinity,
  toleratesTaints,
} from "@nodeless/scheduling";
import { labelsOf, labelValue, type NodeInfo } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";
import type { GroupCounts, TopologyIndex } from "./topology-index.ts";

/**
 * Filters with the names and messages of kube-scheduler 1.36 (pkg/scheduler/framework/plugins). `resolvable` refusals could
 * be cured by removing pods from the node, so that upstream would try preemption there.
 */

export type FilterName =
  | "NodeUnschedulable"
  | "TaintToleration"
  | "NodeAffinity"
  | "NodePorts"
  | "NodeResourcesFit"
  | "VolumeBinding"
  | "PodTopologySpread"
  | "InterPodAffinity";

/** Why a node refuses a pod. */
export interface Refusal {
  readonly filter: FilterName;
  /** Usually one; a node may lack several resources at once. */
  readonly reasons: readonly string[];
  readonly resolvable: boolean;
}

/** Distinct refusals are few (a taint or a set of resources each); the bound guards against hostile taint values. */
const REFUSALS_KEPT_MAX = 10_000;
const known = new Map<string, Refusal>();

/** Equal refusals are one object, so that they can be counted by identity. */
function refusal(filter: FilterName, resolvable: boolean, ...reasons: readonly string[]): Refusal {
  const key = `${filter}|${resolvable}|${reasons.join("|")}`;
  let one = known.get(key);
  if (one === undefined) {
    one = { filter, reasons, resolvable };
    if (known.size >= REFUSALS_KEPT_MAX) known.clear();
    known.set(key, one);
  }
  return one;
}

const CORDON: Taint = { key: TAINTS.unschedulable, effect: "NoSchedule" };
const UNSCHEDULABLE = refusal("NodeUnschedulable", false, "node(s) were unschedulable");
const NODE_AFFINITY = refusal("NodeAffinity", false, "node(s) didn't match Pod's node affinity/selector");
const PORTS = refusal("NodePorts", true, "node(s) didn't have free ports for the requested pod ports");
const SPREAD = refusal("PodTopologySpread", true, "node(s) didn't match pod topology spread constraints");
const SPREAD_LABEL = refusal(
  "PodTopologySpread",
  false,
  "node(s) didn't match pod topology spread constraints (missing required label)",
);
const AFFINITY = refusal("InterPodAffinity", false, "node(s) didn't match pod affinity rules");
const ANTI_AFFINITY = refusal("InterPodAffinity", true, "node(s) didn't match pod anti-affinity rules");
const GUARDED = refusal("InterPodAffinity", true, "node(s) didn't satisfy existing pods anti-affinity rules");

/** Filters that depend on the node's own object alone, in upstream's order. */
export function filterStatic(shape: PodShape, info: NodeInfo): Refusal | undefined {
  const { node } = info;
  if (node === undefined) return UNSCHEDULABLE;
  const { tolerations } = shape.spec;
  if (node.spec.unschedulable === true && !toleratesTaints(tolerations, [CORDON])) return UNSCHEDULABLE;
  const taint = firstUntoleratedTaint(node.spec.taints, tolerations);
  if (taint !== undefined)
    return refusal("TaintToleration", false, `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  return matchesNodeAffinity(shape, { name: info.name, labels: labelsOf(info) }) ? undefined : NODE_AFFINITY;
}

/** Host ports and resources left. */
export function filterRoom(shape: PodShape, info: NodeInfo): Refusal | undefined {
  if (shape.ports.length > 0 && firstPortConflict(shape.ports, info.ports) !== undefined) return PORTS;
  let reasons: string[] | undefined;
  let beyond = false;
  const podsMax = info.allocatable.get("pods") ?? 0;
  if (info.pods.size + 1 > podsMax) reasons = ["Too many pods"];
  for (const [resource, amount] of shape.requests) {
    if (amount <= 0) continue;
    const allocatable = info.allocatable.get(resource) ?? 0;
    if (amount + (info.requested.get(resource) ?? 0) <= allocatable) continue;
    reasons ??= [];
    reasons.push(`Insufficient ${resource}`);
    beyond ||= amount > allocatable;
  }
  return reasons === undefined ? undefined : refusal("NodeResourcesFit", !beyond, ...reasons);
}

/** A pod's topology rules against the present counts, prepared once per pod. */
export interface TopologyCheck {
  readonly spreads: readonly {
    readonly counts: GroupCounts;
    readonly minimum: number;
    readonly self: number;
  }[];
  readonly affinity: readonly GroupCounts[];
  /** No pod matches any term anywhere and the pod matches its own: it may open the first domain. */
  readonly opensDomain: boolean;
  readonly antiAffinity: readonly GroupCounts[];
  readonly guards: readonly GroupCounts[];
}

/** Prepares the topology filters. Undefined when no rule concerns the pod. */
export function topologyCheck(shape: PodShape, index: TopologyIndex): TopologyCheck | undefined {
  const spreads = index.spreads(shape, "DoNotSchedule").map((counts) => ({
    counts,
    minimum: minimumOf(counts),
    self: groupSelects(counts.group, shape) ? 1 : 0,
  }));
  const affinity = index.affinity(shape);
  const antiAffinity = index.ownAntiAffinity(shape);
  const guards = index.guards(shape);
  if (spreads.length + affinity.length + antiAffinity.length + guards.length === 0) return undefined;
  const opensDomain = affinity.every(({ group, pods }) => pods.size === 0 && groupSelects(group, shape));
  return { spreads, affinity, opensDomain, antiAffinity, guards };
}

function minimumOf({ group, pods, nodes }: GroupCounts): number {
  if (nodes.size === 0 || nodes.size < group.minDomains) return 0;
  let minimum = Number.POSITIVE_INFINITY;
  for (const domain of nodes.keys()) minimum = Math.min(minimum, pods.get(domain) ?? 0);
  return minimum;
}

/** Spread, then affinity, anti-affinity and other pods' anti-affinity. */
export function filterTopology(check: TopologyCheck, info: NodeInfo): Refusal | undefined {
  for (const { counts, minimum, self } of check.spreads) {
    const domain = labelValue(info, counts.group.key);
    if (domain === undefined) return SPREAD_LABEL;
    if ((counts.pods.get(domain) ?? 0) + self - minimum > counts.group.maxSkew) return SPREAD;
  }
  const domains = (counts: GroupCounts): string | undefined => labelValue(info, counts.group.key);
  for (const counts of check.affinity) {
    const domain = domains(counts);
    if (domain === undefined || (!check.opensDomain && !counts.pods.has(domain))) return AFFINITY;
  }
  const holds = (map: ReadonlyMap<string, number>, domain: string | undefined): boolean =>
    domain !== undefined && map.has(domain);
  if (check.antiAffinity.some((counts) => holds(counts.pods, domains(counts)))) return ANTI_AFFINITY;
  return check.guards.some((counts) => holds(counts.owners, domains(counts))) ? GUARDED : undefined;
}
