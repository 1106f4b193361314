import type { Pod } from "@nodeless/api";
import { checkPlan } from "../checker/check-plan.ts";
import type { SchedulingInput, SchedulingPlan } from "../model.ts";
import type { PlanningModel } from "../packing/planning-model.ts";
import { planningModel } from "../packing/planning-model.ts";
import type { Candidate } from "./candidates.ts";
import { anyFastCandidate, fastCandidate } from "./candidates.ts";
import { PlanTime } from "./plan-time.ts";
import { PricedInput } from "./priced-input.ts";
import type { ProgressPoint, SolveLimits } from "./problem.ts";
import { searchPlan } from "./search-plan.ts";

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

/**
 * Searches for the cheapest plan until the limits are reached and proves how far it is from what is possible. Rules that numbers
 * cannot express go through the first fit. The plan of the fast gear is always a candidate: what places more pods, then what
 * costs less, wins. A plan of the search that the checker objects to is not used. Reading the input, a first bound and the first fit
 * are never left out, however little time there is; checking comes on top of the time.
 * Pure: equal input gives an equal result if the limits stop at `triesMax`.
 */
export function optimizeScheduling(input: SchedulingInput, options: OptimizeOptions): CertifiedPlan {
  const startMs = options.elapsedMs();
  const model = planningModel(input);
  const time = new PlanTime(options, { startMs, pods: model.pods });
  const priced = new PricedInput(input, options.pricedOnly ?? [], model);
  const fast = fastCandidate(model, time);
  const early = pointOf(options, fast, priced);
  const refines = options.triesMax === undefined && priced.isRefinable && isCoarse(fast, model);
  const searched = searchPlan(model, { time, refines, priced, fast });
  if (searched !== undefined) priced.improve(searched.lowered, searched.prices, options);
  const found = searched?.candidate;
  if (refines && isOpen(pointOf(options, found ?? fast, priced), options)) priced.refine(options);
  const isSound = found !== undefined && checkPlan(input, found.plan()).length === 0;
  const chosen = isSound ? found : anyFastCandidate(model, fast, time);
  const last = pointOf(options, chosen, priced);
  const between = isSound ? (searched?.progress ?? []).map((one) => ({ ...early, ...one })) : [];
  return {
    plan: chosen.plan(),
    costUsdPerHour: last.costUsdPerHour,
    lowerBoundUsdPerHour: last.lowerBoundUsdPerHour,
    fairPriceUsdPerHour: priced.fairPrices(),
    progress: monotone([early, ...between, last]),
    gear: isSound ? "optimize" : "fast",
  };
}

/** A bound on whole nodes is better than one on divisible pods where few pods share a node, or where there are few nodes at all. */
const PODS_PER_NODE_MAX = 12;
const NODES_MAX = 12;

function isCoarse({ nodes }: Candidate, { pods }: PlanningModel): boolean {
  return nodes <= NODES_MAX || pods < nodes * PODS_PER_NODE_MAX;
}

const GAP_TOLERANCE_DEFAULT = 0.0005;

/** True if cost and bound are farther apart than asked for. */
function isOpen({ costUsdPerHour, lowerBoundUsdPerHour }: ProgressPoint, { gapTolerance }: SolveLimits): boolean {
  return costUsdPerHour > lowerBoundUsdPerHour * (1 + (gapTolerance ?? GAP_TOLERANCE_DEFAULT));
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

function pointOf({ elapsedMs }: SolveLimits, candidate: Candidate, priced: PricedInput): ProgressPoint {
  return {
    ms: elapsedMs(),
    costUsdPerHour: candidate.priceUsdPerHour,
    lowerBoundUsdPerHour: priced.lowerBoundUsdPerHour(candidate.unplaced),
  };
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
