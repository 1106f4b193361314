import type { ContentItem } from "./divisible-content.ts";

/** Keeps sums that fit exactly. */
const TOLERANCE = 1e-9;

/** A node to be filled, with the items that it holds whole. */
export interface WholeNode {
  readonly items: readonly ContentItem[];
  readonly width: number;
  /** Shape × dimension. */
  readonly weights: Float64Array;
  readonly capacity: Float64Array;
  /** Prices at which divisible pods fill the node best: they say what the rest of a node can be worth. */
  readonly multipliers: Float64Array;
}

/** The best whole pods for a node, repeated as often as they occur. */
export interface WholeContent {
  /** No content is worth more; the value of `shapes` unless the steps ran out. */
  readonly limit: number;
  readonly shapes: readonly number[];
}

/** Depth first over the items, the largest first: for nodes of few pods, whatever it is that limits them. */
export function wholeContent(node: WholeNode, stepsMax: number): WholeContent {
  return new Search(node, stepsMax).run();
}

class Search {
  readonly #node: WholeNode;
  readonly #order: readonly ContentItem[];
  readonly #counts: Int32Array;
  readonly #free: Float64Array;
  #steps: number;
  #best = 0;
  #open = 0;
  #shapes: readonly number[] = [];

  constructor(node: WholeNode, stepsMax: number) {
    this.#node = node;
    this.#steps = stepsMax;
    this.#order = [...node.items].sort((a, b) => this.#price(b.shape) - this.#price(a.shape) || a.shape - b.shape);
    this.#counts = new Int32Array(this.#order.length);
    this.#free = node.capacity.slice();
  }

  run(): WholeContent {
    this.#visit(0, 0);
    return { limit: Math.max(this.#best, this.#open), shapes: this.#shapes };
  }

  #price(shape: number): number {
    const { width, weights, multipliers } = this.#node;
    let price = 0;
    for (let d = 0; d < width; d++) price += (multipliers[d] as number) * (weights[shape * width + d] as number);
    return price;
  }

  /** Everything before `position` is decided and worth `value`. */
  #visit(position: number, value: number): void {
    if (value > this.#best) {
      this.#best = value;
      this.#shapes = this.#order.flatMap(({ shape }, index) => Array<number>(this.#counts[index] ?? 0).fill(shape));
    }
    const item = this.#order[position];
    if (item === undefined) return;
    const { width, weights, multipliers } = this.#node;
    let rest = 0;
    for (let d = 0; d < width; d++) rest += (multipliers[d] as number) * (this.#free[d] as number);
    if (value + rest <= this.#best * (1 + TOLERANCE)) return;
    if (--this.#steps < 0) {
      this.#open = Math.max(this.#open, value + rest);
      return;
    }
    const start = item.shape * width;
    const most = this.#most(item);
    this.#take(start, most);
    for (let count = most; count >= 0; count--) {
      this.#counts[position] = count;
      this.#visit(position + 1, value + count * item.value);
      if (count > 0)
        for (let d = 0; d < width; d++) this.#free[d] = (this.#free[d] as number) + (weights[start + d] as number);
    }
  }

  #take(start: number, count: number): void {
    const { width, weights } = this.#node;
    for (let d = 0; d < width; d++) this.#free[d] = (this.#free[d] as number) - count * (weights[start + d] as number);
  }

  #most({ shape, limit }: ContentItem): number {
    const { width, weights } = this.#node;
    let most = limit;
    for (let d = 0; d < width; d++) {
      const weight = weights[shape * width + d] as number;
      if (weight > 0) most = Math.min(most, Math.floor((this.#free[d] as number) / weight + TOLERANCE));
    }
    return Math.max(0, most);
  }
}
