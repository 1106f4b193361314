import type { ExistingBin, Packing, PackingProblem, ShapeCount } from "../src/certified/problem.ts";

/** Sums of many sizes that are no whole numbers differ by this much from what they should be. */
const ROUNDING = 1e-9;

/**
 * Everything wrong with a packing, as sentences; empty if it is feasible. Plain and independent of the search: every pod placed or
 * named as unplaced exactly once, capacities, masks, host rules with the pods already there, and the sum of prices.
 */
export function packingProblems(problem: PackingProblem, packing: Packing): readonly string[] {
  const found: string[] = [];
  if (packing.existing.length !== problem.existing.length)
    found.push(`${packing.existing.length} contents for ${problem.existing.length} existing bins`);
  let cost = 0;
  for (const [index, node] of packing.nodes.entries()) {
    const offering = problem.offerings[node.offering];
    if (offering === undefined) {
      found.push(`node ${index}: no offering ${node.offering}`);
      continue;
    }
    cost += offering.priceUsdPerHour;
    if (node.content.length === 0) found.push(`node ${index} is empty`);
    found.push(...nodeProblems(problem, { name: `node ${index}`, ...offering, hostCounts: [] }, node.content));
  }
  for (const [index, bin] of problem.existing.entries())
    found.push(...nodeProblems(problem, { name: `bin ${index}`, ...bin }, packing.existing[index] ?? []));
  found.push(...countProblems(problem, packing));
  if (Math.abs(cost - packing.costUsdPerHour) > ROUNDING * Math.max(1, cost))
    found.push(`the cost is ${cost}, not ${packing.costUsdPerHour}`);
  return found;
}

function countProblems(problem: PackingProblem, packing: Packing): string[] {
  const placed = problem.shapes.map(() => 0);
  const contents = [...packing.nodes.map(({ content }) => content), ...packing.existing, packing.unplaced];
  const found: string[] = [];
  for (const content of contents)
    for (const { shape, pods } of content) {
      if (!Number.isInteger(pods) || pods <= 0) found.push(`${pods} pods of shape ${shape}`);
      placed[shape] = (placed[shape] ?? 0) + pods;
    }
  for (const [index, { pods }] of problem.shapes.entries())
    if (placed[index] !== pods) found.push(`shape ${index}: ${placed[index]} of ${pods} pods`);
  return found;
}

interface CheckedNode extends ExistingBin {
  readonly name: string;
}

function nodeProblems(problem: PackingProblem, node: CheckedNode, content: readonly ShapeCount[]): string[] {
  const found: string[] = [];
  const used = new Float64Array(problem.dimensions);
  const counted = problem.hostRules.map(() => 0);
  const owners = problem.hostRules.map(() => 0);
  for (const entry of node.hostCounts) {
    counted[entry.rule] = entry.counted;
    owners[entry.rule] = entry.owners;
  }
  const before = [...counted];
  const touched = new Set<number>();
  for (const { shape, pods } of content) {
    const { requests, mask, countedBy, owns } = problem.shapes[shape] ?? NO_SHAPE;
    if (problem.masks[mask]?.[node.class] !== 1)
      found.push(`${node.name}: shape ${shape} may not use class ${node.class}`);
    for (const [index, amount] of requests.entries()) used[index] = (used[index] ?? 0) + pods * amount;
    for (const rule of countedBy) counted[rule] = (counted[rule] ?? 0) + pods;
    for (const rule of owns) owners[rule] = (owners[rule] ?? 0) + pods;
    for (const rule of [...countedBy, ...owns]) touched.add(rule);
  }
  for (const [index, amount] of used.entries()) {
    const free = Math.max(0, node.free[index] ?? 0);
    if (amount > free + ROUNDING * Math.max(1, free))
      found.push(`${node.name}: ${amount} of ${free} in dimension ${index}`);
  }
  for (const rule of touched) {
    const max = problem.hostRules[rule]?.max ?? 0;
    if ((owners[rule] ?? 0) > 0 && (counted[rule] ?? 0) > max)
      found.push(
        `${node.name}: rule ${rule} counts ${counted[rule]} pods (${before[rule]} were there), at most ${max}`,
      );
  }
  return found;
}

const NO_SHAPE = { requests: new Float64Array(0), mask: -1, countedBy: [], owns: [] };
