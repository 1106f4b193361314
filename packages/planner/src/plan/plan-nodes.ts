import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS, podRequests } from "@nodeless/api";
import {
  addAmounts,
  cheapestOffering,
  type ExistingNode,
  type InstanceType,
  type Offering,
  type PlannedClaim,
  podKeyOf,
  type SchedulingInput,
  type SchedulingPlan,
  subtractAmounts,
} from "@nodeless/scheduling";
import type { PlanCatalog, PlanNode } from "../contract.ts";
import { quantitiesOf } from "./quantities.ts";

/** Nodes as the document shows them: those that exist first, then the new ones in the plan's order. */
export function planNodes(
  input: SchedulingInput,
  plan: SchedulingPlan,
  catalog: Pick<PlanCatalog, "isEstimate">,
): readonly PlanNode[] {
  const requests = requestsBySpec();
  const added = addedPods(input, plan);
  const nameOf = freeNames(new Set(input.existingNodes.map(({ name }) => name)));
  return [
    ...input.existingNodes.map((node) => existingPlanNode(node, added.get(node.name) ?? [], requests)),
    ...plan.claims.map((claim) => newPlanNode(claim, { name: nameOf(claim.nodePool), catalog, requests })),
  ];
}

/** `<nodepool>-<index>`, past the names that nodes of the input have. */
function freeNames(taken: ReadonlySet<string>): (nodePool: string) => string {
  const next = new Map<string, number>();
  return (nodePool) => {
    let index = next.get(nodePool) ?? 0;
    while (taken.has(`${nodePool}-${index}`)) index += 1;
    next.set(nodePool, index + 1);
    return `${nodePool}-${index}`;
  };
}

/** What a claim costs: its first type, bought the cheapest way. EC2 takes that when it has it. */
export function cheapestPurchase({
  id,
  instanceTypes,
  requirements,
}: Pick<PlannedClaim, "id" | "instanceTypes" | "requirements">): {
  readonly type: InstanceType;
  readonly offering: Offering;
} {
  const [type] = instanceTypes;
  const offering = type === undefined ? undefined : cheapestOffering(type, requirements);
  if (type === undefined || offering === undefined) throw new Error(`claim ${id} has no offering`);
  return { type, offering };
}

type RequestsOf = (pod: Pod) => ResourceAmounts;

/** Requests with the pod's slot; equal pods of one owner share their spec. */
function requestsBySpec(): RequestsOf {
  const known = new WeakMap<Pod["spec"], ResourceAmounts>();
  return ({ spec }) => {
    let amounts = known.get(spec);
    if (amounts === undefined) {
      amounts = podRequests(spec).set("pods", 1);
      known.set(spec, amounts);
    }
    return amounts;
  };
}

function newPlanNode(
  claim: PlannedClaim,
  {
    name,
    catalog,
    requests,
  }: { readonly name: string; readonly catalog: Pick<PlanCatalog, "isEstimate">; readonly requests: RequestsOf },
): PlanNode {
  const { type, offering } = cheapestPurchase(claim);
  const requested = addAmounts(...claim.pods.map(requests));
  return {
    name,
    nodePool: claim.nodePool,
    instanceType: type.name,
    zone: offering.zone,
    capacityType: offering.capacityType,
    usdPerHour: offering.priceUsdPerHour,
    priceIsEstimate: catalog.isEstimate(type.name, offering.capacityType),
    existing: false,
    allocatable: quantitiesOf(wholeAmounts(subtractAmounts(type.capacity, type.overhead))),
    requested: quantitiesOf(requested),
    daemonOverhead: quantitiesOf(subtractAmounts(claim.requests, requested)),
    pods: claim.pods.map(podKeyOf),
  };
}

/** Allocatable is never rounded up. */
function wholeAmounts(amounts: ResourceAmounts): ResourceAmounts {
  return new Map([...amounts].map(([name, amount]) => [name, Math.max(0, Math.floor(amount))]));
}

function existingPlanNode(node: ExistingNode, pods: readonly Pod[], requests: RequestsOf): PlanNode {
  const { labels } = node;
  return {
    name: node.name,
    nodePool: node.nodePool ?? "",
    instanceType: labels[LABELS.instanceType] ?? "",
    zone: labels[LABELS.zone] ?? "",
    capacityType: labels[LABELS.capacityType] ?? "",
    usdPerHour: 0,
    priceIsEstimate: false,
    existing: true,
    allocatable: quantitiesOf(node.allocatable),
    requested: quantitiesOf(addAmounts(...pods.map(requests))),
    daemonOverhead: quantitiesOf(node.pendingDaemonRequests),
    boundRequested: quantitiesOf(addAmounts(...node.pods.map(requests))),
    pods: pods.map(podKeyOf),
  };
}

function addedPods(
  { pods }: SchedulingInput,
  { onExistingNodes }: SchedulingPlan,
): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  if (onExistingNodes.size === 0) return byNode;
  for (const pod of pods) {
    const node = onExistingNodes.get(podKeyOf(pod));
    if (node === undefined) continue;
    const list = byNode.get(node);
    if (list === undefined) byNode.set(node, [pod]);
    else list.push(pod);
  }
  return byNode;
}
