import type { NodeStore } from "./node-store.ts";
import { COUNTED, OWNS, type PackingTables } from "./packing-tables.ts";
import type { SearchContext } from "./search-context.ts";

/** Pods of one shape that need new nodes. */
export interface ShapeDemand {
  readonly shape: number;
  readonly pods: number;
}

/** Up to so many pods the cover is exact; of more, all but so many go onto nodes of the best price per pod. A few milliseconds. */
const EXACT_PODS_MAX = 20_000;
/** At equal price the cover with fewer nodes: one more counts as this share of the cheapest node. */
const NODE_COST_SHARE = 1e-6;

/**
 * The pods that are left, if they are of one shape, or of shapes that no class of offerings admits together: each shape is then
 * a problem of its own. Undefined otherwise.
 */
export function separateShapes(
  { tables, purchasable }: Pick<SearchContext, "tables" | "purchasable">,
  remaining: Int32Array,
): readonly ShapeDemand[] | undefined {
  const { maskAllows, classes, mask } = tables;
  const taken = new Uint8Array(classes);
  const demands: ShapeDemand[] = [];
  for (let shape = 0; shape < remaining.length; shape += 1) {
    const pods = remaining[shape] as number;
    if (pods === 0 || purchasable[shape] === 0) continue;
    const from = (mask[shape] as number) * classes;
    for (let index = 0; index < classes; index += 1) {
      if (maskAllows[from + index] !== 1) continue;
      if (taken[index] === 1) return undefined;
      taken[index] = 1;
    }
    demands.push({ shape, pods });
  }
  return demands;
}

/**
 * Adds the cheapest nodes that hold all pods of one shape: a covering knapsack by dynamic programming over the number of pods, hence exact.
 * It is what most batches are, a Deployment that was scaled up.
 */
export function coverShape(
  { tables, index }: Pick<SearchContext, "tables" | "index">,
  { shape, pods }: ShapeDemand,
  { store, podUsdPerHour }: { readonly store: NodeStore; readonly podUsdPerHour: Float64Array },
): void {
  const sizes = nodeSizes(tables, index.offerings(tables.mask[shape] as number), { shape, pods });
  const add = (size: NodeSize, taken: number): void =>
    store.addNode(tables, { offering: size.offering, content: [{ shape, pods: taken }] }, podUsdPerHour);
  let left = pods;
  const bulk = bestPerPod(sizes);
  while (left > EXACT_PODS_MAX) {
    add(bulk, bulk.pods);
    left -= bulk.pods;
  }
  for (const size of cheapestCover(sizes, left)) {
    const taken = Math.min(size.pods, left);
    add(size, taken);
    left -= taken;
  }
}

/** A node and how many pods of the shape it holds. */
interface NodeSize {
  readonly offering: number;
  readonly pods: number;
  readonly priceUsdPerHour: number;
}

/** By rising price and, with it, rising room; never empty for a shape that some offering holds. */
function nodeSizes(tables: PackingTables, byPrice: Int32Array, { shape, pods: wanted }: ShapeDemand): NodeSize[] {
  const sizes: NodeSize[] = [];
  const most = Math.min(wanted, podsByRules(tables, shape));
  let largest = 0;
  for (const offering of byPrice) {
    const pods = Math.min(most, podsByRoom(tables, shape, offering));
    if (pods <= largest) continue;
    largest = pods;
    sizes.push({ offering, pods, priceUsdPerHour: tables.price[offering] as number });
  }
  return sizes;
}

function podsByRoom({ dimensions, requests, free }: PackingTables, shape: number, offering: number): number {
  let pods = Number.POSITIVE_INFINITY;
  for (let index = 0; index < dimensions; index += 1) {
    const request = requests[shape * dimensions + index] as number;
    if (request <= 0) continue;
    const room = free[offering * dimensions + index] as number;
    let fitting = Math.floor(room / request);
    if (fitting * request > room) fitting -= 1;
    pods = Math.min(pods, fitting);
  }
  return pods;
}

/** What the shape's own host rules admit on a node that has no other pods. */
function podsByRules({ ruleStart, ruleIds, ruleRoles, ruleMax }: PackingTables, shape: number): number {
  let pods = Number.POSITIVE_INFINITY;
  for (let entry = ruleStart[shape] as number; entry < (ruleStart[shape + 1] as number); entry += 1)
    if (ruleRoles[entry] === (OWNS | COUNTED)) pods = Math.min(pods, ruleMax[ruleIds[entry] as number] as number);
  return pods;
}

function bestPerPod(sizes: readonly NodeSize[]): NodeSize {
  return sizes.reduce((best, size) =>
    size.priceUsdPerHour * best.pods < best.priceUsdPerHour * size.pods ? size : best,
  );
}

/** The cheapest nodes that together hold so many pods, full ones first. */
function cheapestCover(sizes: readonly NodeSize[], pods: number): NodeSize[] {
  const nodeCost = (sizes[0]?.priceUsdPerHour ?? 0) * NODE_COST_SHARE;
  const cost = new Float64Array(pods + 1);
  const choice = new Int32Array(pods + 1);
  for (let held = 1; held <= pods; held += 1) {
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < sizes.length; index += 1) {
      const { pods: room, priceUsdPerHour } = sizes[index] as NodeSize;
      const sum = priceUsdPerHour + nodeCost + (cost[Math.max(0, held - room)] as number);
      if (sum >= least) continue;
      least = sum;
      choice[held] = index;
    }
    cost[held] = least;
  }
  const nodes: NodeSize[] = [];
  for (let left = pods; left > 0; ) {
    const size = sizes[choice[left] as number] as NodeSize;
    nodes.push(size);
    left -= size.pods;
  }
  return nodes.sort((first, second) => second.pods - first.pods);
}
