export { fastPacking } from "./fast-packing.ts";
export { solvePacking } from "./solve.ts";
