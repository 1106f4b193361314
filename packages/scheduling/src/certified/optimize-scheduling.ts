import type { Pod } from "@nodeless/api";
import { checkPlan } from "../checker/check-plan.ts";
import type { SchedulingInput, SchedulingPlan } from "../model.ts";
import { FastGear } from "../packing/fast-gear.ts";
import type { AttemptedPlan, PlanCandidate } from "../packing/plan-candidate.ts";
import { isBetter } from "../packing/plan-candidate.ts";
import type { PlanningModel } from "../packing/planning-model.ts";
import { planningModel } from "../packing/planning-model.ts";
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

export interface BoundOptions {
  /** Pods of the input that the plan in question leaves out. Default: none. */
  readonly unplaced?: readonly Pod[];
  /** Time for a better bound where few pods share a node. Default: none, which takes milliseconds. */
  readonly limits?: Pick<SolveLimits, "elapsedMs" | "timeMs">;
}

/**
 * Searches for the cheapest plan until the limits are reached and proves how far it is from what is possible. Rules that numbers
 * cannot express go through the first fit. The plan is never worse than that of {@link planScheduling}: what places more pods, then what
 * costs less, wins. A plan of the search that the checker objects to is not used. Reading the input, a first bound and the first fit
 * are never left out, however little time there is; checking, and where the cost is not near the bound the rest of the fast gear, come on
 * top of the time.
 * Pure: equal input gives an equal result if the limits stop at `triesMax`.
 */
export function optimizeScheduling(input: SchedulingInput, limits: SolveLimits): CertifiedPlan {
  const startMs = limits.elapsedMs();
  const model = planningModel(input);
  const time = new PlanTime(limits, { startMs, pods: model.pods });
  const priced = new PricedInput(model);
  const fast = new FastGear(model);
  const start = searchStart(fast, time);
  const early = pointOf(limits, start, priced);
  const refines = limits.triesMax === undefined && priced.isRefinable && isCoarse(start, model);
  const searched = searchPlan(model, { time, refines, priced, fast: start });
  if (searched !== undefined) priced.improve(searched.lowered, searched.prices, limits);
  const found = searched?.candidate;
  if (refines && isOpen(pointOf(limits, found ?? start, priced), limits)) priced.refine(limits);
  const isSound = found !== undefined && checkPlan(input, found.plan()).length === 0;
  const isCovered = isSound && searched?.coversConstruction === true;
  const chosen = noWorseThan(
    () => (isCovered ? fast.besideConstruction() : fast.best()),
    isSound ? found : start,
    priced,
  );
  const last = pointOf(limits, chosen, priced);
  const between = isSound ? (searched?.progress ?? []).map((one) => ({ ...early, ...one })) : [];
  return {
    plan: chosen.plan(),
    costUsdPerHour: last.costUsdPerHour,
    lowerBoundUsdPerHour: last.lowerBoundUsdPerHour,
    fairPriceUsdPerHour: priced.fairPrices(),
    progress: monotone([early, ...between, last]),
    gear: chosen === found ? "optimize" : "fast",
  };
}

/** What the search has to beat: the more even filling is worth its time where {@link FastGear.best} would try it anyway. */
function searchStart(fast: FastGear, time: PlanTime): AttemptedPlan {
  return fast.triesAllWays && time.allowsAnotherWay() ? fast.better() : fast.first;
}

/** So near to the bound no other plan is worth looking at. */
const GAP_SURE = 0.02;

/** The plan of the fast gear where that is the better one: a search may be cut off before it is as good. */
function noWorseThan(rival: () => PlanCandidate, plan: PlanCandidate, priced: PricedInput): PlanCandidate {
  if (plan.unplacedPods === 0 && plan.priceUsdPerHour <= priced.lowerBoundUsdPerHour([]) * (1 + GAP_SURE)) return plan;
  const fast = rival();
  return isBetter(fast, plan) ? fast : plan;
}

/** A bound on whole nodes is better than one on divisible pods where few pods share a node, or where there are few nodes at all. */
const PODS_PER_NODE_MAX = 12;
const NODES_MAX = 12;

function isCoarse({ nodes }: PlanCandidate, { pods }: PlanningModel): boolean {
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
  const priced = new PricedInput(planningModel(input));
  if (options.limits !== undefined) priced.refine(options.limits);
  return {
    lowerBoundUsdPerHour: priced.lowerBoundUsdPerHour(options.unplaced ?? []),
    fairPriceUsdPerHour: priced.fairPrices(),
  };
}

/**
 * By `namespace/name`: what well-packed nodes charge for each pod in a cluster that has many times as many of each, so that no node is bought for a few of them. Says
 * what a pod adds to a cluster that grows, and nothing about this input's cost. Existing nodes do not count. Pods that no instance type can hold are absent.
 */
export function wellPackedPrices(input: SchedulingInput): ReadonlyMap<string, number> {
  return new PricedInput(planningModel({ ...input, existingNodes: [] }), { podsFactor: LARGE_CLUSTER }).fairPrices();
}

/** So many times as many pods fill nodes of any size. */
const LARGE_CLUSTER = 10_000;

function pointOf({ elapsedMs }: SolveLimits, candidate: PlanCandidate, priced: PricedInput): ProgressPoint {
  return {
    ms: elapsedMs(),
    costUsdPerHour: candidate.priceUsdPerHour,
    lowerBoundUsdPerHour: priced.lowerBoundUsdPerHour(candidate.unplacedPods === 0 ? [] : candidate.unplaced()),
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
