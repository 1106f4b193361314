export type { PlanCatalogOptions, SourcedPlanCatalog } from "./plan-catalog.ts";
export { planCatalog, UnknownRegionError } from "./plan-catalog.ts";
