import type { PackingProblem } from "../problem.ts";

/** Nodes to choose from. */
export interface PricedCapacities {
  readonly prices: Float64Array;
  /** Row × dimension. */
  readonly capacities: Float64Array;
  readonly width: number;
}

/** The rows that no other row beats in price and in every dimension, in rising price; the first wins among equals. */
export function undominated({ prices, capacities, width }: PricedCapacities): number[] {
  const sizes = prices.map((_, row) => {
    let size = 0;
    for (let at = row * width; at < (row + 1) * width; at++) size += Math.log1p(Math.max(0, capacities[at] as number));
    return size;
  });
  const sorted = [...prices.keys()].sort(
    (a, b) => (prices[a] as number) - (prices[b] as number) || (sizes[b] as number) - (sizes[a] as number) || a - b,
  );
  const kept: number[] = [];
  for (const row of sorted) if (!isBeaten(capacities, row, { kept, width })) kept.push(row);
  return kept;
}

function isBeaten(
  capacities: Float64Array,
  row: number,
  { kept, width }: { readonly kept: readonly number[]; readonly width: number },
): boolean {
  const base = row * width;
  for (let index = 0; index < kept.length; index++) {
    const start = (kept[index] as number) * width;
    let at = 0;
    while (at < width && (capacities[start + at] as number) >= (capacities[base + at] as number)) at++;
    if (at === width) return true;
  }
  return false;
}

/** Resources of which some shape asks for more than nothing. */
export function requestedDimensions(problem: PackingProblem): readonly number[] {
  const asked = new Uint8Array(problem.dimensions);
  for (const shape of problem.shapes) {
    for (let d = 0; d < problem.dimensions; d++) if ((shape.requests[d] as number) > 0) asked[d] = 1;
  }
  return [...asked.keys()].filter((d) => asked[d] === 1);
}
