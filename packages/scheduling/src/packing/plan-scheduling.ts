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
  return planFromModel(planningModel(input), { constructs: true });
}

/** {@link planScheduling} of an input whose model is at hand; `constructs`: false leaves out what a search begins with anyway. */
export function planFromModel(model: PlanningModel, { constructs }: { readonly constructs: boolean }): SchedulingPlan {
  const first = new PlacementAttempt(model, LIKE_KARPENTER).run();
  let best = candidateOf(first);
  for (const candidate of best.priceUsdPerHour > 0 ? otherWays(model, { first, constructs }) : [])
    if (isBetter(candidate, best)) best = candidate;
  return best.plan();
}

/** With more pods than this one good way beside the first fit is enough: what a second one saves is small, its time is not. */
const PODS_FOR_ALL_WAYS_MAX = 500;

/**
 * With fewer pods a construction, which takes milliseconds however few they are, found nothing cheaper than the other two ways in any workload
 * of the benchmark.
 */
const PODS_TO_CONSTRUCT_MIN = 6;

/** Ways of placing all pods of a pass other than the first fit. */
function* otherWays(
  model: PlanningModel,
  { first, constructs }: { readonly first: PlacementAttempt; readonly constructs: boolean },
): Generator<PlanCandidate> {
  const even = evenFilling(model);
  if (even === undefined) return;
  // Numbers know nothing of reservations that run out.
  const mayConstruct =
    constructs && model.pods >= PODS_TO_CONSTRUCT_MIN && first.reservations === undefined && isChoicePriced(model);
  const found = mayConstruct ? constructed(model, first) : undefined;
  if (found !== undefined) yield found;
  if (found === undefined || model.pods <= PODS_FOR_ALL_WAYS_MAX)
    yield candidateOf(new PlacementAttempt(model, even).run());
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
