import type { BoundModel, OfferingClass } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import { CoveringLp } from "./covering-lp.ts";

/** More rows than these would take too long: small groups are then merged, which only weakens the bound. */
const ROWS_MAX = 200;
const ROUNDS_MAX = 2_000;
const PIVOTS_PER_ROUND = 5_000;

export interface GroupSolution {
  readonly multipliers: ClassMultipliers;
  /** How much of each group's demand, by value, each class of the problem takes; existing bins take the rest. */
  readonly shares: readonly ReadonlyMap<number, number>[];
}

/** Shapes that the linear program treats as one. */
interface DemandGroup {
  readonly classes: readonly number[];
  readonly existing: readonly number[];
  /** By dimension. */
  readonly demand: Float64Array;
  /** Indices into the model's groups. */
  readonly members: readonly number[];
}

/**
 * Prices by group, class and resource: each resource of a group is bought where it is cheapest, independently of the others (packing.md §2.3, group LP).
 * A column is an offering with, for every dimension, the group that gets it, so that the classes need no rows.
 */
export function groupMultipliers(model: BoundModel, isLate: () => boolean): GroupSolution {
  const groups = demandGroups(model);
  const rows = groupRows(model, groups);
  const lp = new CoveringLp(rows.rightSide, rows.startCosts);
  const pricing = new OfferingPricing(model, groups, rows.rowOf);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    lp.solve(PIVOTS_PER_ROUND);
    if (!pricing.addColumns(lp) || isLate()) break;
  }
  return { multipliers: pricing.multipliers(lp), shares: pricing.shares(lp, model.groups.length) };
}

/** Demand by set of open classes; shapes that no offering holds are left out. */
function demandGroups(model: BoundModel): DemandGroup[] {
  const { width } = model;
  const byKey = new Map<
    string,
    { classes: readonly number[]; existing: readonly number[]; demand: Float64Array; members: number[] }
  >();
  const targets = model.groups.map((group, index) => {
    if (group.classes.length === 0) return undefined;
    const key = `${group.classes.join()}|${group.existing.join()}`;
    const known = byKey.get(key) ?? { ...group, demand: new Float64Array(width), members: [] };
    known.members.push(index);
    byKey.set(key, known);
    return known.demand;
  });
  const used = new Set<Float64Array>();
  for (let shape = 0; shape < model.wanted.length; shape++) {
    const demand = targets[model.groupOf[shape] as number];
    const pods = model.wanted[shape] as number;
    if (demand === undefined || pods === 0) continue;
    used.add(demand);
    for (let d = 0; d < width; d++)
      demand[d] = (demand[d] as number) + pods * (model.weights[shape * width + d] as number);
  }
  return mergeSmall(
    [...byKey.values()].filter((group) => used.has(group.demand)),
    Math.max(1, Math.floor(ROWS_MAX / Math.max(1, width))),
  );
}

/** The smallest become one that may use every class any of them may use. */
function mergeSmall(groups: readonly DemandGroup[], groupsMax: number): DemandGroup[] {
  if (groups.length <= groupsMax) return [...groups];
  const sizeOf = (group: DemandGroup): number => group.demand.reduce((sum, amount) => sum + amount, 0);
  const sorted = [...groups].sort((a, b) => sizeOf(b) - sizeOf(a));
  const small = sorted.slice(groupsMax - 1);
  const demand = new Float64Array(small[0]?.demand.length ?? 0);
  for (const group of small)
    for (const [d, amount] of group.demand.entries()) demand[d] = (demand[d] as number) + amount;
  const merged: DemandGroup = {
    classes: [...new Set(small.flatMap((group) => group.classes))].sort((a, b) => a - b),
    existing: [...new Set(small.flatMap((group) => group.existing))].sort((a, b) => a - b),
    demand,
    members: small.flatMap((group) => group.members),
  };
  return [...sorted.slice(0, groupsMax - 1), merged];
}

