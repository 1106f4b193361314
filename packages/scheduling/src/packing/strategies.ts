import { LABELS } from "@nodeless/api";
import type { TopologyGroup } from "../topology/topology-group.ts";
import type { OpenClaim } from "./open-claim.ts";
import { claimPriceUsdPerHour, typesToSearch, withinLimit } from "./open-claim.ts";
import type { PackingStrategy, PlacementAttempt } from "./placement-attempt.ts";
import type { PlanningModel, ShapeModel } from "./planning-model.ts";
import type { PricedType } from "./pool-catalog.ts";
import { CPU, covers, MEMORY } from "./resource-table.ts";

/** Karpenter's way: the emptiest open claim first, every claim may grow to the largest type. */
export const LIKE_KARPENTER: PackingStrategy = {
  order: "fewest-pods",
  arrange: (shapes) => shapes,
  growthLimitUsdPerHour: () => Number.POSITIVE_INFINITY,
};

/** One try: how full a node is expected to get, and which pods go first. */
interface Try {
  /** Share of the pods that one node is expected to get, relative to an even split; more means fewer and larger nodes. */
  readonly fill: number;
  /** Pods that need a host each whatever happens go first; placed last, they would find the hosts full. */
  readonly repellingFirst: boolean;
}

const TRIES: readonly Try[] = [
  { fill: 1.5, repellingFirst: false },
  { fill: 1, repellingFirst: false },
  { fill: 1.5, repellingFirst: true },
  { fill: 1, repellingFirst: true },
  { fill: Number.POSITIVE_INFINITY, repellingFirst: true },
];
/** Above this only the first of {@link TRIES} is made: the best on large mixes as measured, and large batches must stay fast. */
const PODS_FOR_ALL_TRIES_MAX = 3_000;

/**
 * Other ways of filling nodes worth trying for this input: claims are filled one after the other, and a claim may grow only into
 * the type that is cheapest for what a node can hope to get (packing.md §7). How much that is depends on how many nodes the
 * pods need at least because they repel each other; the tries differ in how far above an even split they go.
 */
export function cheapestStrategies(model: PlanningModel): readonly PackingStrategy[] {
  // A single pod gets the cheapest node at once.
  if (model.pods <= 1) return [];
  const hosts = hostsNeeded(model);
  return triesFor(hosts, model.pods).map(({ fill, repellingFirst }) => ({
    order: "oldest",
    arrange: (shapes) =>
      repellingFirst ? [...shapes.filter(repels), ...shapes.filter((shape) => !repels(shape))] : shapes,
    growthLimitUsdPerHour: (claim, attempt) => efficientPrice(claim, attempt, { fill, hosts }),
  }));
}

function triesFor(hosts: number, pods: number): readonly Try[] {
  if (hosts <= 1) return [{ fill: Number.POSITIVE_INFINITY, repellingFirst: false }];
  return pods > PODS_FOR_ALL_TRIES_MAX ? TRIES.slice(0, 1) : TRIES;
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
function efficientPrice(
  claim: OpenClaim,
  { outstanding, claims }: PlacementAttempt,
  { fill, hosts }: { readonly fill: number; readonly hosts: number },
): number {
  const nodesToCome = Math.max(1, hosts - claims.length);
  const share = Number.isFinite(fill) ? Math.min(1, fill / nodesToCome) : 1;
  const types = typesToSearch(claim, claim.set);
  const [cpuUsd, memoryUsd] = resourcePrices(types, outstanding);
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

/** Types whose value per dollar differs by less count as equal. */
const RATIO_TOLERANCE = 0.002;
/** Steps of the search for the exchange rate between cpu and memory; each cuts the interval to two thirds. */
const RATE_STEPS = 20;
/** Demands are taken for equal until cpu for memory has changed by about 6 %. */
const DEMAND_STEPS_PER_DOUBLING = 12;

/** By types, then by the rounded logarithm of cpu for memory. */
const knownPrices = new WeakMap<readonly PricedType[], Map<number, readonly [number, number]>>();

/**
 * What a millicore and a byte are worth at least: the prices that make all pods as dear as possible while no type is worth more
 * than it costs (the fluid bound, packing.md §2.1). Only the ratio of the demands matters.
 */
function resourcePrices(types: readonly PricedType[], demand: Float64Array): readonly [number, number] {
  const known = knownPrices.get(types) ?? new Map<number, readonly [number, number]>();
  knownPrices.set(types, known);
  const ratio = Math.max(1, demand[CPU] ?? 0) / Math.max(1, demand[MEMORY] ?? 0);
  const step = Math.round(Math.log2(ratio) * DEMAND_STEPS_PER_DOUBLING);
  let prices = known.get(step);
  if (prices === undefined) {
    prices = fluidPrices(types, 2 ** (step / DEMAND_STEPS_PER_DOUBLING));
    known.set(step, prices);
  }
  return prices;
}

/** The bound is concave in the share of cpu, so that a ternary search finds it. */
function fluidPrices(types: readonly PricedType[], cpuPerByte: number): readonly [number, number] {
  const cpuUnit = 1 / cpuPerByte;
  const bound = (share: number): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const { free, priceUsdPerHour } of types) {
      const value = share * cpuUnit * (free[CPU] ?? 0) + (1 - share) * (free[MEMORY] ?? 0);
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
  return [share * cpuUnit * scale, (1 - share) * scale];
}
