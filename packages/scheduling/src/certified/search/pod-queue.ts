import type { ShapeCount } from "../problem.ts";
import type { PackingTables } from "./packing-tables.ts";
import type { Prng } from "./prng.ts";

/** Rows are sorted by insertion up to here, by packed numbers above. */
const INSERTION_SORT_MAX = 32;
/** With more rows than these one order serves several nodes, until too many rows are empty. */
const ORDER_ROWS_MIN = 64;
const ORDER_USES_MAX = 6;
const ORDER_LIVE_SHARE = 0.75;
const INDEX_BITS = 2 ** 20;
const KEY_SCALE = 2 ** 32;
const NOISE_SMALL = 0.15;
const NOISE_LARGE = 0.6;

/** What steers the order and the choice of fills, in USD per hour and pod. */
export interface ShapeWorth {
  /** Fair price, never 0. */
  readonly worth: Float64Array;
  /** What the resource that the shape takes most of would cost alone. */
  readonly dominant: Float64Array;
  /** Average over the resources. */
  readonly mean: Float64Array;
}

/**
 * Pods still to be placed, one row per shape. {@link PodQueue.arrange} sorts the rows, large first with some noise, and lays out what
 * fills need; the columns below are valid until the queue changes.
 */
export class PodQueue {
  /** Rows, also those from which all pods have been taken since they were arranged. */
  size = 0;
  /** Shapes with pods. */
  live = 0;
  /** The first row with pods. */
  first = 0;
  totalWorth = 0;
  shape: Int32Array = new Int32Array(64);
  count: Int32Array = new Int32Array(64);
  mask: Int32Array = new Int32Array(64);
  worth: Float64Array = new Float64Array(64);
  /** Vector of row i at i × dimensions. */
  request: Float64Array;
  /** 1 where the shape is under host rules. */
  hasRules: Uint8Array = new Uint8Array(64);
  /** Least request of resource 0 and 1 in this row and all later ones. */
  least0: Float64Array = new Float64Array(65);
  least1: Float64Array = new Float64Array(65);

  prices: ShapeWorth;
  readonly #tables: PackingTables;
  readonly #random: Prng;
  readonly #itemOf: Int32Array;
  #items = 0;
  #isArranged = false;
  #usesOfOrder = 0;
  #itemShape = new Int32Array(64);
  #itemCount = new Int32Array(64);
  #order = new Int32Array(64);
  #keys = new Float64Array(64);

  constructor(tables: PackingTables, prices: ShapeWorth, random: Prng) {
    this.#tables = tables;
    this.prices = prices;
    this.#random = random;
    this.#itemOf = new Int32Array(tables.shapes).fill(-1);
    this.request = new Float64Array(64 * tables.dimensions);
  }

