export type { CatalogText, PlanCatalogOptions, SourcedPlanCatalog } from "./plan-catalog.ts";
export { planCatalog } from "./plan-catalog.ts";
export { UnknownRegionError } from "./unknown-region-error.ts";
export { UnknownZoneError } from "./unknown-zone-error.ts";
