export { firstFit } from "./first-fit.ts";
export { packingProblems } from "./packing-problems.ts";
export type { ConstructPackingOptions } from "./solve.ts";
export { constructPacking, fastPacking, solvePacking } from "./solve.ts";
