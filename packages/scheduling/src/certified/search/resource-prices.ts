import type { SearchContext } from "./search-context.ts";

const SWEEPS = 60;

/**
 * By resource: the price per unit, ≥ 0, with which requests explain the pods' prices best (least squares by coordinates). Prices of pods are
 * sums over their requests, or nearly so.
 */
export function resourcePrices(
  { tables, purchasable }: Pick<SearchContext, "tables" | "purchasable">,
  podUsdPerHour: Float64Array,
): Float64Array {
  const { dimensions, shapes, requests, pods } = tables;
  const unitPrices = new Float64Array(dimensions);
  const left = new Float64Array(shapes);
  const squares = new Float64Array(dimensions);
  for (let shape = 0; shape < shapes; shape += 1) left[shape] = podUsdPerHour[shape] as number;
  const weight = (shape: number): number => (purchasable[shape] === 0 ? 0 : (pods[shape] as number));
  for (let shape = 0; shape < shapes; shape += 1)
    for (let index = 0; index < dimensions; index += 1)
      squares[index] =
        (squares[index] as number) + weight(shape) * (requests[shape * dimensions + index] as number) ** 2;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1)
    for (let index = 0; index < dimensions; index += 1) {
      if (squares[index] === 0) continue;
      let product = 0;
      for (let shape = 0; shape < shapes; shape += 1)
        product += weight(shape) * (left[shape] as number) * (requests[shape * dimensions + index] as number);
      const before = unitPrices[index] as number;
      const after = Math.max(0, before + product / (squares[index] as number));
      unitPrices[index] = after;
      for (let shape = 0; shape < shapes; shape += 1)
        left[shape] = (left[shape] as number) - (after - before) * (requests[shape * dimensions + index] as number);
    }
  return unitPrices;
}
