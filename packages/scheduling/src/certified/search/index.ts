export { packingProblems } from "./packing-problems.ts";
export { fastPacking, solvePacking } from "./solve.ts";
