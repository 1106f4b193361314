import type { PlanCandidate } from "../../packing/plan-candidate.ts";
import type { PlanningModel } from "../../packing/planning-model.ts";
import { fastPacking } from "../search/index.ts";
import { limitsMayBind } from "./claim-limits.ts";
import { loweredOnce } from "./lower-input.ts";
import type { RaiseOptions } from "./raise-packing.ts";
import { missesCountedPods, raisePacking, sideCostUsdPerHour, sideNodes, unplacedPods } from "./raise-packing.ts";

/**
 * The fast gear's candidate beside the first fit: numbers, one construction by price per value, and back (packing.md §7). Its price is
 * never below what the plan costs. Undefined where the numbers cannot express the rules, or where the limits of a pool would be exceeded.
 */
export function constructScheduling(
  model: PlanningModel,
  rejectionsOf: NonNullable<RaiseOptions["rejectionsOf"]>,
): PlanCandidate | undefined {
  const lowered = loweredOnce(model);
  if ("unsupported" in lowered || lowered.problem.shapes.length === 0) return undefined;
  const packing = fastPacking(lowered.problem);
  if (missesCountedPods(lowered, packing)) return undefined;
  const raised = limitsMayBind(lowered, packing) ? raisePacking(lowered, packing) : undefined;
  if (raised !== undefined && "unraisable" in raised) return undefined;
  const plan = (): ReturnType<PlanCandidate["plan"]> => {
    const written = raisePacking(lowered, packing, { rejectionsOf });
    if ("unraisable" in written) throw new Error(written.unraisable);
    return written;
  };
  return {
    priceUsdPerHour: packing.costUsdPerHour + sideCostUsdPerHour(lowered),
    unplacedPods: unplacedPods(lowered, packing),
    nodes: packing.nodes.length + sideNodes(lowered),
    unplaced: () => plan().unplaced.map(({ pod }) => pod),
    plan,
  };
}
