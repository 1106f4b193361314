import type { PackingProblem } from "../problem.ts";

/**
 * The offerings worth looking at, ascending: without those that another of the same class beats in price and in every resource that some shape
 * asks for. The lower index wins among equals.
 */
export function pruneOfferings(problem: PackingProblem): Int32Array {
  const byClass = new Map<number, number[]>();
  for (let index = 0; index < problem.offerings.length; index++) {
    const offering = problem.offerings[index];
    if (offering === undefined) continue;
    const members = byClass.get(offering.class);
    if (members === undefined) byClass.set(offering.class, [index]);
    else members.push(index);
  }
  const dimensions = requestedDimensions(problem);
  const kept: number[] = [];
  for (const members of byClass.values()) kept.push(...undominated(problem, members, dimensions));
  return Int32Array.from(kept).sort();
}

/**
 * The members that no other member beats, in rising price. Members may be of several classes if these are equal for the caller.
 */
export function undominated(
  problem: PackingProblem,
  members: readonly number[],
  dimensions: readonly number[],
): number[] {
  const width = dimensions.length;
  const free = new Float64Array(members.length * width);
  const sizes = new Float64Array(members.length);
  const prices = new Float64Array(members.length);
  for (const [row, index] of members.entries()) {
    const offering = problem.offerings[index];
    prices[row] = offering?.priceUsdPerHour ?? 0;
    for (let at = 0; at < width; at++) {
      const amount = offering?.free[dimensions[at] as number] ?? 0;
      free[row * width + at] = amount;
      sizes[row] = (sizes[row] as number) + Math.log1p(Math.max(0, amount));
    }
  }
  const sorted = [...members.keys()].sort(
    (a, b) =>
      (prices[a] as number) - (prices[b] as number) ||
      (sizes[b] as number) - (sizes[a] as number) ||
      (members[a] as number) - (members[b] as number),
  );
  const kept: number[] = [];
  for (const row of sorted) if (!isBeaten(free, row, { kept, width })) kept.push(row);
  return kept.map((row) => members[row] as number);
}

function isBeaten(
  free: Float64Array,
  row: number,
  { kept, width }: { readonly kept: readonly number[]; readonly width: number },
): boolean {
  const base = row * width;
  for (let index = 0; index < kept.length; index++) {
    const start = (kept[index] as number) * width;
    let at = 0;
    while (at < width && (free[start + at] as number) >= (free[base + at] as number)) at++;
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
