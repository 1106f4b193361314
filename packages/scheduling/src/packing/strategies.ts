import { LABELS } from "@nodeless/api";
import type { TopologyGroup } from "../topology/topology-group.ts";
import type { OpenClaim } from "./open-claim.ts";
import { claimPriceUsdPerHour, typesToSearch, withinLimit } from "./open-claim.ts";
import type { PackingStrategy, PlacementAttempt } from "./placement-attempt.ts";
import type { PlanningModel, ShapeModel } from "./planning-model.ts";
import { RATIO_TOLERANCE, resourceRates } from "./resource-rates.ts";
import { CPU, covers, MEMORY } from "./resource-table.ts";

/** Karpenter's way: the emptiest open claim first, every claim may grow to the largest type. */
export const LIKE_KARPENTER: PackingStrategy = {
  order: "fewest-pods",
  arrange: (shapes) => shapes,
  growthLimitUsdPerHour: () => Number.POSITIVE_INFINITY,
};

/**
 * Another way of filling nodes: claims are filled one after the other, and a claim may grow only into the type that is cheapest for
 * what a node can hope to get (packing.md §7). How much that is depends on how many nodes the pods need at least because they repel
 * each other: those go first, since placed last they would find the hosts full. Undefined where a first fit is the best already.
 */
export function evenFilling(model: PlanningModel): PackingStrategy | undefined {
  // A single pod gets the cheapest node at once.
  if (model.pods <= 1) return undefined;
  const hosts = hostsNeeded(model);
  return {
    order: "oldest",
    arrange: (shapes) =>
      hosts <= 1 ? shapes : [...shapes.filter(repels), ...shapes.filter((shape) => !repels(shape))],
    growthLimitUsdPerHour: (claim, attempt) => efficientPrice(claim, attempt, hosts),
  };
}

/** Rules by which pods of the shape, fully relaxed, keep each other off their host. */
function repellingGroups({ variants }: ShapeModel): readonly TopologyGroup[] {
  const { owned = [], selectedBy = [] } = variants.at(-1)?.rules ?? {};
  return owned.filter(
    (group) => group.key === LABELS.hostname && group.kind !== "affinity" && selectedBy.includes(group),
  );
}

const repels = (shape: ShapeModel): boolean => repellingGroups(shape).length > 0;

/** The largest number of hosts that pods of one group need because they repel each other. */
function hostsNeeded({ shapes }: PlanningModel): number {
  const needed = new Map<number, number>();
  for (const model of shapes)
    for (const { index, kind, maxSkew } of repellingGroups(model)) {
      const perHost = kind === "spread" ? maxSkew : 1;
      needed.set(index, (needed.get(index) ?? 0) + model.shape.pods.length / perHost);
    }
  return Math.max(1, ...needed.values());
}

/** Price of the type with the most value per dollar, where a node's value ends at what is left for it to hold. */
function efficientPrice(claim: OpenClaim, { outstanding, claims }: PlacementAttempt, hosts: number): number {
  const share = 1 / Math.max(1, hosts - claims.length);
  const types = typesToSearch(claim, claim.set);
  const { cpuUsd, memoryUsd } = resourceRates(types, outstanding);
  const cpuMax = Math.max((outstanding[CPU] ?? 0) * share, claim.used[CPU] ?? 0);
  const memoryMax = Math.max((outstanding[MEMORY] ?? 0) * share, claim.used[MEMORY] ?? 0);
  const valueMax = cpuMax * cpuUsd + memoryMax * memoryUsd;
  let best = claimPriceUsdPerHour(claim);
  let bestRatio = Number.POSITIVE_INFINITY;
  for (let index = claim.position; index < types.length; index += 1) {
    const type = types[index];
    // Types come by price and none is worth more than all there is.
    if (type === undefined || type.priceUsdPerHour > bestRatio * (1 + RATIO_TOLERANCE) * valueMax) break;
    const { free, priceUsdPerHour } = type;
    const value = Math.min(free[CPU] ?? 0, cpuMax) * cpuUsd + Math.min(free[MEMORY] ?? 0, memoryMax) * memoryUsd;
    const ratio = value > 0 ? priceUsdPerHour / value : Number.POSITIVE_INFINITY;
    // At equal value per dollar the larger node: it strands less.
    if (ratio > bestRatio * (1 + RATIO_TOLERANCE)) continue;
    if (!covers(free, claim.used) || !withinLimit(type, claim.limit)) continue;
    bestRatio = Math.min(ratio, bestRatio);
    best = priceUsdPerHour;
  }
  return best;
}
