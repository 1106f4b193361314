import type { Pod } from "@nodeless/api";
import { checkPlan } from "../checker/check-plan.ts";
import type { SchedulingInput, SchedulingPlan } from "../model.ts";
import { planFromModel } from "../packing/plan-scheduling.ts";
import type { PlanningModel } from "../packing/planning-model.ts";
import { planningModel } from "../packing/planning-model.ts";
import { podKeyOf } from "../packing/pod-shape.ts";
import { cheapestOffering } from "../requirements/offerings.ts";
import { raisePacking } from "./lowering/index.ts";
import { PricedInput } from "./priced-input.ts";
import type { ProgressPoint, SolveLimits } from "./problem.ts";
import type { SearchedInput } from "./search-input.ts";
import { searchInput } from "./search-input.ts";

/** What prices alone say about an input. */
export interface SchedulingBound {
  /** No plan that places the pods costs less. Pods that the plan in question leaves out are not counted. */
  readonly lowerBoundUsdPerHour: number;
  /** What a perfectly packed node would charge for the pod, by `namespace/name`. Pods that no instance type can hold are absent. */
  readonly fairPriceUsdPerHour: ReadonlyMap<string, number>;
}

/** A plan with the proof of how good it is. */
export interface CertifiedPlan extends SchedulingBound {
  readonly plan: SchedulingPlan;
  /** Sum over the claims of their cheapest offering, USD per hour. */
  readonly costUsdPerHour: number;
  /** Cost and bound over time: cost never rises, bound never falls. The last point is the result. */
  readonly progress: readonly ProgressPoint[];
  /** Which gear made the plan: the search, or the fast gear where the search found nothing cheaper. */
  readonly gear: "fast" | "optimize";
}

export interface OptimizeOptions extends SolveLimits {
  /** Pods that are not placed but get a fair price. Default: none. */
  readonly pricedOnly?: readonly Pod[];
}

export interface BoundOptions {
  /** Pods that are not placed but get a fair price. Default: none. */
  readonly pricedOnly?: readonly Pod[];
  /** Pods of the input that the plan in question leaves out. Default: none. */
  readonly unplaced?: readonly Pod[];
  /** Time for a better bound where few pods share a node. Default: none, which takes milliseconds. */
  readonly limits?: Pick<SolveLimits, "elapsedMs" | "timeMs">;
}

/** Raising a packing takes about so long; the search ends earlier by as much. */
const RAISE_MS_PER_POD = 0.006;

/** With more pods than this the time for a construction is better spent on the search, which begins with a more thorough one. */
const PODS_CONSTRUCTED_MAX = 3_000;

/**
 * Searches for the cheapest plan until the limits are reached and proves how far it is from what is possible. Rules that numbers
 * cannot express go through the first fit. The plan of the fast gear is always a candidate: what places more pods, then what
 * costs less, wins. A plan of the search that the checker objects to is not used. Checking comes on top of the time.
 * Pure: equal input gives an equal result if the limits stop at `triesMax`.
 */
export function optimizeScheduling(input: SchedulingInput, options: OptimizeOptions): CertifiedPlan {
  const model = planningModel(input);
  const first = planFromModel(model, { constructs: input.pods.length <= PODS_CONSTRUCTED_MAX });
  const priced = new PricedInput(input, options.pricedOnly ?? [], model);
  const early = pointOf(options, first, priced);
  // Results that only tries limit must not depend on what a clock allows.
  const refines = options.triesMax === undefined && priced.isRefinable;
  const found = search({ input, model, first, options: refines ? endingEarlier(options) : options });
  if (found !== undefined) priced.improve(found.searched.lowered, found.searched.prices);
  const plan = found?.plan ?? first;
  if (refines && isOpen(pointOf(options, plan, priced), options)) priced.refine(options);
  const last = pointOf(options, plan, priced);
  const between = plan === first ? [] : (found?.searched.progress ?? []).map((one) => ({ ...early, ...one }));
  return {
    plan,
    ...certificate(plan, priced),
    progress: monotone([early, ...between, last]),
    gear: plan === first ? "fast" : "optimize",
  };
}

const GAP_TOLERANCE_DEFAULT = 0.0005;

/** True if cost and bound are farther apart than asked for. */
function isOpen({ costUsdPerHour, lowerBoundUsdPerHour }: ProgressPoint, { gapTolerance }: SolveLimits): boolean {
  return costUsdPerHour > lowerBoundUsdPerHour * (1 + (gapTolerance ?? GAP_TOLERANCE_DEFAULT));
}

