import type { PackingProblem, PackingShape } from "../src/certified/problem.ts";

/** Numbers in [0, 1) that depend on the seed only. */
export function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Cpu in millicores, memory in MiB, pods: sizes of a general-purpose, a compute and a memory family, each two generations, 2 to 16 cpus. */
export function familyOfferings(index = 0, priceFactor = () => 1): PackingProblem["offerings"] {
  const families = [
    { gibPerCpu: 2, usdPerCpu: 0.034 },
    { gibPerCpu: 2, usdPerCpu: 0.0425 },
    { gibPerCpu: 4, usdPerCpu: 0.0385 },
    { gibPerCpu: 4, usdPerCpu: 0.048 },
    { gibPerCpu: 8, usdPerCpu: 0.0504 },
    { gibPerCpu: 8, usdPerCpu: 0.063 },
  ];
  return families.flatMap(({ gibPerCpu, usdPerCpu }) =>
    [2, 4, 8, 16].map((cpus) => ({
      class: index,
      priceUsdPerHour: cpus * usdPerCpu * priceFactor(),
      free: Float64Array.of(cpus * 1000 - 230, Math.floor(cpus * gibPerCpu * 1024 * 0.925) - 600, cpus === 2 ? 27 : 56),
    })),
  );
}

/** Burstable sizes beside {@link familyOfferings}: cpu for next to nothing where there is hardly any memory, few pods each. */
export function burstableOfferings(index = 0, priceFactor = () => 1): PackingProblem["offerings"] {
  return [
    { usd: 0.0042, cpu: 1780, memory: 250, pods: 2 },
    { usd: 0.0084, cpu: 1780, memory: 490, pods: 2 },
    { usd: 0.0168, cpu: 1780, memory: 1360, pods: 9 },
    { usd: 0.0336, cpu: 1780, memory: 3190, pods: 15 },
    { usd: 0.0672, cpu: 1780, memory: 6900, pods: 33 },
    { usd: 0.0536, cpu: 790, memory: 6800, pods: 6 },
    { usd: 0.2688, cpu: 7760, memory: 29_260, pods: 56 },
  ].map(({ usd, cpu, memory, pods }) => ({
    class: index,
    priceUsdPerHour: usd * priceFactor(),
    free: Float64Array.of(cpu, memory, pods),
  }));
}

/** Equal pods become one shape. */
export function shapesFrom(
  pods: readonly { readonly cpu: number; readonly memory: number; readonly mask?: number }[],
): readonly PackingShape[] {
  const shapes = new Map<string, PackingShape>();
  for (const { cpu, memory, mask = 0 } of pods) {
    const key = `${cpu},${memory},${mask}`;
    const known = shapes.get(key)?.pods ?? 0;
    shapes.set(key, { pods: known + 1, requests: Float64Array.of(cpu, memory, 1), mask, countedBy: [], owns: [] });
  }
  return [...shapes.values()];
}

/** A problem with one class that everyone may use. */
export function openProblem(shapes: readonly PackingShape[], offerings: PackingProblem["offerings"]): PackingProblem {
  return { dimensions: 3, shapes, offerings, existing: [], classes: 1, masks: [Uint8Array.of(1)], hostRules: [] };
}

/** Up to 12 offerings of all proportions at prices that have little to do with them: most hold one pod or two, some none, and mixing their rooms would pay. */
function scatteredOfferings(classes: number, random: () => number): PackingProblem["offerings"] {
  const below = (count: number): number => Math.floor(random() * count);
  const roomy = {
    class: below(classes),
    priceUsdPerHour: 3 + 2 * random(),
    free: Float64Array.of(9, 11, 3 + below(4)),
  };
  return [
    roomy,
    ...Array.from({ length: 3 + below(9) }, () => {
      const free = Float64Array.of(below(9) + 0.5 * below(2), below(12), 1 + below(4));
      return { class: below(classes), priceUsdPerHour: 0.1 + 0.4 * random() * (1 + below(9)), free };
    }),
  ];
}

