export type { LoweredInput, Unsupported } from "./lower-input.ts";
export { lowerInput } from "./lower-input.ts";
export type { RaiseOptions, Unraisable } from "./raise-packing.ts";
export { raisePacking, unplacedPods } from "./raise-packing.ts";
