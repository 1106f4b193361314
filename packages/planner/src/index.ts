export type { CatalogText, PlanCatalogOptions, SourcedPlanCatalog } from "./catalog/index.ts";
export { planCatalog, UnknownRegionError } from "./catalog/index.ts";
export type * from "./contract.ts";
export * from "./diff/index.ts";
export * from "./lint/index.ts";
export * from "./manifests/index.ts";
export * from "./plan/index.ts";
export * from "./report/index.ts";
export * from "./why/index.ts";