/** At most 6 pods and, if the seed is odd, 4 offerings, otherwise more of them and smaller; with pins, host rules of all kinds, existing bins, free offerings and shapes without requests or pods. */
export function tinyProblem(seed: number): PackingProblem {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const classes = 1 + below(3);
  const hostRules = Array.from({ length: below(3) }, () => ({ max: 1 + below(2) }));
  const rulesAt = (share: number): number[] => [...hostRules.keys()].filter(() => random() < share);
  const masks = Array.from({ length: 1 + below(3) }, () => {
    const mask = Uint8Array.from({ length: classes }, () => (random() < 0.7 ? 1 : 0));
    if (!mask.includes(1)) mask[below(classes)] = 1;
    return mask;
  });
  const regular = Array.from({ length: 1 + below(4) }, () => {
    const size = 1 + below(4);
    const free = Float64Array.of(size * 4 - below(3), size * 6 - below(4), random() < 0.2 ? 2 : 8);
    return { class: below(classes), priceUsdPerHour: random() < 0.05 ? 0 : size * (0.8 + 0.4 * random()), free };
  });
  const offerings = seed % 2 === 0 ? scatteredOfferings(classes, random) : regular;
  let left = 1 + below(6);
  const shapes: PackingShape[] = [];
  while (left > 0) {
    const pods = random() < 0.1 ? 0 : Math.min(left, 1 + below(3));
    left -= Math.max(pods, random() < 0.5 ? 1 : 0);
    const requests = Float64Array.of(below(8), below(10), 1);
    shapes.push({ pods, requests, mask: below(masks.length), countedBy: rulesAt(0.6), owns: rulesAt(0.5) });
  }
  const existing = Array.from({ length: random() < 0.4 ? 1 + below(2) : 0 }, () => ({
    class: below(classes),
    free: Float64Array.of(below(9), below(12), below(4)),
    hostCounts: hostRules.flatMap((_, rule) => (random() < 0.4 ? [{ rule, counted: below(2), owners: below(2) }] : [])),
  }));
  return { dimensions: 3, shapes, offerings, existing, classes, masks, hostRules };
}

interface OpenNode {
  /** Existing bin, or -1 for a node to buy. */
  readonly bin: number;
  readonly shapes: number[];
}

/** The least cost of placing all pods, by trying everything. Pods that no offering holds alone may stay out. */
export function cheapestByForce(problem: PackingProblem): number {
  const pods = problem.shapes.flatMap((shape, index) => Array.from({ length: shape.pods }, () => index));
  const nodes: OpenNode[] = problem.existing.map((_, bin) => ({ bin, shapes: [] }));
  const optional = problem.shapes.map((_, index) => cheapestFor(problem, [index]) === undefined);
  let best = Number.POSITIVE_INFINITY;
  const place = (position: number): void => {
    const index = pods[position];
    if (index === undefined) {
      best = Math.min(best, totalCost(problem, nodes));
      return;
    }
    for (const node of nodes) {
      node.shapes.push(index);
      if (node.bin < 0 || holds(problem, { ...problem.existing[node.bin], content: node.shapes })) place(position + 1);
      node.shapes.pop();
    }
    nodes.push({ bin: -1, shapes: [index] });
    place(position + 1);
    nodes.pop();
    if (optional[index] === true) place(position + 1);
  };
  place(0);
  return best;
}

function totalCost(problem: PackingProblem, nodes: readonly OpenNode[]): number {
  let cost = 0;
  for (const { bin, shapes } of nodes) if (bin < 0) cost += cheapestFor(problem, shapes) ?? Number.POSITIVE_INFINITY;
  return cost;
}

function cheapestFor(problem: PackingProblem, content: readonly number[]): number | undefined {
  const prices = problem.offerings
    .filter((offering) => holds(problem, { ...offering, content }))
    .map((offering) => offering.priceUsdPerHour);
  return prices.length === 0 ? undefined : Math.min(...prices);
}

/** Whether a node holds these pods: masks, every resource, every host rule with the pods that are there already. */
export function holds(
  problem: PackingProblem,
  node: {
    readonly class?: number;
    readonly free?: Float64Array;
    readonly hostCounts?: readonly { readonly rule: number; readonly counted: number; readonly owners: number }[];
    readonly content: readonly number[];
  },
): boolean {
  const shapes = node.content.map((index) => problem.shapes[index] as PackingShape);
  if (shapes.some((shape) => problem.masks[shape.mask]?.[node.class ?? -1] !== 1)) return false;
  for (let d = 0; d < problem.dimensions; d++) {
    const asked = shapes.reduce((sum, shape) => sum + (shape.requests[d] as number), 0);
    if (asked > (node.free?.[d] ?? 0)) return false;
  }
  return problem.hostRules.every(({ max }, rule) => {
    const there = node.hostCounts?.find((entry) => entry.rule === rule) ?? { counted: 0, owners: 0 };
    const added = shapes.filter((shape) => shape.countedBy.includes(rule)).length;
    const owners = shapes.filter((shape) => shape.owns.includes(rule)).length;
    if (added === 0 && owners === 0) return true;
    return there.owners + owners === 0 || there.counted + added <= max;
  });
}
