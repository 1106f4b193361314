import type { Packing, PackingProblem, ShapeCount } from "../src/certified/problem.ts";
import { HostCounters } from "../src/certified/search/host-counters.ts";
import { OfferingIndex } from "../src/certified/search/offering-index.ts";
import { type PackingTables, packingTables } from "../src/certified/search/packing-tables.ts";

/** A node that is being filled: an existing bin, or a claim that may still become any of several offerings. */
interface OpenNode {
  readonly bin: number;
  /** Offerings that hold the content, cheapest first. Empty for a bin. */
  options: Int32Array;
  /** By resource: the most that any option (or the bin) has. */
  room: Float64Array;
  readonly used: Float64Array;
  readonly content: Map<number, number>;
  pods: number;
}

/**
 * What Karpenter would do with the same numbers: pods by falling cpu, then memory; existing bins in their order, then the claim with the
 * fewest pods that can take the pod, then a new claim; a claim keeps every offering that fits and becomes the cheapest at the end. To
 * compare with. Source: kubernetes-sigs/karpenter, scheduling/scheduler.go (2026-08).
 */
export function firstFit(problem: PackingProblem): Packing {
  const tables = packingTables(problem);
  const index = new OfferingIndex(tables);
  const pass: FirstFitPass = { tables, index, hosts: new HostCounters(tables) };
  const bins = problem.existing.map((_, bin) => openBin(tables, bin));
  const claims: OpenNode[] = [];
  const unplaced: ShapeCount[] = [];
  for (const shape of byFallingRequest(tables)) {
    let left = tables.pods[shape] as number;
    while (left > 0 && placeOne(pass, { shape, bins, claims })) left -= 1;
    if (left > 0) unplaced.push({ shape, pods: left });
  }
  const nodes = claims.map((claim) => ({ offering: claim.options[0] as number, content: contentOf(claim) }));
  return {
    nodes,
    existing: bins.map(contentOf),
    unplaced: unplaced.sort((first, second) => first.shape - second.shape),
    costUsdPerHour: nodes.reduce((sum, { offering }) => sum + (tables.price[offering] as number), 0),
  };
}

interface FirstFitPass {
  readonly tables: PackingTables;
  readonly index: OfferingIndex;
  readonly hosts: HostCounters;
}

interface Target {
  readonly shape: number;
  readonly bins: readonly OpenNode[];
  /** By rising number of pods. */
  readonly claims: OpenNode[];
}

function placeOne(pass: FirstFitPass, { shape, bins, claims }: Target): boolean {
  for (const bin of bins) if (accepts(pass, bin, shape)) return true;
  for (let position = 0; position < claims.length; position += 1)
    if (accepts(pass, claims[position] as OpenNode, shape)) {
      moveBack(claims, position);
      return true;
    }
  const claim = openClaim(pass, shape);
  if (!accepts(pass, claim, shape)) return false;
  claims.unshift(claim);
  moveBack(claims, 0);
  return true;
}

/** Puts the pod on the node if it may stand there. */
function accepts({ tables, hosts }: FirstFitPass, node: OpenNode, shape: number): boolean {
  const { dimensions, requests, maskAllows, classes, mask, binClass } = tables;
  const { used, room } = node;
  const base = shape * dimensions;
  for (let index = 0; index < dimensions; index += 1)
    if ((used[index] as number) + (requests[base + index] as number) > (room[index] as number)) return false;
  const row = (mask[shape] as number) * classes;
  if (node.bin >= 0 && maskAllows[row + (binClass[node.bin] as number)] !== 1) return false;
  if (!rulesAdmit(tables, hosts, node, shape)) return false;
  if (node.bin < 0 && !narrow(tables, node, shape)) return false;
  for (let index = 0; index < dimensions; index += 1)
    used[index] = (used[index] as number) + (requests[base + index] as number);
  node.content.set(shape, (node.content.get(shape) ?? 0) + 1);
  node.pods += 1;
  return true;
}

function rulesAdmit({ ruleStart }: PackingTables, hosts: HostCounters, node: OpenNode, shape: number): boolean {
  if (ruleStart[shape] === ruleStart[shape + 1]) return true;
  hosts.reset();
  if (node.bin >= 0) hosts.load(node.bin);
  for (const [other, pods] of node.content) hosts.add(other, pods);
  return hosts.admitted(shape, 1) === 1;
}

/** Keeps the options that still hold the content with one more pod; false, and nothing changed, if none does. */
function narrow(tables: PackingTables, node: OpenNode, shape: number): boolean {
  const { dimensions, requests, free, maskAllows, classes, mask, offeringClass } = tables;
  const row = (mask[shape] as number) * classes;
  const holds = (offering: number): boolean => {
    if (maskAllows[row + (offeringClass[offering] as number)] !== 1) return false;
    for (let index = 0; index < dimensions; index += 1) {
      const total = (node.used[index] as number) + (requests[shape * dimensions + index] as number);
      if (total > (free[offering * dimensions + index] as number)) return false;
    }
    return true;
  };
  const kept = node.options.filter(holds);
  if (kept.length === 0) return false;
  if (kept.length < node.options.length) {
    node.options = kept;
    node.room = mostRoom(tables, kept);
  }
  return true;
}

function mostRoom({ dimensions, free }: PackingTables, offerings: Int32Array): Float64Array {
  const room = new Float64Array(dimensions);
  for (const offering of offerings)
    for (let index = 0; index < dimensions; index += 1)
      room[index] = Math.max(room[index] as number, free[offering * dimensions + index] as number);
  return room;
}

function openBin({ dimensions, binFree }: PackingTables, bin: number): OpenNode {
  return {
    bin,
    options: new Int32Array(0),
    room: binFree.slice(bin * dimensions, (bin + 1) * dimensions),
    used: new Float64Array(dimensions),
    content: new Map(),
    pods: 0,
  };
}

function openClaim({ tables, index }: FirstFitPass, shape: number): OpenNode {
  const options = index.offerings(tables.mask[shape] as number);
  return {
    bin: -1,
    options,
    room: mostRoom(tables, options),
    used: new Float64Array(tables.dimensions),
    content: new Map(),
    pods: 0,
  };
}

/** Restores the order after the node at the position got a pod. */
function moveBack(claims: OpenNode[], position: number): void {
  const node = claims[position] as OpenNode;
  let next = position;
  while (next + 1 < claims.length && (claims[next + 1] as OpenNode).pods < node.pods) {
    claims[next] = claims[next + 1] as OpenNode;
    next += 1;
  }
  claims[next] = node;
}

function byFallingRequest({ shapes, dimensions, requests }: PackingTables): number[] {
  const cpu = (shape: number): number => requests[shape * dimensions] as number;
  const memory = (shape: number): number => requests[shape * dimensions + 1] as number;
  return Array.from({ length: shapes }, (_, shape) => shape).sort(
    (first, second) => cpu(second) - cpu(first) || memory(second) - memory(first) || first - second,
  );
}

function contentOf({ content }: OpenNode): ShapeCount[] {
  return Array.from(content, ([shape, pods]) => ({ shape, pods })).sort((first, second) => first.shape - second.shape);
}
