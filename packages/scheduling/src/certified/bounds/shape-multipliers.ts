import type { BoundModel } from "./bound-model.ts";
import { askedDimensions, blockValueLimit, choiceAmounts, choiceBlocks } from "./choice-blocks.ts";
import type { ClassMultipliers, ValuedShapes } from "./class-multipliers.ts";
import { scaleToPrices, valueShapes } from "./class-multipliers.ts";
import type { ClassFlow, ClassPoint } from "./class-prices.ts";
import { CoveringLp } from "./covering-lp.ts";
import { leastUnitPrice } from "./group-multipliers.ts";

const ROWS_MAX = 400;
const ROUNDS_MAX = 400;
const PIVOTS_PER_ROUND = 5_000;
/** Relative distance of bound and master program at which it stops. */
const GAP = 1e-5;
/** Less of a choice or of an offering is noise. */
const LEAST_AMOUNT = 1e-6;
/** How far each trial stays with the best multipliers so far: full steps swing from corner to corner. */
const CENTRE_WEIGHT = 0.5;

/**
 * Multipliers of the best bound that treats every shape as a whole (packing.md §2.3, shape LP). The choices "each shape where it is cheapest" are columns,
 * one per block of shapes and round, so that rows count classes and not shapes. Undefined where even those are too many.
 */
export function shapeMultipliers(model: BoundModel, start: ClassPoint, isLate: () => boolean): ShapePoint | undefined {
  const master = ChoiceMaster.of(model, start);
  if (master === undefined) return undefined;
  let best: { multipliers: ClassMultipliers; valued: ValuedShapes } = start;
  let centre = CENTRE_WEIGHT;
  master.addCuts(start.valued.cheapest);
  for (let round = 0; round < ROUNDS_MAX && !isLate(); round++) {
    const limit = master.solve();
    if (limit - best.valued.bound <= GAP * Math.abs(limit)) break;
    const multipliers = mixed(best.multipliers, master.multipliers(), centre);
    scaleToPrices(model, multipliers);
    const valued = valueShapes(model, multipliers);
    const added = master.addCuts(valued.cheapest);
    if (valued.bound > best.valued.bound) best = { multipliers, valued };
    if (added) centre = CENTRE_WEIGHT;
    else if (centre === 0) break;
    else centre = 0;
  }
  master.solve();
  return { ...best, model, flows: master.flows(), uses: master.uses() };
}

function mixed(best: ClassMultipliers, last: ClassMultipliers, centre: number): ClassMultipliers {
  const mix = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((value, index) => centre * value + (1 - centre) * (b[index] as number));
  return { purchasable: mix(best.purchasable, last.purchasable), existing: mix(best.existing, last.existing) };
}

/** What is bought of a class, and for whom. */
export interface ClassUse {
  readonly rows: readonly number[];
  readonly shapes: ReadonlySet<number>;
}

/** A point with what the master program buys at it. */
export interface ShapePoint extends ClassPoint {
  readonly uses: readonly ClassUse[];
}

interface Cut {
  readonly block: number;
  /** By member of the block: class, existing ones after the purchasable. */
  readonly choice: Int32Array;
}

class ChoiceMaster {
  readonly #model: BoundModel;
  readonly #blocks: readonly Int32Array[];
  /** Class × dimension → row, -1 where nobody asks for it; existing classes after the purchasable. */
  readonly #rowOf: Int32Array;
  readonly #lp: CoveringLp;
  readonly #start: ClassMultipliers;
  /** By column: the offering as class and row, or the cut. */
  readonly #sources: (Cut | { readonly class: number; readonly offering: number })[] = [];

  static of(model: BoundModel, start: ClassPoint): ChoiceMaster | undefined {
    const blocks = choiceBlocks(model, model.wanted, start.multipliers);
    const rows = masterRows(model, blocks);
    if (blocks.length === 0 || rows.rightSide.length > ROWS_MAX) return undefined;
    return new ChoiceMaster(model, { ...rows, blocks, start: start.multipliers });
  }

  private constructor(
    model: BoundModel,
    input: MasterRows & { blocks: readonly Int32Array[]; start: ClassMultipliers },
  ) {
    this.#model = model;
    this.#blocks = input.blocks;
    this.#rowOf = input.rowOf;
    this.#start = input.start;
    this.#lp = new CoveringLp(input.rightSide, input.startCosts);
    for (const [index, { prices, capacities }] of model.classes.entries()) {
      for (let offering = 0; offering < prices.length; offering++) {
        const start = offering * model.width;
        const entries = this.#entries(index, capacities.subarray(start, start + model.width));
        if (entries.rows.length === 0) continue;
        this.#lp.addColumn(prices[offering] as number, entries.rows, entries.values);
        this.#sources.push({ class: index, offering });
      }
    }
  }