interface GroupRows {
  readonly rightSide: Float64Array;
  readonly startCosts: Float64Array;
  /** Group × dimension → row, -1 without demand. Rows of existing classes follow. */
  readonly rowOf: Int32Array;
}

function groupRows({ width, classes, existing }: BoundModel, groups: readonly DemandGroup[]): GroupRows {
  const rowOf = new Int32Array(groups.length * width).fill(-1);
  const rightSide: number[] = [];
  const startCosts: number[] = [];
  for (const [index, group] of groups.entries()) {
    for (let d = 0; d < width; d++) {
      const demand = group.demand[d] as number;
      if (demand <= 0) continue;
      rowOf[index * width + d] = rightSide.push(demand) - 1;
      startCosts.push(Math.min(...group.classes.map((c) => leastUnitPrice(classes[c] as OfferingClass, width, d))));
    }
  }
  for (const _ of existing) {
    rightSide.push(-1);
    startCosts.push(Number.POSITIVE_INFINITY);
  }
  return { rightSide: Float64Array.from(rightSide), startCosts: Float64Array.from(startCosts), rowOf };
}

/** The least price of one unit when nothing else on the node is worth anything. */
export function leastUnitPrice({ prices, capacities }: OfferingClass, width: number, d: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let offering = 0; offering < prices.length; offering++) {
    const price = (prices[offering] as number) / (capacities[offering * width + d] as number);
    if (price < least) least = price;
  }
  return least;
}

/** What a column stands for: an offering of the model, and who gets each dimension of it. */
interface Source {
  readonly class: number;
  readonly offering: number;
  readonly takers: Int32Array;
}

class OfferingPricing {
  readonly #model: BoundModel;
  readonly #groups: readonly DemandGroup[];
  readonly #rowOf: Int32Array;
  readonly #groupsOfClass: readonly (readonly number[])[];
  readonly #groupsOfExisting: readonly (readonly number[])[];
  readonly #existingRowsStart: number;
  readonly #sources: Source[] = [];

  constructor(model: BoundModel, groups: readonly DemandGroup[], rowOf: Int32Array) {
    this.#model = model;
    this.#groups = groups;
    this.#rowOf = rowOf;
    const holders = (count: number, kind: "classes" | "existing"): number[][] => {
      const lists = Array.from({ length: count }, (): number[] => []);
      for (const [index, group] of groups.entries()) for (const member of group[kind]) lists[member]?.push(index);
      return lists;
    };
    this.#groupsOfClass = holders(model.classes.length, "classes");
    this.#groupsOfExisting = holders(model.existing.length, "existing");
    this.#existingRowsStart = rowOf.reduce((count, row) => count + (row >= 0 ? 1 : 0), 0);
  }

  /** Adds the best column of every class that has an attractive one. False when there is none: the program is solved. */
  addColumns(lp: CoveringLp): boolean {
    const { width, classes, existing } = this.#model;
    const values = new Float64Array(width);
    const takers = new Int32Array(width);
    let added = false;
    for (const [index, { prices, capacities }] of classes.entries()) {
      this.#bestTakers(lp, this.#groupsOfClass[index] ?? [], { values, takers });
      const offering = bestOffering(prices, capacities, values);
      if (offering < 0) continue;
      added = true;
      const capacity = capacities.subarray(offering * width, (offering + 1) * width);
      this.#add(lp, prices[offering] as number, capacity, { class: index, offering, takers: takers.slice() });
    }
    for (const [index, { room }] of existing.entries()) {
      this.#bestTakers(lp, this.#groupsOfExisting[index] ?? [], { values, takers });
      const row = this.#existingRowsStart + index;
      const worth = values.reduce((sum, value, d) => sum + value * (room[d] as number), 0);
      if (worth <= (lp.duals[row] as number) + 1e-9) continue;
      added = true;
      this.#add(lp, 0, room, { class: -1 - index, offering: -1, takers: takers.slice() }, row);
    }
    return added;
  }

