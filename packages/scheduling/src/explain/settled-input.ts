import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type {
  ExistingNode,
  Offering,
  PlannedClaim,
  Requirements,
  SchedulingInput,
  SchedulingNodePool,
  SchedulingPlan,
} from "../model.ts";
import { podKeyOf, requestsWithSlot } from "../packing/pod-shape.ts";
import { cheapestOffering } from "../requirements/offerings.ts";
import { addAmounts, subtractAmounts } from "../resources/amounts.ts";

/** A plan carried out, with one of its pods taken out again. */
export interface SettledPlan {
  readonly plan: SchedulingPlan;
  /** The pod that is asked about. */
  readonly pod: Pod;
  /** How the node of a claim is called. */
  readonly nameOf: (claim: PlannedClaim) => string;
}

/**
 * The input as it stands once the plan is carried out: its claims are nodes, its pods are bound, and only one pod is still to be placed. So
 * every candidate can be asked why it does not have the pod, with what is on it now.
 */
export function settledInput(input: SchedulingInput, { plan, pod, nameOf }: SettledPlan): SchedulingInput {
  const subject = podKeyOf(pod);
  const isOther = (other: Pod): boolean => podKeyOf(other) !== subject;
  const added = new Map<string, Pod[]>();
  for (const one of input.pods.filter(isOther)) {
    const node = plan.onExistingNodes.get(podKeyOf(one));
    if (node !== undefined) added.set(node, [...(added.get(node) ?? []), one]);
  }
  const pools = new Map(input.nodePools.map((pool) => [pool.name, pool]));
  return {
    ...input,
    pods: [pod],
    existingNodes: [
      ...input.existingNodes.map((node) => ({
        ...node,
        pods: [...node.pods.filter(isOther), ...(added.get(node.name) ?? [])],
      })),
      ...plan.claims.map((claim) => nodeOf(claim, { name: nameOf(claim), pool: pools.get(claim.nodePool), isOther })),
    ],
    nodePools: input.nodePools.map((pool) => ({
      ...pool,
      remainingLimits: afterClaims(pool.remainingLimits, claimsOf(plan, pool)),
    })),
  };
}

function claimsOf({ claims }: SchedulingPlan, { name }: SchedulingNodePool): readonly PlannedClaim[] {
  return claims.filter(({ nodePool }) => nodePool === name);
}

/** The node that the claim becomes when its cheapest offering is had. */
function nodeOf(
  claim: PlannedClaim,
  {
    name,
    pool,
    isOther,
  }: {
    readonly name: string;
    readonly pool: SchedulingNodePool | undefined;
    readonly isOther: (pod: Pod) => boolean;
  },
): ExistingNode {
  const [type] = claim.instanceTypes;
  const offering = type === undefined ? undefined : cheapestOffering(type, claim.requirements);
  const podRequests = addAmounts(...claim.pods.map(({ spec }) => requestsWithSlot(spec)));
  return {
    name,
    labels: {
      ...singleValues(type?.requirements),
      ...singleValues(claim.requirements),
      ...pool?.labels,
      ...(type === undefined ? {} : { [LABELS.instanceType]: type.name }),
      ...offeringLabels(offering),
      [LABELS.hostname]: name,
    },
    taints: pool?.taints ?? [],
    allocatable: type === undefined ? new Map() : subtractAmounts(type.capacity, type.overhead),
    pods: claim.pods.filter(isOther),
    pendingDaemonRequests: positive(subtractAmounts(claim.requests, podRequests)),
    initialized: true,
    nodePool: claim.nodePool,
  };
}

function positive(amounts: ResourceAmounts): ResourceAmounts {
  return new Map([...amounts].filter(([, amount]) => amount > 0));
}

function singleValues(requirements: Requirements | undefined): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const { key, complement, values } of requirements?.values() ?? []) {
    const [value] = values;
    if (!complement && values.size === 1 && value !== undefined) labels.set(key, value);
  }
  return Object.fromEntries(labels);
}

function offeringLabels(offering: Offering | undefined): Readonly<Record<string, string>> {
  if (offering === undefined) return {};
  const { zone, zoneId, capacityType } = offering;
  return {
    [LABELS.zone]: zone,
    [LABELS.capacityType]: capacityType,
    ...(zoneId === undefined ? {} : { [LABELS.zoneId]: zoneId }),
  };
}

function afterClaims(limits: ResourceAmounts, claims: readonly PlannedClaim[]): ResourceAmounts {
  const used = new Map(addAmounts(...claims.map(({ instanceTypes }) => instanceTypes[0]?.capacity ?? new Map())));
  used.set("nodes", claims.length);
  return new Map([...limits].map(([name, limit]) => [name, Math.max(0, limit - (used.get(name) ?? 0))]));
}
