import type { PackingProblem, PackingShape, ShapeCount } from "../problem.ts";
import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import { askedDimensions, blockValueLimit, choiceAmounts, choiceBlocks } from "./choice-blocks.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import type { ClassPoint } from "./class-prices.ts";
import { CoveringLp } from "./covering-lp.ts";
import { leastUnitPrice } from "./group-multipliers.ts";
import { NodeContent } from "./node-content.ts";

const PIVOTS_PER_SOLVE = 20_000;

/** An offering with pods that it really can hold. */
export interface NodeColumn {
  readonly offering: number;
  readonly content: readonly ShapeCount[];
}

/** Prices by row: of each big shape, of each block of small ones, then of each dimension of each class. */
export type RowPrices = Float64Array;

/**
 * The covering program over contents of nodes (packing.md §5, §2.5). Big shapes have a row each. All others are divisible, like sand: they choose a class,
 * by blocks as in {@link shapeMultipliers}, and fill the room that big ones leave there; a row for each class and dimension balances the two. Without small
 * shapes that is plain column generation, without big ones it is the class program.
 */
export class ColumnMaster {
  readonly model: BoundModel;
  /** Shapes with a row of their own. */
  readonly big: Int32Array;
  readonly #small: Float64Array;
  readonly #blocks: readonly Int32Array[];
  readonly #lp: CoveringLp;
  readonly #rowOfShape: ReadonlyMap<number, number>;
  /** Class × dimension → row, -1 where no small shape asks for it; existing classes follow, for big shapes as well. */
  readonly #rowOf: Int32Array;
  readonly #columns: (NodeColumn | undefined)[] = [];
  readonly #start: ClassPoint;

