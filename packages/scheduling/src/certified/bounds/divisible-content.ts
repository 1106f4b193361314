import { CoveringLp } from "./covering-lp.ts";
import type { WholeContent } from "./whole-content.ts";
import { wholeContent } from "./whole-content.ts";

const PIVOTS_MAX = 2_000;
/** Keeps sums that fit exactly. */
const ROUNDING = 1e-9;

/** A kind of pods with what a node gains by each. */
export interface ContentItem {
  readonly shape: number;
  readonly value: number;
  /** No node holds more of it. */
  readonly limit: number;
}

/** The best content of a node when pods can be cut. */
export interface DivisibleContent {
  readonly value: number;
  readonly amounts: readonly { readonly shape: number; readonly amount: number }[];
}

/**
 * The most value of divisible pods on nodes of one class: above what whole pods are worth, and where a dozen of them share the node hardly so. Only shapes that
 * a node holds whole count. Prices found for a node are kept and tried first: most nodes are not worth their price, and mostly the old prices say so.
 */
export class DivisibleContents {
  readonly #width: number;
  /** Shape × dimension. */
  readonly #weights: Float64Array;
  /** Row × dimension. */
  readonly #capacities: Float64Array;
  readonly #multipliers: (Float64Array | undefined)[] = [];
  readonly #rows: readonly number[];

  constructor(width: number, weights: Float64Array, capacities: Float64Array) {
    this.#width = width;
    this.#weights = weights;
    this.#capacities = capacities;
    this.#rows = Array.from({ length: width }, (_, d) => d);
  }

  /** Upper limit of the value of a row from prices of an earlier call; Infinity without. */
  quickLimit(row: number, items: readonly ContentItem[]): number {
    const multipliers = this.#multipliers[row];
    if (multipliers === undefined) return Number.POSITIVE_INFINITY;
    const width = this.#width;
    let room = 0;
    for (let d = 0; d < width; d++) {
      room += (multipliers[d] as number) * (this.#capacities[row * width + d] as number);
    }
    let uncovered = 0;
    let worst = 1;
    for (const { shape, value, limit } of items) {
      let price = 0;
      for (let d = 0; d < width; d++)
        price += (multipliers[d] as number) * (this.#weights[shape * width + d] as number);
      if (price >= value || !this.#holds(row, shape)) continue;
      uncovered += (value - price) * limit;
      worst = Math.max(worst, value / price);
    }
    // Either what the prices do not cover is on top, or all prices rise until they cover it.
    return Math.min(room + uncovered, room * worst);
  }

  best(row: number, items: readonly ContentItem[]): DivisibleContent {
    const width = this.#width;
    const capacity = this.#capacities.subarray(row * width, (row + 1) * width);
    const fitting = items.filter(({ shape }) => this.#holds(row, shape));
    const lp = new CoveringLp(
      capacity.map((amount) => -amount),
      new Float64Array(width).fill(Number.POSITIVE_INFINITY),
    );
    for (const { shape, value } of fitting) {
      const start = shape * width;
      lp.addColumn(
        -value,
        this.#rows,
        this.#weights.subarray(start, start + width).map((weight) => -weight),
      );
    }
    lp.solve(PIVOTS_MAX);
    this.#multipliers[row] = lp.duals.map((dual) => Math.max(0, dual));
    const amounts = lp.solution().map(({ column, amount }) => {
      const { shape, limit } = fitting[column] as ContentItem;
      return { shape, amount: Math.min(amount, limit) };
    });
    return { value: this.quickLimit(row, fitting), amounts };
  }

  /** Whether pods of these shapes fit together. */
  fits(row: number, shapes: readonly number[]): boolean {
    const width = this.#width;
    for (let d = 0; d < width; d++) {
      let sum = 0;
      for (const shape of shapes) sum += this.#weights[shape * width + d] as number;
      if (sum > (this.#capacities[row * width + d] as number) * (1 + ROUNDING)) return false;
    }
    return true;
  }

  /** The best content of whole pods, after {@link best} was asked for the row. */
  whole(row: number, items: readonly ContentItem[], stepsMax: number): WholeContent {
    const width = this.#width;
    const capacity = this.#capacities.slice(row * width, (row + 1) * width);
    const multipliers = this.#multipliers[row] ?? new Float64Array(width);
    const fitting = items.filter(({ shape }) => this.#holds(row, shape));
    return wholeContent({ items: fitting, width, weights: this.#weights, capacity, multipliers }, stepsMax);
  }

  #holds(row: number, shape: number): boolean {
    const width = this.#width;
    for (let d = 0; d < width; d++) {
      if ((this.#weights[shape * width + d] as number) > (this.#capacities[row * width + d] as number)) return false;
    }
    return true;
  }
}
