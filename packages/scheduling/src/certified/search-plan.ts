import type { AttemptedPlan, PlanCandidate } from "../packing/plan-candidate.ts";
import { isBetter, writtenPlan } from "../packing/plan-candidate.ts";
import type { PlanningModel } from "../packing/planning-model.ts";
import type { LoweredInput } from "./lowering/index.ts";
import { limitsNeverBind, loweredOnce, raisePacking, sideCostUsdPerHour, unplacedPods } from "./lowering/index.ts";
import type { PlanTime } from "./plan-time.ts";
import type { PricedInput } from "./priced-input.ts";
import type { FairPrices } from "./problem.ts";
import type { SearchedInput } from "./search-input.ts";
import { searchInput } from "./search-input.ts";

interface SearchedPlan {
  readonly lowered: LoweredInput;
  readonly prices: FairPrices;
  readonly progress: SearchedInput["progress"];
  /** True if no plan that the fast gear constructs is better. */
  readonly coversConstruction: boolean;
  /** The plan, if it is better than the fast gear's and keeps the limits of the pools. Not yet checked. */
  readonly candidate: PlanCandidate | undefined;
}

interface PlanSearch {
  readonly time: PlanTime;
  /** True if time is to be kept for the bound. */
  readonly refines: boolean;
  readonly priced: PricedInput;
  /** What is to be beaten. */
  readonly fast: AttemptedPlan;
}

/** Lowers, searches and writes the best packing out. Undefined where numbers cannot express the rules, or where there is no time. */
export function searchPlan(model: PlanningModel, search: PlanSearch): SearchedPlan | undefined {
  const { time, refines, priced, fast } = search;
  if (!time.allowsLowering()) return undefined;
  const first = loweredOnce(model);
  if ("unsupported" in first || first.problem.shapes.length === 0 || !time.allowsSearch()) return undefined;
  // Where no pod is pinned, search and bound share what they know of the problem.
  const shared: LoweredInput = { ...first, problem: priced.sameProblem(first.problem) };
  const searched = searchInput(model, shared, time.search(refines));
  const { lowered, prices, progress, beganFast } = searched;
  const candidate = betterPlan(searched, fast);
  // The search's plan may keep limits that what the fast gear constructs does not: then that has another plan to offer.
  const coversConstruction = beganFast && candidate !== undefined && limitsNeverBind(model);
  return { lowered, prices, progress, coversConstruction, candidate };
}

function betterPlan({ lowered, packing }: SearchedInput, fast: AttemptedPlan): PlanCandidate | undefined {
  const priceUsdPerHour = packing.costUsdPerHour + sideCostUsdPerHour(lowered);
  if (!isBetter({ unplacedPods: unplacedPods(lowered, packing), priceUsdPerHour }, fast)) return undefined;
  const raised = raisePacking(lowered, packing, { rejectionsOf: (_, shape) => fast.rejectionsOf(shape) });
  if ("unraisable" in raised) return undefined;
  const candidate = writtenPlan(raised);
  return isBetter(candidate, fast) ? candidate : undefined;
}
