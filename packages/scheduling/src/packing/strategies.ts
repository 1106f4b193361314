import type { PackingStrategy } from "./placement-attempt.ts";
import type { PlanningModel } from "./planning-model.ts";

/** Karpenter's way: the emptiest open claim first, every claim may grow to the largest type. */
export const LIKE_KARPENTER: PackingStrategy = {
  order: "fewest-pods",
  growthLimitUsdPerHour: () => Number.POSITIVE_INFINITY,
};

/** Other ways of filling nodes worth trying for this input. */
export function cheapestStrategies(_model: PlanningModel): readonly PackingStrategy[] {
  return [{ order: "oldest", growthLimitUsdPerHour: () => Number.POSITIVE_INFINITY }];
}
