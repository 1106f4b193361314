import { LABELS } from "@nodeless/api";
import type { OpenClaim } from "./open-claim.ts";
import { claimPriceUsdPerHour, typesToSearch, withinLimit } from "./open-claim.ts";
import type { PackingStrategy, PlacementAttempt } from "./placement-attempt.ts";
import type { PlanningModel } from "./planning-model.ts";
import { CPU, covers, MEMORY } from "./resource-table.ts";

/** Karpenter's way: the emptiest open claim first, every claim may grow to the largest type. */
export const LIKE_KARPENTER: PackingStrategy = {
  order: "fewest-pods",
  growthLimitUsdPerHour: () => Number.POSITIVE_INFINITY,
};

/** Share of the pods that one node is expected to get, relative to an even split; more means fewer and larger nodes. */
const FILLS: readonly number[] = [1, 1.5, Number.POSITIVE_INFINITY];

/**
 * Other ways of filling nodes worth trying for this input: claims are filled one after the other, and a claim may grow only into
 * the type that is cheapest for what a node can hope to get (packing.md §7). How much that is depends on how many nodes the
 * pods need at least because they repel each other; the tries differ in how far above an even split they go.
 */
export function cheapestStrategies(model: PlanningModel): readonly PackingStrategy[] {
  const hosts = hostsNeeded(model);
  const fills = hosts > 1 ? FILLS : [Number.POSITIVE_INFINITY];
  return fills.map((fill) => ({
    order: "oldest",
    growthLimitUsdPerHour: (claim, attempt) => efficientPrice(claim, attempt, { fill, hosts }),
  }));
}

/** The largest number of pods of one shape or group that must not share a host. */
function hostsNeeded({ shapes, topology: _ }: PlanningModel): number {
  const repelling = new Map<number, number>();
  for (const { shape, variants } of shapes)
    for (const group of variants.at(-1)?.rules.owned ?? []) {
      if (group.key !== LABELS.hostname || group.kind === "affinity") continue;
      if (variants.at(-1)?.rules.selectedBy.includes(group) !== true) continue;
      const perHost = group.kind === "spread" ? group.maxSkew : 1;
      repelling.set(group.index, (repelling.get(group.index) ?? 0) + shape.pods.length / perHost);
    }
  return Math.max(1, ...repelling.values());
}

/** Price of the type with the most value per dollar, where a node's value ends at what is left for it to hold. */
function efficientPrice(
  claim: OpenClaim,
  { outstanding, model, claims }: PlacementAttempt,
  { fill, hosts }: { readonly fill: number; readonly hosts: number },
): number {
  const nodesToCome = Math.max(1, hosts - claims.length);
  const share = Number.isFinite(fill) ? Math.min(1, fill / nodesToCome) : 1;
  const hope = outstanding.map((amount) => amount * share);
  const [cpuUsd, memoryUsd] = resourcePrices(claim, outstanding);
  let best = claimPriceUsdPerHour(claim);
  let bestRatio = Number.POSITIVE_INFINITY;
  for (const type of typesToSearch(claim, claim.set)) {
    if (!covers(type.free, claim.used) || !withinLimit(type, claim.limit)) continue;
    const cpu = Math.min(type.free[CPU] ?? 0, Math.max(hope[CPU] ?? 0, claim.used[CPU] ?? 0));
    const memory = Math.min(type.free[MEMORY] ?? 0, Math.max(hope[MEMORY] ?? 0, claim.used[MEMORY] ?? 0));
    const value = cpu * cpuUsd + memory * memoryUsd;
    const ratio = value > 0 ? type.priceUsdPerHour / value : Number.POSITIVE_INFINITY;
    // At equal value per dollar the larger node: it strands less.
    if (ratio > bestRatio * (1 + RATIO_TOLERANCE)) continue;
    bestRatio = Math.min(ratio, bestRatio);
    best = type.priceUsdPerHour;
  }
  return model.shapes.length === 0 ? Number.POSITIVE_INFINITY : best;
}

/** Types whose value per dollar differs by less count as equal. */
const RATIO_TOLERANCE = 0.002;
/** Steps of the search for the exchange rate between cpu and memory; each cuts the interval to two thirds. */
const RATE_STEPS = 20;

/**
 * What a millicore and a byte are worth at least: the prices that make all pods as dear as possible while no type is worth more
 * than it costs (the fluid bound, packing.md §2.1). The bound is concave in the share of cpu, so that a ternary search finds it.
 */
function resourcePrices(claim: OpenClaim, demand: Float64Array): readonly [number, number] {
  const types = typesToSearch(claim, claim.set);
  const cpuUnit = 1 / Math.max(1, demand[CPU] ?? 0);
  const memoryUnit = 1 / Math.max(1, demand[MEMORY] ?? 0);
  const bound = (share: number): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const { free, priceUsdPerHour } of types) {
      const value = share * cpuUnit * (free[CPU] ?? 0) + (1 - share) * memoryUnit * (free[MEMORY] ?? 0);
      if (value > 0) least = Math.min(least, priceUsdPerHour / value);
    }
    return least;
  };
  let low = 0;
  let high = 1;
  for (let step = 0; step < RATE_STEPS; step += 1) {
    const first = low + (high - low) / 3;
    const second = high - (high - low) / 3;
    if (bound(first) < bound(second)) low = first;
    else high = second;
  }
  const share = (low + high) / 2;
  const scale = bound(share);
  return [share * cpuUnit * scale, (1 - share) * memoryUnit * scale];
}
