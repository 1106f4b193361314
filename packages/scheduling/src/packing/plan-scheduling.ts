import type { Pod } from "@nodeless/api";
import { constructScheduling } from "../certified/lowering/construct-scheduling.ts";
import type { SchedulingInput, SchedulingPlan, UnplacedPod } from "../model.ts";
import { explainUnplaced } from "./explain-unplaced.ts";
import { PlacementAttempt } from "./placement-attempt.ts";
import type { PlanCandidate } from "./plan-candidate.ts";
import { plannedClaim } from "./planned-claim.ts";
import type { PlanningModel } from "./planning-model.ts";
import { planningModel } from "./planning-model.ts";
import { resourceRates } from "./resource-rates.ts";
import { addInto } from "./resource-table.ts";
import { evenFilling, LIKE_KARPENTER } from "./strategies.ts";

/**
 * Places pods on existing nodes, then on claims opened in this pass, then on new claims of the pools in order of weight
 * (karpenter.md §3). Several ways of filling nodes are tried and the cheapest plan among those that place most pods is
 * taken; a Karpenter-style first fit is always one of them, so that the plan is never dearer than that.
 * Pure: equal input gives an equal plan, order included. Throws InvalidQuantityError for a pod whose requests are no quantities.
 */
export function planScheduling(input: SchedulingInput): SchedulingPlan {
  return planFromModel(planningModel(input));
}

/** {@link planScheduling} of an input whose model is at hand; `ways`: whether anything but the first fit is tried. */
export function planFromModel(model: PlanningModel, ways: "all" | "first-fit" = "all"): SchedulingPlan {
  const first = new PlacementAttempt(model, LIKE_KARPENTER).run();
  let best = candidateOf(first);
  for (const find of ways === "all" && best.priceUsdPerHour > 0 ? otherWays(model, first) : []) {
    const candidate = find();
    if (candidate !== undefined && isBetter(candidate, best)) best = candidate;
  }
  return best.plan();
}

/** Ways of placing all pods of a pass other than the first fit; each may give up. */
function otherWays(model: PlanningModel, first: PlacementAttempt): readonly (() => PlanCandidate | undefined)[] {
  const even = evenFilling(model);
  if (even === undefined) return [];
  const filled = (): PlanCandidate => candidateOf(new PlacementAttempt(model, even).run());
  // Numbers know nothing of reservations that run out.
  if (first.reservations !== undefined) return [filled];
  return isChoicePriced(model) ? [() => constructed(model, first), filled] : [filled];
}

/** A pool of which more types than this are about equally good has nothing to choose from by price. */
const EFFICIENT_SHARE_MAX = 0.5;

/** True if the price of a node depends much on which type is chosen. */
function isChoicePriced({ catalogs, shapes, resources }: PlanningModel): boolean {
  if (catalogs.length > 1) return true;
  const demand = new Float64Array(resources.names.length);
  for (const { shape, requests } of shapes) addInto(demand, requests, shape.pods.length);
  return catalogs.some(({ root }) => resourceRates(root.frontier, demand).efficientShare <= EFFICIENT_SHARE_MAX);
}

function constructed(model: PlanningModel, first: PlacementAttempt): PlanCandidate | undefined {
  const found = constructScheduling(model);
  return (
    found && {
      unplacedPods: found.unplacedPods,
      priceUsdPerHour: found.priceUsdPerHour,
      plan: () => found.raise((_, shape) => explainUnplaced(first, shape)),
    }
  );
}

/** Price differences below this are rounding noise. */
const PRICE_TOLERANCE = 1e-9;

function isBetter(candidate: PlanCandidate, best: PlanCandidate): boolean {
  if (candidate.unplacedPods !== best.unplacedPods) return candidate.unplacedPods < best.unplacedPods;
  return candidate.priceUsdPerHour < best.priceUsdPerHour * (1 - PRICE_TOLERANCE);
}

function candidateOf(attempt: PlacementAttempt): PlanCandidate {
  return {
    unplacedPods: attempt.unplacedPods,
    priceUsdPerHour: attempt.priceUsdPerHour,
    plan: () => ({
      claims: attempt.claims.map((claim) => plannedClaim(claim, attempt)),
      onExistingNodes: attempt.onNodes,
      unplaced: unplacedPods(attempt),
    }),
  };
}

function unplacedPods(attempt: PlacementAttempt): readonly UnplacedPod[] {
  return [...attempt.unplaced].flatMap(([shape, pods]) => {
    const rejections = explainUnplaced(attempt, shape);
    return pods.map((pod: Pod): UnplacedPod => ({ pod, rejections }));
  });
}
