import type { PackingProblem, PackingShape, ShapeCount } from "../problem.ts";
import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import { CoveringLp } from "./covering-lp.ts";
import type { DemandGroup } from "./group-multipliers.ts";
import { demandGroups, leastUnitPrice } from "./group-multipliers.ts";
import { NodeContent } from "./node-content.ts";

/** Groups of small pods told apart; more are merged, which weakens the bound a little. */
const SAND_GROUPS_MAX = 16;
const PIVOTS_PER_SOLVE = 20_000;

/** An offering with pods that it really can hold. */
export interface NodeColumn {
  readonly offering: number;
  readonly content: readonly ShapeCount[];
}

/** Prices by row: of each big shape, then of each resource of each sand group. */
export type RowPrices = Float64Array;

/** Room that a column leaves to sand: by dimension the group that gets it, and how much. */
export interface SandRoom {
  readonly takers: Int32Array;
  readonly room: Float64Array;
}

/**
 * The covering program over contents of nodes (packing.md §5, §2.5). Rows are big shapes, one by one, and what all small pods of a group ask for of each
 * resource: those are divisible, like sand. Without small pods the rows are the shapes, and the program is that of column generation.
 */
export class ColumnMaster {
  readonly model: BoundModel;
  /** Shapes with a row of their own. */
  readonly big: Int32Array;
  readonly sand: readonly DemandGroup[];
  /** Sand group × dimension → row, or -1. */
  readonly sandRowOf: Int32Array;
  /** By model class: the sand groups that may use it; existing classes follow. */
  readonly sandOfClass: readonly (readonly number[])[];
  readonly #lp: CoveringLp;
  readonly #rowOfShape: ReadonlyMap<number, number>;
  readonly #existingRowsStart: number;
  readonly #columns: (NodeColumn | undefined)[] = [];