  /** By dimension the group that pays most for it. */
  #bestTakers(
    lp: CoveringLp,
    groups: readonly number[],
    { values, takers }: { readonly values: Float64Array; readonly takers: Int32Array },
  ): void {
    const { width } = this.#model;
    values.fill(0);
    takers.fill(-1);
    for (const group of groups) {
      for (let d = 0; d < width; d++) {
        const row = this.#rowOf[group * width + d] as number;
        const value = row < 0 ? 0 : (lp.duals[row] as number);
        if (value > (values[d] as number)) {
          values[d] = value;
          takers[d] = group;
        }
      }
    }
  }

  #add(lp: CoveringLp, cost: number, capacity: Float64Array, source: Source, onceRow?: number): void {
    const rows: number[] = [];
    const values: number[] = [];
    for (const [d, group] of source.takers.entries()) {
      const amount = capacity[d] as number;
      if (group < 0 || amount === 0) continue;
      rows.push(this.#rowOf[group * capacity.length + d] as number);
      values.push(amount);
    }
    if (onceRow !== undefined) {
      rows.push(onceRow);
      values.push(-1);
    }
    lp.addColumn(cost, rows, values);
    this.#sources.push(source);
  }

  multipliers(lp: CoveringLp): ClassMultipliers {
    const { width } = this.#model;
    const gather = (lists: readonly (readonly number[])[]): Float64Array => {
      const result = new Float64Array(lists.length * width);
      for (const [index, groups] of lists.entries()) {
        this.#bestTakers(lp, groups, {
          values: result.subarray(index * width, (index + 1) * width),
          takers: new Int32Array(width),
        });
      }
      return result;
    };
    return { purchasable: gather(this.#groupsOfClass), existing: gather(this.#groupsOfExisting) };
  }

  /** By group of the model. Value decides, since a class may give one group its cpu and another its memory. */
  shares(lp: CoveringLp, modelGroups: number): readonly ReadonlyMap<number, number>[] {
    const { width } = this.#model;
    const worth = this.#groups.map(() => new Map<number, number>());
    const totals = new Float64Array(this.#groups.length);
    for (const { column, amount } of lp.solution()) {
      const source = this.#sources[column] as Source;
      const bought = this.#model.classes[source.class];
      const room =
        bought?.capacities.subarray(source.offering * width) ?? this.#model.existing[-1 - source.class]?.room;
      for (const [d, group] of source.takers.entries()) {
        if (group < 0) continue;
        const dual = lp.duals[this.#rowOf[group * width + d] as number] as number;
        const value = amount * dual * (room?.[d] as number);
        totals[group] = (totals[group] as number) + value;
        if (bought === undefined) continue;
        const original = bought.originals[source.offering] as number;
        const list = worth[group];
        list?.set(original, (list.get(original) ?? 0) + value);
      }
    }
    const shares = Array.from({ length: modelGroups }, (): ReadonlyMap<number, number> => new Map());
    for (const [index, list] of worth.entries()) {
      const total = totals[index] as number;
      const share = new Map([...list].map(([original, value]) => [original, total > 0 ? value / total : 0]));
      for (const member of this.#groups[index]?.members ?? []) shares[member] = share;
    }
    return shares;
  }
}

/** The offering worth most per dollar, when worth more than it costs; else -1. */
function bestOffering(prices: Float64Array, capacities: Float64Array, values: Float64Array): number {
  const width = values.length;
  let best = -1;
  let bestRatio = 1 + 1e-9;
  for (let offering = 0; offering < prices.length; offering++) {
    let value = 0;
    for (let d = 0; d < width; d++) value += (values[d] as number) * (capacities[offering * width + d] as number);
    if (value <= 1e-9) continue;
    const ratio = value / (prices[offering] as number);
    if (ratio > bestRatio) {
      best = offering;
      bestRatio = ratio;
    }
  }
  return best;
}
