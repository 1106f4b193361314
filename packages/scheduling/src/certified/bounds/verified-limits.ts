import type { PackingProblem } from "../problem.ts";
import { CoveringLp } from "./covering-lp.ts";
import { gridValueLimits } from "./verified-grid.ts";
import type { ValuedItems } from "./verified-items.ts";
import { holdsItem, itemCapacity, itemSizes, usedCapacity } from "./verified-items.ts";
import type { NodeKnapsack } from "./verified-node.ts";

/** Multipliers beyond these are not kept for other offerings. */
const MULTIPLIERS_MAX = 64;
const PIVOTS_MAX = 2_000;
/** In cpu × memory. */
const BAND_FACTOR = 16;
const GRID_ITEMS_MAX = 600;
/** With all items whole; beyond, cells would be too large for the small ones. */
const WHOLE_GRID_ITEMS_MAX = 250;
const SEARCHED_ITEMS_MAX = 1_000;
/** Each takes some 20 ms. */
const WHOLE_TRIALS_MAX = 16;

/**
 * Upper limits of what the offerings of one class can hold, from multipliers m ≥ 0 by weak duality: the value of any content is at most
 * m·capacity + Σ pods × max(0, value − m·weight). True for any m, so where they come from does not matter.
 */
export class NodeValueLimits {
  readonly #items: ValuedItems;
  readonly #capacities: readonly Float64Array[];
  readonly #prices: Float64Array;
  /** By offering: least limit known so far. */
  readonly #limits: Float64Array;
  readonly #refined: Uint8Array;
  readonly #multipliers: (Float64Array | undefined)[];
  readonly #search: MultiplierSearch;
  #kept = 0;
  readonly #bandsDone = new Set<number>();
  readonly #wholeDone = new Set<string>();
  #order: readonly number[] | undefined;
  #byValue: readonly number[] | undefined;

