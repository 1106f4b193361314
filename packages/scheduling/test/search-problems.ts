import type { ExistingBin, HostRule, PackingOffering, PackingProblem, PackingShape } from "../src/certified/problem.ts";

/** Seeded: mulberry32. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export interface Sizes {
  readonly shapes: number;
  readonly podsOfShape: number;
  readonly offerings: number;
  readonly classes: number;
  readonly existing: number;
  readonly hostRules: number;
}

/** Any problem that the contract allows: masks, host rules with pods on existing nodes, pods that only existing nodes hold, extra resources. */
export function randomProblem(seed: number, sizes: Sizes): PackingProblem {
  const below = randomNumbers(seed);
  const dimensions = 3 + below(2);
  const classes = 1 + below(sizes.classes);
  const vector = (cpu: number, memory: number, pods: number): Float64Array =>
    Float64Array.from([cpu, memory, pods, below(3)].slice(0, dimensions));
  const offerings = Array.from({ length: 1 + below(sizes.offerings) }, (): PackingOffering => {
    const size = 1 + below(8);
    const free = vector(size * 1000 - below(300), size * (1 + below(8)) * 1024, 4 + below(12));
    return { class: below(classes), priceUsdPerHour: (size * (40 + below(30))) / 1000, free };
  });
  const hostRules = Array.from({ length: below(sizes.hostRules + 1) }, (): HostRule => ({ max: 1 + below(3) }));
  const existing = Array.from({ length: below(sizes.existing + 1) }, (): ExistingBin => {
    const size = 1 + below(4);
    const hostCounts = hostRules.flatMap((_, rule) =>
      below(3) === 0 ? [{ rule, counted: below(3), owners: below(2) }] : [],
    );
    return { class: below(classes + 1), free: vector(size * 900, size * 2048, 3 + below(8)), hostCounts };
  });
  const masks = Array.from({ length: 1 + below(4) }, () =>
    Uint8Array.from({ length: classes + 1 }, () => (below(3) > 0 ? 1 : 0)),
  );
  const shapes = Array.from({ length: 1 + below(sizes.shapes) }, (): PackingShape => {
    const requests = vector(50 + below(1500), 64 + below(3000), 1);
    if (dimensions > 3) requests[3] = below(4) === 0 ? 1 : 0;
    const rules = hostRules.map((_, rule) => rule);
    return {
      pods: below(sizes.podsOfShape + 1),
      requests,
      mask: below(masks.length),
      countedBy: rules.filter(() => below(3) === 0),
      owns: rules.filter(() => below(4) === 0),
    };
  });
  return { dimensions, shapes, offerings, existing, classes: classes + 1, masks, hostRules };
}

/** True if the pods (one shape each) may share a node of this class and room. */
function mayShare(problem: PackingProblem, pods: readonly number[], bin: ExistingBin): boolean {
  const counted = problem.hostRules.map(() => 0);
  const owners = problem.hostRules.map(() => 0);
  const touched = new Set<number>();
  for (const { rule, counted: pods, owners: owning } of bin.hostCounts) {
    counted[rule] = pods;
    owners[rule] = owning;
  }
  const used = new Float64Array(problem.dimensions);
  for (const pod of pods) {
    const shape = problem.shapes[pod];
    if (shape === undefined || problem.masks[shape.mask]?.[bin.class] !== 1) return false;
    for (const [index, amount] of shape.requests.entries()) used[index] = (used[index] ?? 0) + amount;
    for (const rule of shape.countedBy) counted[rule] = (counted[rule] ?? 0) + 1;
    for (const rule of shape.owns) owners[rule] = (owners[rule] ?? 0) + 1;
    for (const rule of [...shape.countedBy, ...shape.owns]) touched.add(rule);
  }
  for (const [index, amount] of used.entries()) if (amount > (bin.free[index] ?? 0)) return false;
  for (const rule of touched)
    if ((owners[rule] ?? 0) > 0 && (counted[rule] ?? 0) > (problem.hostRules[rule]?.max ?? 0)) return false;
  return true;
}

/**
 * The least cost of placing all pods, by going through all ways of dividing them; Infinity if they cannot all be placed. For up to about
 * seven pods and two bins.
 */
export function bruteForceUsdPerHour(problem: PackingProblem): number {
  const pods = problem.shapes.flatMap(({ pods: count }, shape) => Array.from({ length: count }, () => shape));
  const groups: number[][] = [];
  const inBins: number[][] = problem.existing.map(() => []);
  let best = Number.POSITIVE_INFINITY;
  const cheapest = (group: readonly number[]): number =>
    Math.min(
      Number.POSITIVE_INFINITY,
      ...problem.offerings
        .filter((offering) => mayShare(problem, group, { ...offering, hostCounts: [] }))
        .map(({ priceUsdPerHour }) => priceUsdPerHour),
    );
  const place = (next: number): void => {
    const pod = pods[next];
    if (pod === undefined) {
      if (problem.existing.every((bin, index) => mayShare(problem, inBins[index] ?? [], bin)))
        best = Math.min(
          best,
          groups.reduce((sum, group) => sum + cheapest(group), 0),
        );
      return;
    }
    for (const group of [...inBins, ...groups]) {
      group.push(pod);
      place(next + 1);
      group.pop();
    }
    groups.push([pod]);
    place(next + 1);
    groups.pop();
  };
  place(0);
  return best;
}
