import type { PackingTables } from "./packing-tables.ts";

/** Steps of the search for the exchange rate; each cuts the interval to two thirds. */
const RATE_STEPS = 40;

/** Prices of the first two resources that make all pods as dear as possible while no offering is worth more than it costs. */
export function simplePrices(tables: PackingTables): Float64Array {
  const { dimensions, shapes, offerings, pods, requests, free, price } = tables;
  const demand = [0, 0];
  for (let shape = 0; shape < shapes; shape += 1)
    for (const index of [0, 1])
      demand[index] = (demand[index] ?? 0) + (pods[shape] as number) * (requests[shape * dimensions + index] as number);
  const units = demand.map((amount) => 1 / Math.max(1, amount));
  const bound = (share: number): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let offering = 0; offering < offerings; offering += 1) {
      const base = offering * dimensions;
      const value =
        share * (units[0] ?? 0) * (free[base] as number) + (1 - share) * (units[1] ?? 0) * (free[base + 1] as number);
      if (value > 0) least = Math.min(least, (price[offering] as number) / value);
    }
    return Number.isFinite(least) ? least : 0;
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
  const result = new Float64Array(dimensions);
  result[0] = share * (units[0] ?? 0) * bound(share);
  result[1] = (1 - share) * (units[1] ?? 0) * bound(share);
  return result;
}