/** Share of the time that is kept for the bound where it pays. */
const REFINING_SHARE = 0.15;

function endingEarlier(options: OptimizeOptions): OptimizeOptions {
  const now = options.elapsedMs();
  return { ...options, timeMs: now + (1 - REFINING_SHARE) * Math.max(0, options.timeMs - now) };
}

/**
 * Bound and fair prices of an input without planning it, for plans that the fast gear made. Valid for every input: rules that the prices
 * do not know only forbid plans.
 */
export function boundScheduling(input: SchedulingInput, options: BoundOptions = {}): SchedulingBound {
  const priced = new PricedInput(input, options.pricedOnly ?? [], planningModel(input));
  if (options.limits !== undefined) priced.refine(options.limits);
  return {
    lowerBoundUsdPerHour: priced.lowerBoundUsdPerHour(options.unplaced ?? []),
    fairPriceUsdPerHour: priced.fairPrices(),
  };
}

/** Sum over the claims of their cheapest offering, USD per hour. */
export function planCostUsdPerHour({ claims }: SchedulingPlan): number {
  let cost = 0;
  for (const { instanceTypes, requirements } of claims) {
    const [type] = instanceTypes;
    cost += (type === undefined ? undefined : cheapestOffering(type, requirements))?.priceUsdPerHour ?? 0;
  }
  return cost;
}

interface Found {
  readonly searched: SearchedInput;
  /** The better of the search's plan and the first one. */
  readonly plan: SchedulingPlan;
}

function search(task: {
  readonly input: SchedulingInput;
  readonly model: PlanningModel;
  readonly first: SchedulingPlan;
  readonly options: OptimizeOptions;
}): Found | undefined {
  const { input, model, first, options } = task;
  const timeMs = Math.max(0, options.timeMs - RAISE_MS_PER_POD * input.pods.length);
  const searched = searchInput(model, { ...options, timeMs });
  if (searched === undefined) return undefined;
  const reasons = new Map(first.unplaced.map(({ pod, rejections }) => [podKeyOf(pod), rejections]));
  const raised = raisePacking(searched.lowered, searched.packing, {
    rejectionsOf: (pod) => reasons.get(podKeyOf(pod)),
  });
  const better = !("unraisable" in raised) && isBetter(raised, first) && checkPlan(input, raised).length === 0;
  return { searched, plan: better ? raised : first };
}

/** Differences below this are rounding noise. */
const COST_TOLERANCE = 1e-9;

function isBetter(plan: SchedulingPlan, than: SchedulingPlan): boolean {
  if (plan.unplaced.length !== than.unplaced.length) return plan.unplaced.length < than.unplaced.length;
  return planCostUsdPerHour(plan) < planCostUsdPerHour(than) * (1 - COST_TOLERANCE);
}

function certificate(
  plan: SchedulingPlan,
  priced: PricedInput,
): Pick<CertifiedPlan, "costUsdPerHour" | "lowerBoundUsdPerHour" | "fairPriceUsdPerHour"> {
  return {
    costUsdPerHour: planCostUsdPerHour(plan),
    lowerBoundUsdPerHour: priced.lowerBoundUsdPerHour(plan.unplaced.map(({ pod }) => pod)),
    fairPriceUsdPerHour: priced.fairPrices(),
  };
}

function pointOf({ elapsedMs }: SolveLimits, plan: SchedulingPlan, priced: PricedInput): ProgressPoint {
  const { costUsdPerHour, lowerBoundUsdPerHour } = certificate(plan, priced);
  return { ms: elapsedMs(), costUsdPerHour, lowerBoundUsdPerHour };
}

/** The points that lower the cost or lift the bound. A plan that places more pods may cost more than the first one: then only its own points count. */
function monotone(points: readonly ProgressPoint[]): readonly ProgressPoint[] {
  const last = points.at(-1);
  const kept: ProgressPoint[] = [];
  for (const point of [...points].reverse()) {
    const next = kept.at(-1) ?? last;
    if (
      next === undefined ||
      point.costUsdPerHour < next.costUsdPerHour ||
      point.lowerBoundUsdPerHour > next.lowerBoundUsdPerHour
    )
      continue;
    kept.push(point);
  }
  return kept.reverse();
}
