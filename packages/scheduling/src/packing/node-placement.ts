import { LABELS } from "@nodeless/api";
import type { HostPort } from "../resources/host-ports.ts";
import { firstPortConflict } from "../resources/host-ports.ts";
import type { TopologyGroup } from "../topology/topology-group.ts";
import type { TopologyState } from "../topology/topology-state.ts";
import type { NodeModel, VariantModel } from "./planning-model.ts";
import { countingOnNode, nodeVerdict } from "./planning-model.ts";
import { addInto, fits } from "./resource-table.ts";
import type { VariantRun } from "./variant-run.ts";

/** An existing node while a plan is made. */
export interface NodeState {
  readonly model: NodeModel;
  /** Requests of the pods placed in this attempt. */
  readonly used: Float64Array;
  ports: readonly HostPort[];
}

/** Why a node refuses a pod; see the claim's answers for the meaning. */
export type NodeAnswer = "fits" | "for-good" | "for-now";

/** Tests one pod of a run, which must be up to date, against a node, hosts' limits aside. Changes nothing. */
export function testNode(state: NodeState, run: VariantRun, topology: TopologyState): NodeAnswer {
  const { shape, variant } = run;
  const { model } = state;
  if (!fits(model.remaining, state.used, shape.requests)) return "for-good";
  if (nodeVerdict(variant, model) !== undefined) return "for-good";
  if (firstPortConflict(shape.shape.ports, state.ports) !== undefined) return "for-good";
  const violated = violatedOnNode(model, variant, topology);
  if (violated === undefined) return "fits";
  return violated.kind === "anti-affinity" || (violated.kind === "spread" && violated.key === LABELS.hostname)
    ? "for-good"
    : "for-now";
}

/** The first topology rule that keeps the pod off the node. */
export function violatedOnNode(
  { host, domains }: NodeModel,
  { plan, rules }: VariantModel,
  topology: TopologyState,
): TopologyGroup | undefined {
  for (const { group, counts, max } of plan.hostLimits)
    if (((counts === "selected" ? topology.counts : topology.owners)[group]?.[host] ?? 0) > max)
      return [...rules.owned, ...rules.guards].find(({ index }) => index === group);
  for (const rule of plan.hostAffinities) if (!topology.ownerMayUse(rule, host)) return rule.group;
  for (const rule of plan.domainRules) {
    const group = topology.forbidding(rule, domains[rule.keyIndex] ?? -1);
    if (group !== undefined) return group;
  }
  return undefined;
}

/** Puts a pod that fits on the node and counts it in the topology. */
export function placeOnNode(state: NodeState, { shape, variant }: VariantRun, topology: TopologyState): void {
  const { used, model } = state;
  addInto(used, shape.requests);
  if (shape.shape.ports.length > 0) state.ports = [...state.ports, ...shape.shape.ports];
  const plan = countingOnNode(variant, model, topology.facts);
  for (const group of plan.hosts) topology.addCount(group, model.host);
  for (const group of plan.hostOwners) topology.addOwner(group, model.host);
  for (const { group, keyIndex } of plan.domains) {
    const domain = model.domains[keyIndex] ?? -1;
    if (domain >= 0) topology.addCount(group, domain);
  }
  for (const { group, keyIndex } of plan.domainOwners) {
    const domain = model.domains[keyIndex] ?? -1;
    if (domain >= 0) topology.addOwner(group, domain);
  }
}
