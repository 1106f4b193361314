export type { ManifestSource } from "./documents/parsed-document.ts";
export type { PlanInputOptions } from "./plan-input.ts";
export { planInput } from "./plan-input.ts";
export type { ManifestProblem } from "./problem.ts";
export { formatManifestProblem, InvalidManifestsError } from "./problem.ts";
export { readManifests } from "./read-manifests.ts";
export type { ReadSourcesOptions } from "./source-reader.ts";
