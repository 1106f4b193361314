export type { ClassFlow, ClassPrices, ClassPricesOptions } from "./class-prices.ts";
export { classPrices } from "./class-prices.ts";
export type { FluidPrices } from "./fluid-prices.ts";
export { fluidPrices } from "./fluid-prices.ts";
export { pruneOfferings } from "./prune-offerings.ts";
export type { PriceCheck } from "./verified-bound.ts";
export { checkPrices, verifiedBound } from "./verified-bound.ts";
