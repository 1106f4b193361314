export type { ManifestSource } from "./documents/parsed-document.ts";
export type { PlanInputOptions } from "./plan-input.ts";
export { planInput } from "./plan-input.ts";
export type { ManifestProblem } from "./problem.ts";
export { formatManifestProblem, InvalidManifestsError } from "./problem.ts";
export type { ReadManifestsOptions } from "./read-manifests.ts";
export { readManifests, STANDARD_INPUT } from "./read-manifests.ts";
