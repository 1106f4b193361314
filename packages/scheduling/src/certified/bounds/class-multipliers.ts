import type { BoundModel, ShapeGroup } from "./bound-model.ts";

/**
 * One price per unit of each dimension for every class, purchasable and existing: any such prices under which no purchasable node is worth more
 * than it costs give a bound (packing.md §2.3).
 */
export interface ClassMultipliers {
  /** Class × dimension. */
  readonly purchasable: Float64Array;
  /** Existing class × dimension. */
  readonly existing: Float64Array;
}

export interface ValuedShapes {
  readonly podUsdPerHour: Float64Array;
  /** Not rounded; may be below 0 for bad multipliers. */
  readonly bound: number;
  /** By shape: where it is cheapest, existing class e as `classes.length + e`; -1 when nowhere. */
  readonly cheapest: Int32Array;
}

/** Scales every class until its best offering is worth exactly its price: up lifts the values, down makes them feasible. */
export function scaleToPrices(model: BoundModel, multipliers: ClassMultipliers): void {
  const { width, classes } = model;
  for (const [index, { prices, capacities }] of classes.entries()) {
    const values = multipliers.purchasable.subarray(index * width, (index + 1) * width);
    for (let d = 0; d < width; d++) {
      values[d] = Math.max(0, values[d] as number);
      if (hasFreeUnit(prices, capacities, { width, d })) values[d] = 0;
    }
    let theta = 0;
    for (let offering = 0; offering < prices.length; offering++) {
      let value = 0;
      for (let d = 0; d < width; d++) value += (values[d] as number) * (capacities[offering * width + d] as number);
      if (value > 0) theta = Math.max(theta, value / (prices[offering] as number));
    }
    if (theta > 0) for (let d = 0; d < width; d++) values[d] = (values[d] as number) / theta;
  }
}

function hasFreeUnit(
  prices: Float64Array,
  capacities: Float64Array,
  at: { readonly width: number; readonly d: number },
): boolean {
  for (let offering = 0; offering < prices.length && prices[offering] === 0; offering++) {
    if ((capacities[offering * at.width + at.d] as number) > 0) return true;
  }
  return false;
}

/** Each shape is worth the least that its room costs in any class open to it; existing room is subtracted once. */
export function valueShapes(model: BoundModel, multipliers: ClassMultipliers): ValuedShapes {
  const { width, groups, groupOf, weights, pods } = model;
  const podUsdPerHour = new Float64Array(pods.length);
  const cheapest = new Int32Array(pods.length).fill(-1);
  let bound = 0;
  for (let shape = 0; shape < pods.length; shape++) {
    const group = groups[groupOf[shape] as number] as ShapeGroup;
    let least = Number.POSITIVE_INFINITY;
    for (const index of group.classes) {
      const value = priceIn(multipliers.purchasable, index * width, { weights, start: shape * width, width });
      if (value < least) [least, cheapest[shape]] = [value, index];
    }
    if (least === Number.POSITIVE_INFINITY) continue;
    const count = pods[shape] as number;
    for (const index of count === 0 ? [] : group.existing) {
      const value = priceIn(multipliers.existing, index * width, { weights, start: shape * width, width });
      if (value < least) [least, cheapest[shape]] = [value, model.classes.length + index];
    }
    podUsdPerHour[shape] = least;
    bound += least * count;
  }
  for (const [index, { room }] of model.existing.entries()) {
    for (let d = 0; d < width; d++) bound -= (multipliers.existing[index * width + d] as number) * (room[d] as number);
  }
  return { podUsdPerHour, bound, cheapest };
}

function priceIn(
  multipliers: Float64Array,
  offset: number,
  { weights, start, width }: { readonly weights: Float64Array; readonly start: number; readonly width: number },
): number {
  let value = 0;
  for (let d = 0; d < width; d++) value += (multipliers[offset + d] as number) * (weights[start + d] as number);
  return value;
}

/** By offering of the problem: what it could hold at these prices relative to what it costs; 1 is perfect, 0 for offerings that others beat. */
export function offeringValueRatios(model: BoundModel, multipliers: ClassMultipliers): Float64Array {
  const { width } = model;
  const ratios = new Float64Array(model.problem.offerings.length);
  for (const [index, { offerings, prices, capacities }] of model.classes.entries()) {
    for (const [row, offering] of offerings.entries()) {
      const start = { weights: capacities, start: row * width, width };
      const value = priceIn(multipliers.purchasable, index * width, start);
      ratios[offering] = value > 0 ? value / (prices[row] as number) : 0;
    }
  }
  return ratios;
}
