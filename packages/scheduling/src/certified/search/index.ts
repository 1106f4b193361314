export { fastPacking, solvePacking } from "./solve.ts";
