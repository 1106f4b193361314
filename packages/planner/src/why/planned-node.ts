import type { Pod } from "@nodeless/api";
import {
  type PlannedClaim,
  podKeyOf,
  podLayers,
  type RequirementLayer,
  type Requirements,
  remainingLayer,
  type SchedulingNodePool,
} from "@nodeless/scheduling";
import type { PlanNode } from "../contract.ts";
import { requestsOf } from "../plan/existing-nodes.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { cheapestPurchase } from "../plan/plan-nodes.ts";
import type { BoughtNode, NodeContent, NodeExplanation, TypeChoice } from "./explanation.ts";
import { typeChoice } from "./type-choice.ts";

/** Why a node of a plan is of its type; undefined when the plan has no such node. */
export function explainNode(outcome: PlanOutcome, name: string): NodeExplanation | undefined {
  const node = outcome.document.nodes.find((one) => one.name === name);
  if (node === undefined) return undefined;
  const claim = claimOfNode(outcome, node);
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "NodeExplanation",
    node: nodeContent(outcome, node),
    ...choiceOf(outcome, claim),
    catalog: outcome.document.catalog,
  };
}

/** How it is bought, of all that is known about a node. */
export function boughtNode(node: PlanNode): BoughtNode {
  const { name, nodePool, instanceType, zone, capacityType, usdPerHour, priceIsEstimate, existing } = node;
  return { node: name, nodePool, instanceType, zone, capacityType, usdPerHour, priceIsEstimate, existing };
}

/** What is on it, and what of its price its pods are not worth. */
export function nodeContent({ document }: Pick<PlanOutcome, "document">, node: PlanNode): NodeContent {
  const fair = new Map(document.pods.map(({ pod, ec2UsdPerHour }) => [pod, ec2UsdPerHour]));
  const { allocatable, requested, daemonOverhead } = node;
  let wasteUsdPerHour = node.usdPerHour;
  for (const pod of node.pods) wasteUsdPerHour -= fair.get(pod) ?? 0;
  return {
    ...boughtNode(node),
    allocatable,
    requested,
    daemonOverhead,
    pods: node.pods.map((pod) => {
      const fairUsdPerHour = fair.get(pod);
      return { pod, ...(fairUsdPerHour === undefined ? {} : { fairUsdPerHour }) };
    }),
    ...(node.existing ? {} : { wasteUsdPerHour: Math.max(0, wasteUsdPerHour) }),
  };
}

/** New nodes stand in the document in the order of the plan's claims. */
export function claimOfNode({ document, schedulingPlan }: PlanOutcome, node: PlanNode): PlannedClaim | undefined {
  const index = document.nodes.filter(({ existing }) => !existing).indexOf(node);
  return index < 0 ? undefined : schedulingPlan.claims[index];
}

/** How a claim's type was chosen. The requirements of `first` are named before those of the other pods on it. */
export function choiceOf(
  { schedulingInput, catalog }: PlanOutcome,
  claim: PlannedClaim | undefined,
  first?: Pod,
): { readonly choice?: TypeChoice } {
  const pool = schedulingInput.nodePools.find(({ name }) => name === claim?.nodePool);
  if (pool === undefined || claim === undefined) return {};
  const { type, offering } = cheapestPurchase(claim);
  const named = [...(first === undefined ? [] : [first]), ...claim.pods].map((pod) => ({ name: podKeyOf(pod), pod }));
  const chosen = {
    pool,
    daemonSetPods: schedulingInput.daemonSetPods,
    content: requestsOf(claim.pods),
    layers: nodeLayers(pool, podLayers(named, schedulingInput.volumes), claim.requirements),
    open: new Set(claim.instanceTypes.map(({ name }) => name)),
    instanceType: type.name,
    zone: offering.zone,
    capacityType: offering.capacityType,
  };
  return { choice: typeChoice(chosen, catalog) };
}

/** Who asks for what of a node: the pool, the pods, and what was added when they were placed. */
export function nodeLayers(
  pool: Pick<SchedulingNodePool, "name" | "requirements">,
  pods: readonly RequirementLayer[],
  all: Requirements,
): readonly RequirementLayer[] {
  const layers = [{ by: `NodePool ${pool.name}`, requirements: pool.requirements }, ...pods];
  const rest = remainingLayer(all, layers, "topology or preference");
  return rest === undefined ? layers : [...layers, rest];
}
