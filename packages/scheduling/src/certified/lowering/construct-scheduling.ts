import type { Pod } from "@nodeless/api";
import type { Rejection, SchedulingPlan } from "../../model.ts";
import type { PlanningModel, ShapeModel } from "../../packing/planning-model.ts";
import { fastPacking } from "../search/index.ts";
import { limitsMayBind } from "./claim-limits.ts";
import { loweredOnce } from "./lower-input.ts";
import { missesCountedPods, raisePacking, sideCostUsdPerHour, unplacedPods } from "./raise-packing.ts";

/** A plan whose price is known before it is written out. */
export interface ConstructedPlan {
  /** Never below what the plan costs. */
  readonly priceUsdPerHour: number;
  readonly unplacedPods: number;
  /** Writes the plan out; `rejectionsOf` says why a pod of the shape has no place. */
  raise(rejectionsOf: (pod: Pod, shape: ShapeModel) => readonly Rejection[]): SchedulingPlan;
}

/**
 * The fast gear's second candidate beside the first fit: numbers, one construction by price per value, and back (packing.md §7). Undefined
 * where the numbers cannot express the rules, or where the limits of a pool would be exceeded.
 */
export function constructScheduling(model: PlanningModel): ConstructedPlan | undefined {
  const lowered = loweredOnce(model);
  if ("unsupported" in lowered || lowered.problem.shapes.length === 0) return undefined;
  const packing = fastPacking(lowered.problem);
  if (missesCountedPods(lowered, packing)) return undefined;
  const raised = limitsMayBind(lowered, packing) ? raisePacking(lowered, packing) : undefined;
  if (raised !== undefined && "unraisable" in raised) return undefined;
  return {
    priceUsdPerHour: packing.costUsdPerHour + sideCostUsdPerHour(lowered),
    unplacedPods: unplacedPods(lowered, packing),
    raise(rejectionsOf) {
      const plan = raisePacking(lowered, packing, { rejectionsOf });
      if ("unraisable" in plan) throw new Error(plan.unraisable);
      return plan;
    },
  };
}