  add(shape: number, pods: number): void {
    if (pods <= 0) return;
    let item = this.#itemOf[shape] as number;
    if (item < 0) {
      item = this.#items;
      if (item === this.#itemShape.length) this.#grow();
      this.#items += 1;
      this.#itemOf[shape] = item;
      this.#itemShape[item] = shape;
      this.#itemCount[item] = 0;
    }
    if (this.#itemCount[item] === 0) this.live += 1;
    this.#itemCount[item] = (this.#itemCount[item] as number) + pods;
    this.totalWorth += pods * (this.prices.worth[shape] as number);
    this.#isArranged = false;
  }

  clear(): void {
    for (let item = 0; item < this.#items; item += 1) this.#itemOf[this.#itemShape[item] as number] = -1;
    this.#items = 0;
    this.size = 0;
    this.live = 0;
    this.totalWorth = 0;
    this.#isArranged = false;
  }

  /** Takes pods away: `taken[i]` of row `rows[i]`. The rows stay where they are. */
  remove(rows: Int32Array, taken: Int32Array, length: number): void {
    for (let index = 0; index < length; index += 1) {
      const row = rows[index] as number;
      const pods = taken[index] as number;
      const left = (this.count[row] as number) - pods;
      this.count[row] = left;
      this.#itemCount[this.#order[row] as number] = left;
      this.totalWorth -= pods * (this.worth[row] as number);
      if (left === 0) this.live -= 1;
    }
    this.#usesOfOrder += 1;
    while (this.first < this.size && this.count[this.first] === 0) this.first += 1;
  }

  /** What is left, by shape. */
  left(): ShapeCount[] {
    const left: ShapeCount[] = [];
    for (let item = 0; item < this.#items; item += 1) {
      const pods = this.#itemCount[item] as number;
      if (pods > 0) left.push({ shape: this.#itemShape[item] as number, pods });
    }
    return left.sort((one, other) => one.shape - other.shape);
  }

  /** Sorts anew, unless the rows are many and their order has served only a few nodes. */
  arrange(): void {
    if (
      this.#isArranged &&
      this.size > ORDER_ROWS_MIN &&
      this.#usesOfOrder < ORDER_USES_MAX &&
      this.live > this.size * ORDER_LIVE_SHARE
    )
      return;
    this.#dropEmpty();
    this.#sort();
    this.#layOut();
    this.#suffixMinima();
    this.first = 0;
    this.#usesOfOrder = 0;
    this.#isArranged = true;
  }

  #dropEmpty(): void {
    let kept = 0;
    for (let item = 0; item < this.#items; item += 1) {
      const shape = this.#itemShape[item] as number;
      const count = this.#itemCount[item] as number;
      if (count === 0) {
        this.#itemOf[shape] = -1;
        continue;
      }
      this.#itemShape[kept] = shape;
      this.#itemCount[kept] = count;
      this.#itemOf[shape] = kept;
      kept += 1;
    }
    this.#items = kept;
    this.size = kept;
  }

  #layOut(): void {
    const { dimensions, requests, mask, ruleStart } = this.#tables;
    const { worth } = this.prices;
    let total = 0;
    for (let row = 0; row < this.size; row += 1) {
      const item = this.#order[row] as number;
      const shape = this.#itemShape[item] as number;
      const count = this.#itemCount[item] as number;
      this.shape[row] = shape;
      this.count[row] = count;
      this.mask[row] = mask[shape] as number;
      this.worth[row] = worth[shape] as number;
      total += count * (worth[shape] as number);
      this.hasRules[row] = ruleStart[shape] === ruleStart[shape + 1] ? 0 : 1;
      const from = shape * dimensions;
      const to = row * dimensions;
      for (let index = 0; index < dimensions; index += 1) this.request[to + index] = requests[from + index] as number;
    }
    this.totalWorth = total;
  }

  #suffixMinima(): void {
    const { dimensions } = this.#tables;
    let least0 = Number.POSITIVE_INFINITY;
    let least1 = Number.POSITIVE_INFINITY;
    for (let row = this.size - 1; row >= 0; row -= 1) {
      const amount0 = this.request[row * dimensions] as number;
      const amount1 = this.request[row * dimensions + 1] as number;
      if (amount0 < least0) least0 = amount0;
      if (amount1 < least1) least1 = amount1;
      this.least0[row] = least0;
      this.least1[row] = least1;
    }
  }

  #sort(): void {
    const { worth, dominant, mean } = this.prices;
    const random = this.#random;
    const share = random.next();
    const noise = random.next() < 0.5 ? NOISE_SMALL : NOISE_LARGE;
    const other = random.next() < 0.5 ? worth : mean;
    for (let item = 0; item < this.size; item += 1) {
      const shape = this.#itemShape[item] as number;
      const key = share * (dominant[shape] as number) + (1 - share) * (other[shape] as number);
      this.#keys[item] = key * (1 - noise * random.next());
    }
    if (this.size <= INSERTION_SORT_MAX) this.#insertionSort();
    else this.#packedSort();
  }

  #insertionSort(): void {
    const keys = this.#keys;
    const order = this.#order;
    for (let item = 0; item < this.size; item += 1) {
      const key = keys[item] as number;
      let row = item;
      while (row > 0 && (keys[order[row - 1] as number] as number) < key) {
        order[row] = order[row - 1] as number;
        row -= 1;
      }
      order[row] = item;
    }
  }

  /** Key and index share one number, so that the sort of typed arrays needs no comparison function. */
  #packedSort(): void {
    const keys = this.#keys;
    const { size } = this;
    let largest = 0;
    for (let item = 0; item < size; item += 1) if ((keys[item] as number) > largest) largest = keys[item] as number;
    const scale = largest > 0 ? KEY_SCALE / largest : 0;
    for (let item = 0; item < size; item += 1)
      keys[item] = (KEY_SCALE - Math.floor((keys[item] as number) * scale)) * INDEX_BITS + item;
    keys.subarray(0, size).sort();
    for (let row = 0; row < size; row += 1) this.#order[row] = (keys[row] as number) % INDEX_BITS;
  }

  #grow(): void {
    const length = this.#itemShape.length * 2;
    this.#itemShape = grown(this.#itemShape, length);
    this.#itemCount = grown(this.#itemCount, length);
    this.#order = new Int32Array(length);
    this.#keys = new Float64Array(length);
    this.shape = new Int32Array(length);
    this.count = new Int32Array(length);
    this.mask = new Int32Array(length);
    this.worth = new Float64Array(length);
    this.request = new Float64Array(length * this.#tables.dimensions);
    this.hasRules = new Uint8Array(length);
    this.least0 = new Float64Array(length + 1);
    this.least1 = new Float64Array(length + 1);
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(array);
  return copy;
}
