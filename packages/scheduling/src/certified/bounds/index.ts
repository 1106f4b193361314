export type { ClassFlow, ClassPrices, ClassPricesOptions } from "./class-prices.ts";
export { classPrices } from "./class-prices.ts";
export type { FluidPrices } from "./fluid-prices.ts";
export { fluidPrices } from "./fluid-prices.ts";
export type { ColumnOptions, GeneratedColumn, GeneratedColumns } from "./generate-columns.ts";
export { generateColumns } from "./generate-columns.ts";
export { sandPrices } from "./sand-prices.ts";
export type { CheckLimits, PriceCheck } from "./verified-bound.ts";
export { checkPrices } from "./verified-bound.ts";
