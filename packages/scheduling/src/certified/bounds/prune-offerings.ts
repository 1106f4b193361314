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
  const priceOf = (index: number): number => problem.offerings[index]?.priceUsdPerHour ?? 0;
  const freeOf = (index: number): Float64Array => problem.offerings[index]?.free ?? new Float64Array(0);
  const size = new Map(
    members.map((index) => [
      index,
      dimensions.reduce((sum, d) => sum + Math.log1p(Math.max(0, freeOf(index)[d] ?? 0)), 0),
    ]),
  );
  const sorted = [...members].sort(
    (a, b) => priceOf(a) - priceOf(b) || (size.get(b) ?? 0) - (size.get(a) ?? 0) || a - b,
  );
  const kept: number[] = [];
  for (const index of sorted) {
    const free = freeOf(index);
    const beaten = kept.some((other) => dimensions.every((d) => (freeOf(other)[d] as number) >= (free[d] as number)));
    if (!beaten) kept.push(index);
  }
  return kept;
}

/** Resources of which some shape asks for more than nothing. */
export function requestedDimensions(problem: PackingProblem): readonly number[] {
  const asked = new Uint8Array(problem.dimensions);
  for (const shape of problem.shapes) {
    for (let d = 0; d < problem.dimensions; d++) if ((shape.requests[d] as number) > 0) asked[d] = 1;
  }
  return [...asked.keys()].filter((d) => asked[d] === 1);
}
