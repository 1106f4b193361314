import type { Pod } from "@nodeless/api";
import type { Rejection, SchedulingPlan } from "../model.ts";
import { explainUnplaced } from "../packing/explain-unplaced.ts";
import { PlacementAttempt } from "../packing/placement-attempt.ts";
import { planFromModel } from "../packing/plan-scheduling.ts";
import { plannedClaim } from "../packing/planned-claim.ts";
import type { PlanningModel, ShapeModel } from "../packing/planning-model.ts";
import { evenFilling, LIKE_KARPENTER } from "../packing/strategies.ts";
import { cheapestOffering } from "../requirements/offerings.ts";
import type { PlanTime } from "./plan-time.ts";

/** A placement of all pods, written out when it is chosen. */
export interface Candidate {
  /** Sum of the cheapest prices of all claims. */
  readonly priceUsdPerHour: number;
  readonly unplaced: readonly Pod[];
  /** New nodes. */
  readonly nodes: number;
  plan(): SchedulingPlan;
}

export interface FastCandidate extends Candidate {
  /** Why pods of the shape have no place; undefined if they have one. */
  rejectionsOf(shape: ShapeModel): readonly Rejection[] | undefined;
}

/** Up to so many pods the fast gear's other way is tried before the search; beyond, what the search begins with takes its place. */
const PODS_FOR_BOTH_WAYS_MAX = 500;

/** The first fit, which no plan may be dearer than; with few pods the better of that and the fast gear's other way. */
export function fastCandidate(model: PlanningModel, time: PlanTime): FastCandidate {
  const first = candidateOf(new PlacementAttempt(model, LIKE_KARPENTER).run());
  if (model.pods > PODS_FOR_BOTH_WAYS_MAX || first.priceUsdPerHour === 0 || !time.allowsAnotherWay()) return first;
  const strategy = evenFilling(model);
  const even = strategy && candidateOf(new PlacementAttempt(model, strategy).run());
  return even !== undefined && isBetter(even, first) ? even : first;
}

/** Where the search comes to nothing: whatever else the fast gear has to offer. */
export function anyFastCandidate(model: PlanningModel, first: Candidate, time: PlanTime): Candidate {
  if (!time.allowsAnotherWay()) return first;
  const other = writtenCandidate(planFromModel(model, { constructs: true }));
  return isBetter(other, first) ? other : first;
}

/** A plan that is written out. */
export function writtenCandidate(plan: SchedulingPlan): Candidate {
  return {
    priceUsdPerHour: planCostUsdPerHour(plan),
    unplaced: plan.unplaced.map(({ pod }) => pod),
    nodes: plan.claims.length,
    plan: () => plan,
  };
}

function candidateOf(attempt: PlacementAttempt): FastCandidate {
  const known = new Map<ShapeModel, readonly Rejection[]>();
  const rejectionsOf = (shape: ShapeModel): readonly Rejection[] | undefined => {
    if (!attempt.unplaced.has(shape)) return undefined;
    const rejections = known.get(shape) ?? explainUnplaced(attempt, shape);
    known.set(shape, rejections);
    return rejections;
  };
  return {
    priceUsdPerHour: attempt.priceUsdPerHour,
    unplaced: [...attempt.unplaced.values()].flat(),
    nodes: attempt.claims.length,
    rejectionsOf,
    plan: () => ({
      claims: attempt.claims.map((claim) => plannedClaim(claim, attempt)),
      onExistingNodes: attempt.onNodes,
      unplaced: [...attempt.unplaced].flatMap(([shape, pods]) =>
        pods.map((pod) => ({ pod, rejections: rejectionsOf(shape) ?? [] })),
      ),
    }),
  };
}

/** Differences of prices below this share are rounding noise. */
const PRICE_TOLERANCE = 1e-9;

/** What places more pods, then what costs less. */
export function isBetter(
  one: Pick<Candidate, "priceUsdPerHour" | "unplaced">,
  than: Pick<Candidate, "priceUsdPerHour" | "unplaced">,
): boolean {
  if (one.unplaced.length !== than.unplaced.length) return one.unplaced.length < than.unplaced.length;
  return one.priceUsdPerHour < than.priceUsdPerHour * (1 - PRICE_TOLERANCE);
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
