import type { PackingProblem } from "../problem.ts";
import { Candidates } from "./candidates.ts";
import { NodeBuilder } from "./node-builder.ts";
import { OfferingIndex } from "./offering-index.ts";
import { COUNTED, OWNS, type PackingTables, packingTables } from "./packing-tables.ts";
import { Prng } from "./prng.ts";
import { shapeWorth } from "./search-prices.ts";

/** What steers a search: fair prices of pods and how well each offering can be used at these prices. */
export interface Steering {
  /** By shape. No node's content may be worth more than the node costs. */
  readonly podUsdPerHour: Float64Array;
  /** By offering: value of a full node per dollar. */
  readonly efficiency: Float64Array;
  /** Share of the best efficiency from which an offering is tried. */
  readonly efficiencyMin: number;
  readonly priceMaxUsdPerHour: number;
}

/** Everything that the stages of one solve share. */
export interface SearchContext {
  readonly tables: PackingTables;
  readonly index: OfferingIndex;
  readonly random: Prng;
  readonly builder: NodeBuilder;
  /** By shape: 1 if some offering holds one such pod, else only existing bins may. */
  readonly purchasable: Uint8Array;
}

/** A bin-only pod counts as worth this many times the dearest offering: existing room is theirs first. */
const BIN_ONLY_FACTOR = 1_000;

export function searchContext(problem: PackingProblem, seed: number): SearchContext {
  const tables = packingTables(problem);
  const index = new OfferingIndex(tables);
  const random = new Prng(seed);
  const none = new Float64Array(tables.shapes);
  const candidates = new Candidates(tables, index, {
    efficiency: new Float64Array(tables.offerings).fill(1),
    efficiencyMin: 0,
    priceMaxUsdPerHour: Number.POSITIVE_INFINITY,
  });
  const builder = new NodeBuilder({ tables, index, candidates, worth: shapeWorth(tables, index, none), random });
  return { tables, index, random, builder, purchasable: purchasableShapes(tables, index) };
}

/** Makes the builder work with these prices from now on. */
export function steer({ tables, index, builder, purchasable }: SearchContext, steering: Steering): Float64Array {
  const prices = shapeWorth(tables, index, steering.podUsdPerHour);
  let dearest = 1;
  for (const offering of index.all()) dearest = Math.max(dearest, tables.price[offering] as number);
  for (let shape = 0; shape < tables.shapes; shape += 1)
    if (purchasable[shape] === 0)
      for (const sizes of [prices.worth, prices.dominant, prices.mean])
        sizes[shape] = (sizes[shape] as number) + dearest * BIN_ONLY_FACTOR;
  builder.queue.prices = prices;
  builder.candidates = new Candidates(tables, index, steering);
  return prices.worth;
}

function purchasableShapes(tables: PackingTables, index: OfferingIndex): Uint8Array {
  const { shapes, dimensions, requests, mask } = tables;
  const result = new Uint8Array(shapes);
  for (let shape = 0; shape < shapes; shape += 1) {
    const request = requests.subarray(shape * dimensions, (shape + 1) * dimensions);
    if (!isRefusedAlone(tables, shape) && index.cheapest(mask[shape] as number, request, 0, -1) >= 0) result[shape] = 1;
  }
  return result;
}

/** A rule that admits no pod at all keeps even a single owner that it counts off every node. */
function isRefusedAlone({ ruleStart, ruleIds, ruleRoles, ruleMax }: PackingTables, shape: number): boolean {
  for (let entry = ruleStart[shape] as number; entry < (ruleStart[shape + 1] as number); entry += 1) {
    const max = ruleMax[ruleIds[entry] as number] as number;
    const role = ruleRoles[entry] as number;
    if ((role & OWNS) !== 0 && max < ((role & COUNTED) !== 0 ? 1 : 0)) return true;
  }
  return false;
}
