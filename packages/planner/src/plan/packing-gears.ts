import type { Pod } from "@nodeless/api";
import {
  boundScheduling,
  optimizeScheduling,
  type ProgressPoint,
  planScheduling,
  podKeyOf,
  type SchedulingBound,
  type SchedulingInput,
  type SchedulingPlan,
  wellPackedPrices,
} from "@nodeless/scheduling";
import { cheapestPurchase } from "./plan-nodes.ts";
import type { PlanOptions } from "./plan-options.ts";

/** A plan with its bound. */
export interface BoundedPlan {
  readonly plan: SchedulingPlan;
  readonly bound: SchedulingBound;
  /** How the search came to it; empty in the fast gear. */
  readonly progress: readonly ProgressPoint[];
}

const TIME_DEFAULT_MS = 1_000;
/**
 * Time for a better bound of a fast plan. Few kinds of pods of which few fit a node, as most manifests have, need 5 to 80 ms until nothing more
 * can be proved; more than 60 kinds take none of it. A tenth of a second is not noticed beside starting the command and reading the files.
 */
const BOUND_TIME_MS = 100;
/** More kinds of pods take none of that time. */
const BOUND_KINDS_MAX = 60;
/** A bound so near to the cost is shown as the cost. */
const GAP_SHOWN = 0.0005;

/** Plans in the gear that was asked for. `elsewhere` are pods that run on Fargate: they get a fair price and no place. */
export function packPods(input: SchedulingInput, elsewhere: readonly Pod[], options: PlanOptions): BoundedPlan {
  const packed = packedIn(input, options);
  if (elsewhere.length === 0) return packed;
  const fairPriceUsdPerHour = new Map([
    ...packed.bound.fairPriceUsdPerHour,
    ...pricesAmongAll(placedInput(input, packed.plan), elsewhere),
  ]);
  return { ...packed, bound: { ...packed.bound, fairPriceUsdPerHour } };
}

/**
 * Fair prices of pods that run elsewhere, as if they ran on new nodes together with the others: the prices of a few other pods alone may
 * say nothing of a resource that those hardly use, or charge one pod for a whole node.
 */
function pricesAmongAll(input: SchedulingInput, elsewhere: readonly Pod[]): readonly (readonly [string, number])[] {
  const fairPriceUsdPerHour = wellPackedPrices({ ...input, pods: [...input.pods, ...elsewhere] });
  return elsewhere.map(podKeyOf).flatMap((key) => {
    const usdPerHour = fairPriceUsdPerHour.get(key);
    return usdPerHour === undefined ? [] : [[key, usdPerHour] as const];
  });
}

function packedIn(input: SchedulingInput, options: PlanOptions): BoundedPlan {
  if (options.gear !== "optimize") {
    const plan = planScheduling(input);
    return { plan, bound: fastBound(placedInput(input, plan), plan, options), progress: [] };
  }
  const { monotonicMs, timeMs = TIME_DEFAULT_MS, triesMax, seed } = options;
  const startedMs = monotonicMs();
  const { plan, lowerBoundUsdPerHour, fairPriceUsdPerHour, progress } = optimizeScheduling(input, {
    elapsedMs: () => monotonicMs() - startedMs,
    timeMs,
    ...(triesMax === undefined ? {} : { triesMax }),
    ...(seed === undefined ? {} : { seed }),
  });
  const searched = { plan, bound: { lowerBoundUsdPerHour, fairPriceUsdPerHour }, progress };
  return { ...searched, bound: shownBound(input, searched, options) };
}

/** A search that is short, or busy with the cost, may prove less than a fast plan shows. */
function shownBound(input: SchedulingInput, { plan, bound }: BoundedPlan, options: PlanOptions): SchedulingBound {
  if (new Set(input.pods.map(({ spec }) => spec)).size > BOUND_KINDS_MAX) return bound;
  const shown = fastBound(placedInput(input, plan), plan, options);
  return shown.lowerBoundUsdPerHour > bound.lowerBoundUsdPerHour ? shown : bound;
}

/** True if the bound shows that no other plan is cheaper by as much as is shown. */
export function isAtBound(plan: SchedulingPlan, { lowerBoundUsdPerHour }: SchedulingBound): boolean {
  return costOf(plan) <= lowerBoundUsdPerHour * (1 + GAP_SHOWN);
}

/** What its new nodes cost. */
export function costOf({ claims }: SchedulingPlan): number {
  let usdPerHour = 0;
  for (const claim of claims) usdPerHour += cheapestPurchase(claim).offering.priceUsdPerHour;
  return usdPerHour;
}

/** The bound that costs milliseconds, and a better one where that one is far from the plan's cost. */
function fastBound(placed: SchedulingInput, plan: SchedulingPlan, { monotonicMs }: PlanOptions): SchedulingBound {
  const bound = boundScheduling(placed);
  if (isAtBound(plan, bound)) return bound;
  const startedMs = monotonicMs();
  const limits = { elapsedMs: () => monotonicMs() - startedMs, timeMs: BOUND_TIME_MS };
  return boundScheduling(placed, { limits });
}

/** The bound counts only what is placed: else a plan that refuses pods would look better than what is possible. */
export function placedInput(input: SchedulingInput, plan: SchedulingPlan): SchedulingInput {
  if (plan.unplaced.length === 0) return input;
  const unplaced = new Set(plan.unplaced.map(({ pod }) => podKeyOf(pod)));
  return { ...input, pods: input.pods.filter((pod) => !unplaced.has(podKeyOf(pod))) };
}

/** The bound for all pods of the input; undefined when some of them fits nowhere. */
export function boundOf(input: SchedulingInput): number | undefined {
  const { lowerBoundUsdPerHour, fairPriceUsdPerHour } = boundScheduling(input);
  const fits = input.pods.every((pod) => fairPriceUsdPerHour.has(podKeyOf(pod)));
  return fits ? lowerBoundUsdPerHour : undefined;
}
