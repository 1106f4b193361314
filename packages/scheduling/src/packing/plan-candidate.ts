import type { Pod } from "@nodeless/api";
import type { Rejection, SchedulingPlan } from "../model.ts";
import { cheapestOffering } from "../requirements/offerings.ts";
import { explainUnplaced } from "./explain-unplaced.ts";
import type { PlacementAttempt } from "./placement-attempt.ts";
import { plannedClaim } from "./planned-claim.ts";
import type { ShapeModel } from "./planning-model.ts";

/** A placement of all pods of a pass, to be compared with others before it is written out. */
export interface PlanCandidate {
  readonly unplacedPods: number;
  /** Sum of the cheapest prices of all claims. */
  readonly priceUsdPerHour: number;
  /** New nodes. */
  readonly nodes: number;
  unplaced(): readonly Pod[];
  plan(): SchedulingPlan;
}

/** What a finished attempt came to. */
export interface AttemptedPlan extends PlanCandidate {
  /** Why pods of the shape have no place; undefined if they have one. */
  rejectionsOf(shape: ShapeModel): readonly Rejection[] | undefined;
}

export function attemptedPlan(attempt: PlacementAttempt): AttemptedPlan {
  const known = new Map<ShapeModel, readonly Rejection[]>();
  const rejectionsOf = (shape: ShapeModel): readonly Rejection[] | undefined => {
    if (!attempt.unplaced.has(shape)) return undefined;
    const rejections = known.get(shape) ?? explainUnplaced(attempt, shape);
    known.set(shape, rejections);
    return rejections;
  };
  return {
    unplacedPods: attempt.unplacedPods,
    priceUsdPerHour: attempt.priceUsdPerHour,
    nodes: attempt.claims.length,
    unplaced: () => [...attempt.unplaced.values()].flat(),
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

/** A plan that is written out already. */
export function writtenPlan(plan: SchedulingPlan): PlanCandidate {
  return {
    unplacedPods: plan.unplaced.length,
    priceUsdPerHour: planCostUsdPerHour(plan),
    nodes: plan.claims.length,
    unplaced: () => plan.unplaced.map(({ pod }) => pod),
    plan: () => plan,
  };
}

/** Differences of prices below this share are rounding noise. */
const PRICE_TOLERANCE = 1e-9;

/** What places more pods, then what costs less. */
export function isBetter(
  one: Pick<PlanCandidate, "unplacedPods" | "priceUsdPerHour">,
  than: Pick<PlanCandidate, "unplacedPods" | "priceUsdPerHour">,
): boolean {
  if (one.unplacedPods !== than.unplacedPods) return one.unplacedPods < than.unplacedPods;
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
