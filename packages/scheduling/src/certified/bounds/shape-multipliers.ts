import type { BoundModel, ShapeGroup } from "./bound-model.ts";
import type { ClassMultipliers, ValuedShapes } from "./class-multipliers.ts";
import { scaleToPrices, valueShapes } from "./class-multipliers.ts";
import type { ClassFlow, ClassPoint } from "./class-prices.ts";
import { CoveringLp } from "./covering-lp.ts";
import { leastUnitPrice } from "./group-multipliers.ts";

/** Blocks of shapes whose choice of class is one convex combination: more of them, fewer rounds. */
const BLOCKS_MAX = 64;
const ROWS_MAX = 400;
const ROUNDS_MAX = 400;
const PIVOTS_PER_ROUND = 5_000;
/** Relative distance of bound and master program at which it stops. */
const GAP = 1e-6;
/** How far each trial stays with the best multipliers so far: full steps swing from corner to corner. */
const CENTRE_WEIGHT = 0.5;

/**
 * Multipliers of the best bound that treats every shape as a whole (packing.md §2.3, shape LP). The choices "each shape where it is cheapest" are columns,
 * one per block of shapes and round, so that rows count classes and not shapes. Undefined where even those are too many.
 */
export function shapeMultipliers(model: BoundModel, start: ClassPoint, isLate: () => boolean): ClassPoint | undefined {
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
  return { ...best, flows: master.flows() };
}

function mixed(best: ClassMultipliers, last: ClassMultipliers, centre: number): ClassMultipliers {
  const mix = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((value, index) => centre * value + (1 - centre) * (b[index] as number));
  return { purchasable: mix(best.purchasable, last.purchasable), existing: mix(best.existing, last.existing) };
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
    const blocks = blocksOf(model, start.multipliers);
    const rows = masterRows(model, blocks, start.valued.podUsdPerHour);
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

  /** Adds the choice of every block for which it says more than the cuts so far. False when it says nothing new at all. */
  addCuts(cheapest: Int32Array): boolean {
    const { width, weights, wanted, classes, existing } = this.#model;
    const amounts = new Float64Array((classes.length + existing.length) * width);
    let added = false;
    for (const [block, shapes] of this.#blocks.entries()) {
      amounts.fill(0);
      const choice = shapes.map((shape) => cheapest[shape] as number);
      for (const [position, shape] of shapes.entries()) {
        const start = (choice[position] as number) * width;
        const pods = wanted[shape] as number;
        for (let d = 0; d < width; d++) {
          amounts[start + d] = (amounts[start + d] as number) + pods * (weights[shape * width + d] as number);
        }
      }
      const rows = [block];
      const values = [1];
      for (const [at, amount] of amounts.entries()) {
        const row = this.#rowOf[at] as number;
        if (amount === 0 || row < 0) continue;
        rows.push(row);
        values.push(-amount);
      }
      const column = this.#lp.addColumn(0, rows, values);
      this.#sources.push({ block, choice });
      if (this.#lp.isAttractive(column)) added = true;
    }
    return added;
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

/** Shapes of a group that are alike in what their price consists of. */
function blocksOf(model: BoundModel, { purchasable }: ClassMultipliers): readonly Int32Array[] {
  const { width, groups, groupOf, weights, wanted } = model;
  const active = groups.filter((group) => group.classes.length > 0).length;
  const perGroup = Math.max(1, Math.floor(BLOCKS_MAX / Math.max(1, active)));
  const blocks = new Map<number, number[]>();
  for (let shape = 0; shape < wanted.length; shape++) {
    if (wanted[shape] === 0) continue;
    const group = groupOf[shape] as number;
    const first = (groups[group] as ShapeGroup).classes[0] as number;
    let value = 0;
    for (let d = 0; d < width; d++) {
      value += (purchasable[first * width + d] as number) * (weights[shape * width + d] as number);
    }
    const cpu = (purchasable[first * width] as number) * (weights[shape * width] as number);
    const share = value > 0 ? Math.min(perGroup - 1, Math.floor((cpu / value) * perGroup)) : 0;
    const key = group * BLOCKS_MAX + share;
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [shape]);
    else block.push(shape);
  }
  return [...blocks.values()].map((shapes) => Int32Array.from(shapes));
}

interface MasterRows {
  readonly rowOf: Int32Array;
  readonly rightSide: Float64Array;
  readonly startCosts: Float64Array;
}

function masterRows(model: BoundModel, blocks: readonly Int32Array[], values: Float64Array): MasterRows {
  const { width, classes, existing } = model;
  const rightSide: number[] = blocks.map(() => 1);
  const startCosts: number[] = blocks.map((shapes) => blockValueLimit(model, shapes, values));
  const rowOf = new Int32Array((classes.length + existing.length) * width).fill(-1);
  const asked = askedDimensions(model);
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

/** A node of its own for every pod: the pods of a block are never worth more. */
function blockValueLimit(model: BoundModel, shapes: Int32Array, values: Float64Array): number {
  let limit = 0;
  for (const shape of shapes) {
    const { classes } = model.groups[model.groupOf[shape] as number] as ShapeGroup;
    const dearest = Math.max(...classes.map((index) => model.classes[index]?.prices.at(-1) ?? 0));
    limit += (model.wanted[shape] as number) * Math.max(values[shape] as number, dearest);
  }
  return limit;
}

/** By class × dimension: 1 where a shape with access asks for it. */
function askedDimensions(model: BoundModel): Uint8Array {
  const { width, classes, existing, groups, groupOf, weights, wanted } = model;
  const ofGroup = groups.map(() => new Uint8Array(width));
  for (let shape = 0; shape < wanted.length; shape++) {
    const asked = ofGroup[groupOf[shape] as number] as Uint8Array;
    if (wanted[shape] === 0) continue;
    for (let d = 0; d < width; d++) if ((weights[shape * width + d] as number) > 0) asked[d] = 1;
  }
  const result = new Uint8Array((classes.length + existing.length) * width);
  for (const [index, group] of groups.entries()) {
    const asked = ofGroup[index] as Uint8Array;
    if (group.classes.length === 0) continue;
    const all = [...group.classes, ...group.existing.map((member) => classes.length + member)];
    for (const member of all) for (const [d, yes] of asked.entries()) if (yes === 1) result[member * width + d] = 1;
  }
  return result;
}