  constructor(model: BoundModel, big: Int32Array, start: ClassPoint) {
    this.model = model;
    this.big = big;
    this.#start = start;
    this.#rowOfShape = new Map([...big].map((shape, row) => [shape, row]));
    this.#small = model.pods.map((pods, shape) => (this.#rowOfShape.has(shape) ? 0 : pods));
    this.#blocks = choiceBlocks(model, this.#small, start.multipliers);
    const alone = [...big].map((shape) => cheapestAlone(model, shape));
    const rightSide = [...[...big].map((shape) => model.pods[shape] as number), ...this.#blocks.map(() => 1)];
    // A little dearer than the same nodes as columns, which are what the solution should name.
    const startCosts = alone.map((start) => start.usdPerPod * (1 + 1e-6));
    for (const shapes of this.#blocks) startCosts.push(blockValueLimit(model, this.#small, shapes));
    this.#rowOf = this.#addClassRows(rightSide, startCosts);
    this.#lp = new CoveringLp(Float64Array.from(rightSide), Float64Array.from(startCosts));
    for (const { column } of alone) if (column !== undefined) this.addNode(column);
    this.#addExistingColumns();
    this.addChoices(start.valued.cheapest);
  }

  /** Rows that the program would have. */
  static rowsOf(model: BoundModel, big: Int32Array, start: ClassPoint): number {
    const chosen = new Set(big);
    const small = model.pods.map((pods, shape) => (chosen.has(shape) ? 0 : pods));
    const classRows = (model.classes.length + model.existing.length) * model.width;
    return big.length + choiceBlocks(model, small, start.multipliers).length + classRows;
  }

  #addClassRows(rightSide: number[], startCosts: number[]): Int32Array {
    const { width, classes, existing, pods } = this.model;
    const rowOf = new Int32Array((classes.length + existing.length) * width).fill(-1);
    const askedBySmall = askedDimensions(this.model, this.#small);
    const askedByAll = askedDimensions(this.model, pods);
    for (const at of rowOf.keys()) {
      const index = Math.floor(at / width);
      const bought = classes[index];
      if ((bought === undefined ? askedByAll : askedBySmall)[at] === 0) continue;
      const room = existing[index - classes.length]?.room[at % width] ?? 0;
      rowOf[at] = rightSide.push(bought === undefined ? -room : 0) - 1;
      startCosts.push(bought === undefined ? Number.POSITIVE_INFINITY : leastUnitPrice(bought, width, at % width));
    }
    return rowOf;
  }

  /** One pod of a big shape in an existing class, for each. */
  #addExistingColumns(): void {
    const { width, groups, groupOf, weights, classes } = this.model;
    for (const [row, shape] of this.big.entries()) {
      for (const member of (groups[groupOf[shape] as number] as ShapeGroup).existing) {
        const rows = [row];
        const values = [1];
        for (let d = 0; d < width; d++) {
          const classRow = this.#rowOf[(classes.length + member) * width + d] as number;
          if (classRow < 0) continue;
          rows.push(classRow);
          values.push(-(weights[shape * width + d] as number));
        }
        this.#columns.push(undefined);
        this.#lp.addColumn(0, rows, values);
      }
    }
  }

  get pivots(): number {
    return this.#lp.pivots;
  }

  /** Adds a node, with the room it leaves to small shapes. True when the present prices say it is worth more than it costs. */
  addNode(
    column: NodeColumn & { readonly amounts?: readonly { readonly shape: number; readonly amount: number }[] },
    left?: { readonly class: number; readonly room: Float64Array },
  ): boolean {
    const rows: number[] = [];
    const values: number[] = [];
    for (const { shape, amount } of column.amounts ??
      column.content.map((one) => ({ shape: one.shape, amount: one.pods }))) {
      const row = this.#rowOfShape.get(shape);
      if (row === undefined) continue;
      rows.push(row);
      values.push(amount);
    }
    for (const [d, amount] of left?.room.entries() ?? []) {
      const row = this.#rowOf[(left?.class ?? 0) * this.model.width + d] as number;
      if (row < 0 || amount === 0) continue;
      rows.push(row);
      values.push(amount);
    }
    this.#columns.push({ offering: column.offering, content: column.content });
    const price = this.model.problem.offerings[column.offering]?.priceUsdPerHour ?? 0;
    return this.#lp.isAttractive(this.#lp.addColumn(price, rows, values));
  }

  /** Adds the choice of every block of small shapes. True when one of them is news. */
  addChoices(cheapest: Int32Array): boolean {
    let added = false;
    for (const [block, shapes] of this.#blocks.entries()) {
      const { rows, values } = choiceAmounts(this.model, this.#small, { shapes, cheapest, rowOf: this.#rowOf });
      this.#columns.push(undefined);
      const column = this.#lp.addColumn(0, [this.big.length + block, ...rows], [1, ...values.map((value) => -value)]);
      if (this.#lp.isAttractive(column)) added = true;
    }
    return added;
  }

  /** Class prices as prices of rows. */
  startPrices(): RowPrices {
    const { multipliers, valued } = this.#start;
    const prices = new Float64Array(this.#lp.rows);
    for (const [row, shape] of this.big.entries()) prices[row] = valued.podUsdPerHour[shape] as number;
    const { purchasable, existing } = multipliers;
    for (const [at, row] of this.#rowOf.entries()) {
      if (row >= 0)
        prices[row] = (at < purchasable.length ? purchasable[at] : existing[at - purchasable.length]) as number;
    }
    return prices;
  }

  /** Prices at the optimum over the columns so far. */
  solve(): RowPrices {
    this.#lp.solve(PIVOTS_PER_SOLVE);
    return this.#lp.duals.map((dual) => Math.max(0, dual));
  }

  /** Cost of the present solution, existing bins and small shapes included. */
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

  /** What room is worth to small shapes by class, and existing room to all. */
  multipliersOf(prices: RowPrices): ClassMultipliers {
    const read = (from: number, to: number): Float64Array =>
      Float64Array.from(this.#rowOf.subarray(from, to), (row) => (row < 0 ? 0 : (prices[row] as number)));
    const split = this.model.classes.length * this.model.width;
    return { purchasable: read(0, split), existing: read(split, this.#rowOf.length) };
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
