export type { BoundProblem } from "./bound-problem.ts";
export { boundProblem } from "./bound-problem.ts";
export { limitsNeverBind } from "./claim-limits.ts";
export type { LoweredInput } from "./lower-input.ts";
export { loweredOnce, lowerInput } from "./lower-input.ts";
export { raisePacking, sideCostUsdPerHour, unplacedPods } from "./raise-packing.ts";
