import type { OfferingIndex } from "./offering-index.ts";
import type { PackingTables } from "./packing-tables.ts";
import type { ShapeWorth } from "./pod-queue.ts";

/** Added to every worth, so that pods that ask for nothing are still worth placing. In USD per hour. */
const LEAST_WORTH = 1e-9;

/** How large pods count as when they are put in order, from fair prices and from what resources cost on average. */
export function shapeWorth(tables: PackingTables, index: OfferingIndex, podUsdPerHour: Float64Array): ShapeWorth {
  const { shapes, dimensions, requests } = tables;
  const unitPrices = averageUnitPrices(tables, index);
  const worth = new Float64Array(shapes);
  const dominant = new Float64Array(shapes);
  const mean = new Float64Array(shapes);
  for (let shape = 0; shape < shapes; shape += 1) {
    let largest = 0;
    let sum = 0;
    for (let dimension = 0; dimension < dimensions; dimension += 1) {
      const share = (requests[shape * dimensions + dimension] as number) * (unitPrices[dimension] as number);
      if (share > largest) largest = share;
      sum += share;
    }
    worth[shape] = Math.max(LEAST_WORTH, podUsdPerHour[shape] as number);
    dominant[shape] = largest;
    mean[shape] = sum / dimensions;
  }
  return { worth, dominant, mean };
}

/** By resource: what one unit would cost if it alone made up the price, on average over the offerings. */
function averageUnitPrices({ dimensions, free, price }: PackingTables, index: OfferingIndex): Float64Array {
  const offerings = index.all();
  const perUsd = new Float64Array(dimensions);
  for (const offering of offerings)
    for (let dimension = 0; dimension < dimensions; dimension += 1)
      perUsd[dimension] =
        (perUsd[dimension] as number) +
        (free[offering * dimensions + dimension] as number) / Math.max(LEAST_WORTH, price[offering] as number);
  return perUsd.map((amount) => (amount > 0 ? offerings.length / amount : 0));
}
