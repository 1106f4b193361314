import type { ValuedItems } from "./verified-items.ts";

/** With more kinds of pods in question the search would not come to an end anyway. */
const ITEMS_MAX = 400;

export interface NodeKnapsack {
  readonly items: ValuedItems;
  readonly capacity: Float64Array;
  /** Any m ≥ 0; the better, the shorter the search. */
  readonly multipliers: Float64Array;
}

export interface NodeProof {
  /** No content of the node is worth more; at least the target. */
  readonly limit: number;
  readonly steps: number;
}

/**
 * Searches for contents worth more than `target`, depth first over the items, largest first. Branches that cannot exceed the best so far are cut; when the
 * steps run out, every open branch counts with its limit.
 */
export function proveNodeValue(knapsack: NodeKnapsack, target: number, stepsMax: number): NodeProof {
  const search = new ContentSearch(knapsack, target, stepsMax);
  search.run();
  return { limit: search.limit, steps: search.steps };
}

class ContentSearch {
  /** Most value found or not excluded. */
  limit: number;
  steps = 0;
  readonly #stepsMax: number;
  readonly #width: number;
  readonly #count: number;
  /** Item × dimension, items in search order. */
  readonly #weights: Float64Array;
  readonly #values: Float64Array;
  readonly #pods: Float64Array;
  readonly #multipliers: Float64Array;
  /** Of the items from here on, per unit of each dimension: the largest value. Item × dimension. */
  readonly #densities: Float64Array;
  /** Of the items from here on: the largest excess of value over multipliers; 0 when they are feasible. */
  readonly #excess: Float64Array;
  /** Depth × dimension. */
  readonly #free: Float64Array;

  constructor({ items, capacity, multipliers }: NodeKnapsack, target: number, stepsMax: number) {
    this.limit = target;
    this.#width = items.width;
    this.#multipliers = multipliers;
    const order = searchOrder(items, capacity, { multipliers, target });
    this.#stepsMax = order.length > ITEMS_MAX ? 0 : stepsMax;
    const { width } = items;
    this.#count = order.length;
    this.#weights = new Float64Array(order.length * width);
    for (const [position, item] of order.entries()) {
      this.#weights.set(items.weights.subarray(item * width, (item + 1) * width), position * width);
    }
    this.#values = Float64Array.from(order, (item) => items.values[item] as number);
    this.#pods = Float64Array.from(order, (item) => items.pods[item] as number);
    this.#densities = new Float64Array((order.length + 1) * width);
    this.#excess = new Float64Array(order.length + 1);
    this.#summarizeSuffixes();
    this.#free = new Float64Array((order.length + 1) * width);
    this.#free.set(capacity);
  }

  #summarizeSuffixes(): void {
    const width = this.#width;
    for (let position = this.#count - 1; position >= 0; position--) {
      const value = this.#values[position] as number;
      let excess = value;
      for (let d = 0; d < width; d++) {
        const weight = this.#weights[position * width + d] as number;
        excess -= (this.#multipliers[d] as number) * weight;
        this.#densities[position * width + d] = Math.max(
          this.#densities[(position + 1) * width + d] as number,
          value / weight,
        );
      }
      this.#excess[position] =
        (this.#excess[position + 1] as number) + Math.max(0, excess) * (this.#pods[position] as number);
    }
  }

  run(): void {
    this.#visit(0, 0);
  }

  /** Everything before `position` is decided and worth `value`. */
  #visit(position: number, value: number): void {
    if (value > this.limit) this.limit = value;
    if (position === this.#count) return;
    const rest = this.#restLimit(position);
    if (value + rest <= this.limit * (1 + 1e-12)) return;
    if (++this.steps > this.#stepsMax) {
      this.limit = value + rest;
      return;
    }
    const width = this.#width;
    const here = position * width;
    const next = here + width;
    const most = this.#most(position);
    for (let count = most; count >= 0; count--) {
      for (let d = 0; d < width; d++) {
        const left = (this.#free[here + d] as number) - count * (this.#weights[here + d] as number);
        this.#free[next + d] = left > 0 ? left : 0;
      }
      this.#visit(position + 1, value + count * (this.#values[position] as number));
    }
  }

  /** No content of the free room with items from here on is worth more. */
  #restLimit(position: number): number {
    const width = this.#width;
    const start = position * width;
    let rest = this.#excess[position] as number;
    let single = Number.POSITIVE_INFINITY;
    for (let d = 0; d < width; d++) {
      const free = this.#free[start + d] as number;
      rest += (this.#multipliers[d] as number) * free;
      const density = this.#densities[start + d] as number;
      if (density < Number.POSITIVE_INFINITY) single = Math.min(single, density * free);
    }
    return Math.min(rest, single);
  }

  #most(position: number): number {
    const width = this.#width;
    const start = position * width;
    let most = this.#pods[position] as number;
    for (let d = 0; d < width; d++) {
      const weight = this.#weights[start + d] as number;
      // A sum that fits exactly may miss by a rounding error; to allow one pod too many keeps the limit valid.
      if (weight > 0) most = Math.min(most, Math.floor((this.#free[start + d] as number) / weight + 1e-9));
    }
    return most;
  }
}

/** Items that can be in a content worth more than the target, the largest first: their choices leave least open. */
function searchOrder(
  { count, width, weights, values, pods }: ValuedItems,
  capacity: Float64Array,
  { multipliers, target }: { readonly multipliers: Float64Array; readonly target: number },
): number[] {
  let most = 0;
  for (let d = 0; d < width; d++) most += (multipliers[d] as number) * (capacity[d] as number);
  const price = new Float64Array(count);
  for (let item = 0; item < count; item++) {
    for (let d = 0; d < width; d++) {
      price[item] = (price[item] as number) + (multipliers[d] as number) * (weights[item * width + d] as number);
    }
    most += Math.max(0, (values[item] as number) - (price[item] as number)) * (pods[item] as number);
  }
  const chosen = [...price.keys()].filter((item) => {
    const loss = Math.max(0, (price[item] as number) - (values[item] as number));
    if (most - loss <= target) return false;
    for (let d = 0; d < width; d++) {
      if ((weights[item * width + d] as number) > (capacity[d] as number) * (1 + 1e-9)) return false;
    }
    return true;
  });
  return chosen.sort((a, b) => (price[b] as number) - (price[a] as number) || a - b);
}
