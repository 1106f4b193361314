import type { Pod } from "@nodeless/api";
import type { InstanceType, PlannedClaim, SchedulingInput, SchedulingPlan, UnplacedPod } from "../model.ts";
import { addAmounts } from "../resources/amounts.ts";
import { explainUnplaced } from "./explain-unplaced.ts";
import { fittingTypes } from "./fitting-types.ts";
import type { OpenClaim } from "./open-claim.ts";
import { survivingTypes, typesToSearch } from "./open-claim.ts";
import { PlacementAttempt } from "./placement-attempt.ts";
import type { PlanCandidate } from "./plan-candidate.ts";
import type { PlanningModel } from "./planning-model.ts";
import { planningModel } from "./planning-model.ts";
import { evenFilling, LIKE_KARPENTER } from "./strategies.ts";

/**
 * Places pods on existing nodes, then on claims opened in this pass, then on new claims of the pools in order of weight
 * (karpenter.md §3). Several ways of filling nodes are tried and the cheapest plan among those that place most pods is
 * taken; a Karpenter-style first fit is always one of them, so that the plan is never dearer than that.
 * Pure: equal input gives an equal plan, order included. Throws InvalidQuantityError for a pod whose requests are no quantities.
 */
export function planScheduling(input: SchedulingInput): SchedulingPlan {
  const model = planningModel(input);
  let best = candidateOf(new PlacementAttempt(model, LIKE_KARPENTER).run());
  if (best.priceUsdPerHour === 0) return best.plan();
  for (const find of otherWays(model)) {
    const candidate = find();
    if (candidate !== undefined && isBetter(candidate, best)) best = candidate;
  }
  return best.plan();
}

/** Ways of placing all pods of a pass other than the first fit; each may give up. */
function otherWays(model: PlanningModel): readonly (() => PlanCandidate | undefined)[] {
  const even = evenFilling(model);
  return even === undefined ? [] : [() => candidateOf(new PlacementAttempt(model, even).run())];
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

function plannedClaim(claim: OpenClaim, { model }: PlacementAttempt): PlannedClaim {
  const cheapest = typesToSearch(claim, claim.set)[claim.position];
  if (cheapest === undefined) throw new Error("a planned claim has no instance type");
  return {
    id: `${claim.catalog.pool.name}-${claim.order}`,
    nodePool: claim.catalog.pool.name,
    requirements: claim.set.requirements,
    instanceTypes: claimedTypes(claim),
    requests: addAmounts(model.resources.amounts(claim.used), cheapest.daemons.requests),
    pods: claim.pods,
  };
}

function claimedTypes(claim: OpenClaim): readonly InstanceType[] {
  return claim.limit === undefined
    ? fittingTypes(claim.set, claim.used)
    : survivingTypes(claim, claim.set, claim.used).map(({ type }) => type);
}

function unplacedPods(attempt: PlacementAttempt): readonly UnplacedPod[] {
  return [...attempt.unplaced].flatMap(([shape, pods]) => {
    const rejections = explainUnplaced(attempt, shape);
    return pods.map((pod: Pod): UnplacedPod => ({ pod, rejections }));
  });
}
