import { LABELS } from "@nodeless/api";
import type { HostPort } from "../resources/host-ports.ts";
import { firstPortConflict } from "../resources/host-ports.ts";
import type { TopologyGroup } from "../topology/topology-group.ts";
import { domainOfNode, nodeCounts } from "../topology/topology-model.ts";
import type { TopologyRules, TopologyState } from "../topology/topology-state.ts";
import type { NodeModel, ShapeModel, VariantModel } from "./planning-model.ts";
import { nodeVerdict } from "./planning-model.ts";
import { fits } from "./resource-table.ts";

/** An existing node while a plan is made. */
export interface NodeState {
  readonly model: NodeModel;
  /** Requests of the pods placed in this attempt. */
  readonly used: Float64Array;
  ports: readonly HostPort[];
}

/** Why a node refuses a pod; see the claim's refusals for the meaning of the two. */
export type NodeFit = "fits" | "for-good" | "for-now";

/** Tests one pod of the shape against a node. Changes nothing. */
export function fitOnNode(
  state: NodeState,
  shape: ShapeModel,
  options: { readonly variant: VariantModel; readonly topology: TopologyState },
): NodeFit {
  const { variant, topology } = options;
  if (!fits(state.model.remaining, state.used, shape.requests)) return "for-good";
  if (nodeVerdict(variant, state.model) !== undefined) return "for-good";
  if (firstPortConflict(shape.shape.ports, state.ports) !== undefined) return "for-good";
  const violated = violatedOnNode(state.model, variant.rules, topology);
  if (violated === undefined) return "fits";
  return violated.kind === "anti-affinity" || (violated.kind === "spread" && violated.key === LABELS.hostname)
    ? "for-good"
    : "for-now";
}

/** The first topology rule that keeps the pod off the node. */
export function violatedOnNode(
  { node }: NodeModel,
  rules: TopologyRules,
  topology: TopologyState,
): TopologyGroup | undefined {
  for (const key of rules.keys) {
    const violated = topology.violated(rules, key, domainOfNode(node, key));
    if (violated !== undefined) return violated;
  }
  return undefined;
}

/** Puts a pod that fits on the node and counts it in the topology. */
export function placeOnNode(
  state: NodeState,
  options: { readonly shape: ShapeModel; readonly variant: VariantModel; readonly topology: TopologyState },
): void {
  const { shape, variant, topology } = options;
  const { used, model } = state;
  for (let index = 0; index < used.length; index += 1) used[index] = (used[index] ?? 0) + (shape.requests[index] ?? 0);
  if (shape.shape.ports.length > 0) state.ports = [...state.ports, ...shape.shape.ports];
  for (const group of variant.rules.selectedBy) {
    const domain = domainOfNode(model.node, group.key);
    if (domain !== undefined && nodeCounts(group.filter, model.node)) topology.addCount(group, domain);
  }
  for (const group of variant.rules.owned) {
    const domain = domainOfNode(model.node, group.key);
    if (domain !== undefined && group.kind === "anti-affinity" && group.required) topology.addOwner(group, domain);
  }
}
