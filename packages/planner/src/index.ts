export type * from "./contract.ts";
export type { PlanCatalogOptions, SourcedPlanCatalog } from "./catalog/index.ts";
export { planCatalog, UnknownRegionError } from "./catalog/index.ts";
