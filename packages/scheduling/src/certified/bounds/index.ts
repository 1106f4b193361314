export type { FluidPrices } from "./fluid-prices.ts";
export { fluidPrices } from "./fluid-prices.ts";
export { pruneOfferings } from "./prune-offerings.ts";
