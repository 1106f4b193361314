import type { SchedulingInput, SchedulingPlan } from "../model.ts";
import { FastGear } from "./fast-gear.ts";
import { planningModel } from "./planning-model.ts";

/**
 * Places pods on existing nodes, then on claims opened in this pass, then on new claims of the pools in order of weight
 * (karpenter.md §3). Several ways of filling nodes are tried and the cheapest plan among those that place most pods is
 * taken; a Karpenter-style first fit is always one of them, so that the plan is never dearer than that.
 * Pure: equal input gives an equal plan, order included. Throws InvalidQuantityError for a pod whose requests are no quantities.
 */
export function planScheduling(input: SchedulingInput): SchedulingPlan {
  return new FastGear(planningModel(input)).best().plan();
}
