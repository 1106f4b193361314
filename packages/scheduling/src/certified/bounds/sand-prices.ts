import type { FairPrices, PackingProblem } from "../problem.ts";
import { boundModel } from "./bound-model.ts";
import type { ColumnOptions } from "./generate-columns.ts";
import { generateColumnsOf } from "./generate-columns.ts";

/** Big shapes by default: more cost more than they add. */
const BIG_SHAPES = 60;

/**
 * The general refinement when shapes are many or prices uneven (packing.md §2.5): the most valuable shapes whole, all others divisible per mask and
 * resource. Never below {@link classPrices}, verified.
 */
export function sandPrices(problem: PackingProblem, options: ColumnOptions = {}): FairPrices {
  return generateColumnsOf(boundModel(problem), { bigShapesMax: BIG_SHAPES, ...options }).prices;
}
