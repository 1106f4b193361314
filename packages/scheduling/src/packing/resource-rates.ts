import type { PricedType } from "./pool-catalog.ts";
import { CPU, MEMORY } from "./resource-table.ts";

/** What a millicore and a byte are worth at least, USD per hour. */
interface ResourceRates {
  readonly cpuUsd: number;
  readonly memoryUsd: number;
  /** Share of the types that cost hardly more than what they hold is worth. */
  readonly efficientShare: number;
}

/** Types whose value per dollar differs by less count as equal. */
export const RATIO_TOLERANCE = 0.002;
/** A type that costs more than its value by less than this share is efficient. */
const EFFICIENCY_TOLERANCE = 0.15;
/** Steps of the search for the exchange rate between cpu and memory; each cuts the interval to two thirds. */
const RATE_STEPS = 20;
/** Demands are taken for equal until cpu for memory has changed by about 6 %. */
const DEMAND_STEPS_PER_DOUBLING = 12;

/** By types, then by the rounded logarithm of cpu for memory. */
const knownRates = new WeakMap<readonly PricedType[], Map<number, ResourceRates>>();

/**
 * The rates that make all pods as dear as possible while no type is worth more than it costs (the fluid bound, packing.md §2.1).
 * Only the ratio of the demands matters. `types` must not change.
 */
export function resourceRates(types: readonly PricedType[], demand: Float64Array): ResourceRates {
  const known = knownRates.get(types) ?? new Map<number, ResourceRates>();
  knownRates.set(types, known);
  const ratio = Math.max(1, demand[CPU] ?? 0) / Math.max(1, demand[MEMORY] ?? 0);
  const step = Math.round(Math.log2(ratio) * DEMAND_STEPS_PER_DOUBLING);
  let rates = known.get(step);
  if (rates === undefined) {
    rates = fluidRates(types, 2 ** (step / DEMAND_STEPS_PER_DOUBLING));
    known.set(step, rates);
  }
  return rates;
}

/** The bound is concave in the share of cpu, so that a ternary search finds it. */
function fluidRates(types: readonly PricedType[], cpuPerByte: number): ResourceRates {
  const cpuUnit = 1 / cpuPerByte;
  const bound = (share: number): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const { free, priceUsdPerHour } of types) {
      const value = share * cpuUnit * (free[CPU] ?? 0) + (1 - share) * (free[MEMORY] ?? 0);
      if (value > 0) least = Math.min(least, priceUsdPerHour / value);
    }
    return least;
  };
  let low = 0;
  let high = 1;
  for (let step = 0; step < RATE_STEPS; step += 1) {
    const first = low + (high - low) / 3;
    const second = high - (high - low) / 3;
    if (bound(first) < bound(second)) low = first;
    else high = second;
  }
  const share = (low + high) / 2;
  const scale = bound(share);
  const cpuUsd = share * cpuUnit * scale;
  const memoryUsd = (1 - share) * scale;
  const efficient = types.filter(
    ({ free, priceUsdPerHour }) =>
      priceUsdPerHour <= (1 + EFFICIENCY_TOLERANCE) * ((free[CPU] ?? 0) * cpuUsd + (free[MEMORY] ?? 0) * memoryUsd),
  );
  return { cpuUsd, memoryUsd, efficientShare: types.length === 0 ? 1 : efficient.length / types.length };
}