  #entries(index: number, amounts: Float64Array, sign: 1 | -1 = 1): { rows: number[]; values: number[] } {
    const rows: number[] = [];
    const values: number[] = [];
    for (const [d, amount] of amounts.entries()) {
      const row = this.#rowOf[index * amounts.length + d] as number;
      if (row < 0 || amount === 0) continue;
      rows.push(row);
      values.push(sign * amount);
    }
    return { rows, values };
  }

  /** Returns what no bound of this kind exceeds, as far as the cuts tell. */
  solve(): number {
    this.#lp.solve(PIVOTS_PER_ROUND);
    return this.#lp.objective();
  }

  multipliers(): ClassMultipliers {
    const { width, classes, existing } = this.#model;
    const read = (known: Float64Array, offset: number): Float64Array =>
      known.map((value, index) => {
        const row = this.#rowOf[offset + index] as number;
        return row < 0 ? value : (this.#lp.duals[row] as number);
      });
    return {
      purchasable: read(this.#start.purchasable.subarray(0, classes.length * width), 0),
      existing: read(this.#start.existing.subarray(0, existing.length * width), classes.length * width),
    };
  }

  /** Adds the choice of every block. False when none of them says more than those before. */
  addCuts(cheapest: Int32Array): boolean {
    let added = false;
    for (const [block, shapes] of this.#blocks.entries()) {
      const { choice, rows, values } = choiceAmounts(this.#model, this.#model.wanted, {
        shapes,
        cheapest,
        rowOf: this.#rowOf,
      });
      const column = this.#lp.addColumn(0, [block, ...rows], [1, ...values.map((value) => -value)]);
      this.#sources.push({ block, choice });
      if (this.#lp.isAttractive(column)) added = true;
    }
    return added;
  }

  /** What the present solution buys: by class the rows of offerings, and the shapes that go there. */
  uses(): readonly ClassUse[] {
    const uses = this.#model.classes.map(() => ({ rows: [] as number[], shapes: new Set<number>() }));
    for (const { column, amount } of this.#lp.solution()) {
      const source = this.#sources[column];
      if (source === undefined || amount < LEAST_AMOUNT) continue;
      if (!("choice" in source)) {
        uses[source.class]?.rows.push(source.offering);
        continue;
      }
      for (const [position, shape] of (this.#blocks[source.block] ?? []).entries()) {
        uses[source.choice[position] as number]?.shapes.add(shape);
      }
    }
    return uses;
  }

  /** Pods by shape and class: the convex combination of choices, split over the original classes as offerings are bought. */
  flows(): readonly ClassFlow[] {
    const { classes, pods, problem } = this.#model;
    const solution = this.#lp.solution();
    const split = classes.map(() => new Map<number, number>());
    for (const { column, amount } of solution) {
      const source = this.#sources[column];
      if (source === undefined || "choice" in source) continue;
      const original = classes[source.class]?.originals[source.offering] as number;
      const list = split[source.class];
      list?.set(original, (list.get(original) ?? 0) + amount);
    }
    const totals = split.map((list) => [...list.values()].reduce((sum, amount) => sum + amount, 0));
    const flows = new Map<number, number>();
    for (const { column, amount } of solution) {
      const source = this.#sources[column];
      if (source === undefined || !("choice" in source)) continue;
      for (const [position, shape] of (this.#blocks[source.block] ?? []).entries()) {
        const choice = source.choice[position] as number;
        for (const [original, bought] of split[choice] ?? []) {
          const key = shape * problem.classes + original;
          const count = ((pods[shape] as number) * amount * bought) / (totals[choice] as number);
          flows.set(key, (flows.get(key) ?? 0) + count);
        }
      }
    }
    return [...flows]
      .filter(([, count]) => count > 1e-9)
      .map(([key, count]) => ({ shape: Math.floor(key / problem.classes), class: key % problem.classes, pods: count }));
  }
}

interface MasterRows {
  readonly rowOf: Int32Array;
  readonly rightSide: Float64Array;
  readonly startCosts: Float64Array;
}

function masterRows(model: BoundModel, blocks: readonly Int32Array[]): MasterRows {
  const { width, classes, existing } = model;
  const rightSide: number[] = blocks.map(() => 1);
  const startCosts: number[] = blocks.map((shapes) => blockValueLimit(model, model.wanted, shapes));
  const rowOf = new Int32Array((classes.length + existing.length) * width).fill(-1);
  const asked = askedDimensions(model, model.wanted);
  for (const [at, isAsked] of asked.entries()) {
    if (isAsked === 0) continue;
    const index = Math.floor(at / width);
    const bought = classes[index];
    rowOf[at] = rightSide.length;
    rightSide.push(bought === undefined ? -(existing[index - classes.length]?.room[at % width] as number) : 0);
    startCosts.push(bought === undefined ? Number.POSITIVE_INFINITY : leastUnitPrice(bought, width, at % width));
  }
  return { rowOf, rightSide: Float64Array.from(rightSide), startCosts: Float64Array.from(startCosts) };
}