  constructor(model: BoundModel, big: Int32Array) {
    this.model = model;
    this.big = big;
    this.#rowOfShape = new Map([...big].map((shape, row) => [shape, row]));
    const small = model.pods.map((pods, shape) => (this.#rowOfShape.has(shape) ? 0 : pods));
    this.sand = demandGroups(model, small, SAND_GROUPS_MAX);
    const starts = [...big].map((shape) => cheapestAlone(model, shape));
    const rightSide = [...big].map((shape) => model.pods[shape] as number);
    // A little dearer than the same nodes as columns, which are what the solution should name.
    const startCosts = starts.map((start) => start.usdPerPod * (1 + 1e-6));
    this.sandRowOf = this.#addSandRows(rightSide, startCosts);
    this.#existingRowsStart = rightSide.length;
    for (const _ of model.existing) {
      rightSide.push(-1);
      startCosts.push(Number.POSITIVE_INFINITY);
    }
    this.#lp = new CoveringLp(Float64Array.from(rightSide), Float64Array.from(startCosts));
    const lists = Array.from({ length: model.classes.length + model.existing.length }, (): number[] => []);
    for (const [index, group] of this.sand.entries()) {
      for (const member of group.classes) lists[member]?.push(index);
      for (const member of group.existing) lists[model.classes.length + member]?.push(index);
    }
    this.sandOfClass = lists;
    for (const { column } of starts) if (column !== undefined) this.addNode(column);
  }

  #addSandRows(rightSide: number[], startCosts: number[]): Int32Array {
    const { width, classes } = this.model;
    const rowOf = new Int32Array(this.sand.length * width).fill(-1);
    for (const [index, group] of this.sand.entries()) {
      for (let d = 0; d < width; d++) {
        const demand = group.demand[d] as number;
        if (demand <= 0) continue;
        rowOf[index * width + d] = rightSide.push(demand) - 1;
        startCosts.push(Math.min(...group.classes.map((c) => leastUnitPrice(classes[c] as OfferingClass, width, d))));
      }
    }
    return rowOf;
  }

  /** Rows that have a price: all but those of existing bins. */
  get pricedRows(): number {
    return this.#existingRowsStart;
  }

  get pivots(): number {
    return this.#lp.pivots;
  }

  /** Adds a node, with the room it leaves to sand. True when the present prices say it is worth more than it costs. */
  addNode(column: NodeColumn, left?: SandRoom): boolean {
    const rows: number[] = [];
    const values: number[] = [];
    for (const { shape, pods } of column.content) {
      const row = this.#rowOfShape.get(shape);
      if (row === undefined) continue;
      rows.push(row);
      values.push(pods);
    }
    if (left !== undefined) this.#pushSand(left, rows, values);
    this.#columns.push(column);
    const price = this.model.problem.offerings[column.offering]?.priceUsdPerHour ?? 0;
    return this.#lp.isAttractive(this.#lp.addColumn(price, rows, values));
  }

  /** Adds a way to use the room of an existing class once. */
  addExisting(index: number, bigAmounts: readonly { shape: number; amount: number }[], left: SandRoom): boolean {
    const rows = [this.#existingRowsStart + index];
    const values = [-1];
    for (const { shape, amount } of bigAmounts) {
      rows.push(this.#rowOfShape.get(shape) as number);
      values.push(amount);
    }
    this.#pushSand(left, rows, values);
    this.#columns.push(undefined);
    return this.#lp.isAttractive(this.#lp.addColumn(0, rows, values));
  }

  #pushSand({ takers, room }: SandRoom, rows: number[], values: number[]): void {
    for (const [d, group] of takers.entries()) {
      const amount = room[d] as number;
      if (group < 0 || amount <= 0) continue;
      rows.push(this.sandRowOf[group * takers.length + d] as number);
      values.push(amount);
    }
  }

  /** Prices at the optimum over the columns so far. */
  solve(): RowPrices {
    this.#lp.solve(PIVOTS_PER_SOLVE);
    return this.#lp.duals.map((dual) => Math.max(0, dual)).slice(0, this.#existingRowsStart);
  }

  /** Cost of the present solution, existing bins and sand included. */
  objective(): number {
    return this.#lp.objective();
  }

  /** Columns of the present solution with their amounts. */
  solution(): readonly (NodeColumn & { readonly amount: number })[] {
    const result: (NodeColumn & { readonly amount: number })[] = [];
    for (const { column, amount } of this.#lp.solution()) {
      const node = this.#columns[column];
      if (node !== undefined) result.push({ ...node, amount });
    }
    return result;
  }

  /** By dimension what a unit is worth to the sand that may use a class, and to which group. */
  sandPricesOf(index: number, prices: RowPrices): { readonly values: Float64Array; readonly takers: Int32Array } {
    const { width } = this.model;
    const values = new Float64Array(width);
    const takers = new Int32Array(width).fill(-1);
    for (const group of this.sandOfClass[index] ?? []) {
      for (let d = 0; d < width; d++) {
        const row = this.sandRowOf[group * width + d] as number;
        const value = row < 0 ? 0 : (prices[row] as number);
        if (value <= (values[d] as number)) continue;
        values[d] = value;
        takers[d] = group;
      }
    }
    return { values, takers };
  }
}

/** The node full of one shape that costs least per pod. */
function cheapestAlone(model: BoundModel, shape: number): { usdPerPod: number; column: NodeColumn | undefined } {
  const { problem, width, weights } = model;
  let best: { usdPerPod: number; offering: number } | undefined;
  for (const index of (model.groups[model.groupOf[shape] as number] as ShapeGroup).classes) {
    const { offerings, prices, capacities } = model.classes[index] as OfferingClass;
    for (const [row, offering] of offerings.entries()) {
      let pods = problem.shapes[shape]?.pods ?? 0;
      for (let d = 0; d < width; d++) {
        const weight = weights[shape * width + d] as number;
        if (weight > 0) pods = Math.min(pods, Math.floor((capacities[row * width + d] as number) / weight + 1e-9));
      }
      const usdPerPod = (prices[row] as number) / pods;
      if (pods > 0 && usdPerPod < (best?.usdPerPod ?? Number.POSITIVE_INFINITY)) best = { usdPerPod, offering };
    }
  }
  if (best === undefined) return { usdPerPod: 0, column: undefined };
  return {
    usdPerPod: best.usdPerPod,
    column: { offering: best.offering, content: fullOf(problem, best.offering, shape) },
  };
}

function fullOf(problem: PackingProblem, offering: number, shape: number): readonly ShapeCount[] {
  const node = new NodeContent(problem, offering);
  const { pods } = problem.shapes[shape] as PackingShape;
  for (let count = 0; count < pods && node.tryAdd(shape); count++);
  return node.content();
}