  constructor(problem: PackingProblem, items: ValuedItems, offerings: readonly number[]) {
    this.#items = items;
    const known = new Map<string, Float64Array>();
    const ofAll = itemSizes(items);
    this.#capacities = offerings.map((index) => {
      const free = problem.offerings[index]?.free ?? new Float64Array(problem.dimensions);
      const key = free.join();
      const capacity = known.get(key) ?? usedCapacity(items, itemCapacity(problem, items, free), ofAll);
      known.set(key, capacity);
      return capacity;
    });
    this.#prices = Float64Array.from(offerings, (index) => problem.offerings[index]?.priceUsdPerHour ?? 0);
    this.#limits = new Float64Array(offerings.length).fill(items.count === 0 ? 0 : Number.POSITIVE_INFINITY);
    this.#refined = new Uint8Array(offerings.length);
    this.#multipliers = offerings.map(() => undefined);
    this.#search = new MultiplierSearch(items, this.#capacities);
  }

  /** Value per dollar of contents that a node of the offering really can hold: the truth is not below. */
  reachedRatio(offering: number): number {
    this.#order ??= byDensity(this.#items, this.#search.scale);
    const value = greedyValue(this.#items, this.#order, this.#capacities[offering] as Float64Array);
    return value > 0 ? value / (this.#prices[offering] as number) : 0;
  }

  /** The offering whose limit is most above `theta` per dollar. */
  worst(theta: number): { offering: number; price: number; ratio: number } | undefined {
    let found: { offering: number; price: number; ratio: number } | undefined;
    for (const [offering, limit] of this.#limits.entries()) {
      const price = this.#prices[offering] as number;
      const ratio = limit === 0 ? 0 : limit / price;
      if (ratio > theta && ratio > (found?.ratio ?? 0)) found = { offering, price, ratio };
    }
    return found;
  }

  /** Finds the best multipliers for an offering and tries them on all. False when that was done before. */
  refine(offering: number): boolean {
    if (this.#refined[offering] === 1) return false;
    this.#refined[offering] = 1;
    const multipliers = this.#search.best(this.#capacities[offering] as Float64Array);
    this.#multipliers[offering] = multipliers;
    const excess = excessItems(this.#items, multipliers);
    const everyone = this.#kept++ < MULTIPLIERS_MAX;
    for (const [other, capacity] of this.#capacities.entries()) {
      if (!everyone && other !== offering) continue;
      const known = this.#limits[other] as number;
      const limit = limitOf(this.#items, capacity, { multipliers, excess, known });
      if (limit < known) this.#limits[other] = limit;
    }
    return true;
  }

  /** Limits of the offerings about as large from one table, once. False when that was done before, or when the table would be too coarse to help. */
  refineBand(offering: number): boolean {
    const band = this.#bandOf(offering);
    if (this.#bandsDone.has(band) || this.#items.count > WHOLE_GRID_ITEMS_MAX) return false;
    this.#bandsDone.add(band);
    const members = this.#membersOf(band);
    const table = gridValueLimits(
      this.#items,
      members.map((member) => this.#capacities[member] as Float64Array),
    );
    for (const [position, member] of members.entries()) {
      const limit = table[position] as number;
      if (limit < (this.#limits[member] as number)) this.#limits[member] = limit;
    }
    return true;
  }

  /** Cells of a table are as fine as its largest offering allows: offerings that differ by this much in size have tables of their own. */
  #bandOf(offering: number): number {
    const [cpu = 0, memory = 0] = this.#capacities[offering] ?? [];
    return Math.floor(Math.log(Math.max(1, cpu) * Math.max(1, memory)) / Math.log(BAND_FACTOR));
  }

  #membersOf(band: number): readonly number[] {
    return [...this.#capacities.keys()].filter((offering) => this.#bandOf(offering) === band);
  }

  /**
   * Treats all but the `whole` most valuable items as divisible, at the multipliers that suit an offering: the others count with what they are worth beyond
   * these. False when that was tried before, or too much else was.
   */
  refineWhole(offering: number, whole: number): boolean {
    const { count, width, weights, values } = this.#items;
    const trial = `${offering}/${whole}`;
    if (count <= whole || this.#wholeDone.has(trial) || this.#wholeDone.size >= WHOLE_TRIALS_MAX) return false;
    this.#wholeDone.add(trial);
    this.#byValue ??= [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    const divisible = pick(this.#items, this.#byValue.slice(whole), values);
    const capacity = this.#capacities[offering] as Float64Array;
    const multipliers = new MultiplierSearch(divisible, [capacity]).best(capacity);
    const beyond = values.map((value, item) => {
      let rest = value;
      for (let d = 0; d < width; d++) rest -= (multipliers[d] as number) * (weights[item * width + d] as number);
      return rest;
    });
    const worthMore = [...beyond.keys()].filter((item) => (beyond[item] as number) > 0);
    const significant = worthMore.filter((item) => (beyond[item] as number) > (values[item] as number) * 1e-9);
    if (significant.length > GRID_ITEMS_MAX) return true;
    const noise = worthMore.reduce(
      (sum, item) =>
        sum +
        ((beyond[item] as number) > (values[item] as number) * 1e-9
          ? 0
          : (beyond[item] as number) * (this.#items.pods[item] as number)),
      0,
    );
    const members = this.#membersOf(this.#bandOf(offering));
    const table = gridValueLimits(
      pick(this.#items, significant, beyond),
      members.map((member) => this.#capacities[member] as Float64Array),
    );
    for (const [position, member] of members.entries()) {
      const room = product(multipliers, this.#capacities[member] as Float64Array);
      const total = (table[position] as number) + noise + room;
      if (total < (this.#limits[member] as number)) this.#limits[member] = total;
    }
    return true;
  }

  /** Whether a search over contents has a chance to come to an end. */
  get isSearchable(): boolean {
    return this.#items.count <= SEARCHED_ITEMS_MAX;
  }

  knapsackOf(offering: number): NodeKnapsack {
    const capacity = this.#capacities[offering] as Float64Array;
    return { items: this.#items, capacity, multipliers: this.#multipliers[offering] ?? this.#search.best(capacity) };
  }

  /** Records what an exact search proved; offerings in every way smaller inherit it. */
  settle(offering: number, limit: number): void {
    const capacity = this.#capacities[offering] as Float64Array;
    for (const [other, smaller] of this.#capacities.entries()) {
      if (!smaller.every((amount, d) => amount <= (capacity[d] as number))) continue;
      if (limit < (this.#limits[other] as number)) this.#limits[other] = limit;
    }
    // Never looked at again, even where the search ended without a proof.
    this.#prices[offering] = Number.POSITIVE_INFINITY;
  }
}

/** Some of the items, with values of their own. */
function pick(items: ValuedItems, chosen: readonly number[], values: Float64Array): ValuedItems {
  const { width, rules } = items;
  const weights = new Float64Array(chosen.length * width);
  for (const [position, item] of chosen.entries()) {
    weights.set(items.weights.subarray(item * width, (item + 1) * width), position * width);
  }
  return {
    count: chosen.length,
    width,
    rules,
    weights,
    values: Float64Array.from(chosen, (item) => values[item] as number),
    pods: Float64Array.from(chosen, (item) => items.pods[item] as number),
  };
}

/** Best multipliers of a capacity: duals of the divisible knapsack over a working set of items that grows by the worst violated. */
export class MultiplierSearch {
  readonly scale: Float64Array;
  readonly #items: ValuedItems;
  readonly #working: Set<number>;

  constructor(items: ValuedItems, capacities: readonly Float64Array[]) {
    this.#items = items;
    this.scale = new Float64Array(items.width);
    for (const capacity of capacities) {
      for (const [d, amount] of capacity.entries()) this.scale[d] = Math.max(this.scale[d] as number, amount);
    }
    for (const [d, amount] of this.scale.entries()) if (amount === 0) this.scale[d] = 1;
    this.#working = new Set(densest(items, this.scale));
  }

  best(capacity: Float64Array): Float64Array {
    const { width, count } = this.#items;
    for (let round = 0; ; round++) {
      const multipliers = this.#solve(capacity);
      const missing: { item: number; excess: number }[] = [];
      for (let item = 0; item < count; item++) {
        const value = this.#items.values[item] as number;
        let price = 0;
        for (let d = 0; d < width; d++) {
          price += (multipliers[d] as number) * (this.#items.weights[item * width + d] as number);
        }
        if (price < value * (1 - 1e-11) && !this.#working.has(item) && holdsItem(this.#items, item, capacity))
          missing.push({ item, excess: value - price });
      }
      if (missing.length === 0 || round > 50) return multipliers;
      missing.sort((a, b) => b.excess - a.excess || a.item - b.item);
      for (const { item } of missing.slice(0, 24)) this.#working.add(item);
    }
  }

  #solve(capacity: Float64Array): Float64Array {
    const { width, weights, values } = this.#items;
    const lp = new CoveringLp(
      capacity.map((amount, d) => -amount / (this.scale[d] as number)),
      new Float64Array(width).fill(Number.POSITIVE_INFINITY),
    );
    const rows = [...capacity.keys()];
    for (const item of this.#working) {
      if (!holdsItem(this.#items, item, capacity)) continue;
      const entries = rows.map((d) => -(weights[item * width + d] as number) / (this.scale[d] as number));
      lp.addColumn(-(values[item] as number), rows, entries);
    }
    lp.solve(PIVOTS_MAX);
    return lp.duals.map((dual, d) => Math.max(0, dual) / (this.scale[d] as number));
  }
}

interface Excess {
  readonly item: number;
  /** By how much its value exceeds m·weight. */
  readonly value: number;
}

function excessItems({ count, width, weights, values }: ValuedItems, multipliers: Float64Array): readonly Excess[] {
  const result: Excess[] = [];
  for (let item = 0; item < count; item++) {
    let value = values[item] as number;
    for (let d = 0; d < width; d++) value -= (multipliers[d] as number) * (weights[item * width + d] as number);
    if (value > 0) result.push({ item, value });
  }
  return result;
}

/** m·capacity and what the items that fit are worth beyond; not counted to the end when it is above what is known. */
function limitOf(
  items: ValuedItems,
  capacity: Float64Array,
  {
    multipliers,
    excess,
    known,
  }: { readonly multipliers: Float64Array; readonly excess: readonly Excess[]; readonly known: number },
): number {
  let limit = product(multipliers, capacity);
  for (const { item, value } of excess) {
    if (limit >= known) return limit;
    if (holdsItem(items, item, capacity)) limit += value * (items.pods[item] as number);
  }
  return limit;
}

/** Σ pods × max(0, value − m·weight) of the items that fit. */
export function uncovered(items: ValuedItems, multipliers: Float64Array, capacity: Float64Array): number {
  let sum = 0;
  for (const { item, value } of excessItems(items, multipliers)) {
    if (holdsItem(items, item, capacity)) sum += value * (items.pods[item] as number);
  }
  return sum;
}

export function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** For each dimension and for all together: the items worth most per share of the largest node. */
function densest({ count, width, weights, values }: ValuedItems, scale: Float64Array): number[] {
  const chosen: number[] = [];
  for (let dimension = 0; dimension <= width; dimension++) {
    let best = -1;
    let bestDensity = 0;
    for (let item = 0; item < count; item++) {
      let share = 1e-3;
      for (let d = 0; d < width; d++) {
        if (d === dimension || dimension === width)
          share += (weights[item * width + d] as number) / (scale[d] as number);
      }
      const density = (values[item] as number) / share;
      if (density > bestDensity) [best, bestDensity] = [item, density];
    }
    if (best >= 0) chosen.push(best);
  }
  return chosen;
}

/** Items by value per share of the largest node, best first. */
function byDensity({ count, width, weights, values }: ValuedItems, scale: Float64Array): number[] {
  const density = new Float64Array(count);
  for (let item = 0; item < count; item++) {
    let share = 1e-12;
    for (let d = 0; d < width; d++) share += (weights[item * width + d] as number) / (scale[d] as number);
    density[item] = (values[item] as number) / share;
  }
  return [...density.keys()].sort((a, b) => (density[b] as number) - (density[a] as number) || a - b);
}

function greedyValue(items: ValuedItems, order: readonly number[], capacity: Float64Array): number {
  const { width, weights, values, pods } = items;
  const free = capacity.slice();
  let total = 0;
  for (const item of order) {
    let count = pods[item] as number;
    for (let d = 0; d < width && count > 0; d++) {
      const weight = weights[item * width + d] as number;
      if (weight > 0) count = Math.min(count, Math.floor((free[d] as number) / weight));
    }
    if (count <= 0) continue;
    total += count * (values[item] as number);
    for (let d = 0; d < width; d++) free[d] = (free[d] as number) - count * (weights[item * width + d] as number);
  }
  return total;
}
