export type { BoundProblem } from "./bound-problem.ts";
export { boundProblem } from "./bound-problem.ts";
export type { ConstructedPlan } from "./construct-scheduling.ts";
export { constructScheduling } from "./construct-scheduling.ts";
export type { LoweredInput, Unsupported } from "./lower-input.ts";
export { loweredOnce, lowerInput } from "./lower-input.ts";
export type { RaiseOptions, Unraisable } from "./raise-packing.ts";
export { raisePacking, sideCostUsdPerHour, unplacedPods } from "./raise-packing.ts";
