import type { BoundModel, OfferingClass } from "./bound-model.ts";
import type { Fineness, GridItem, GridUnits } from "./content-grid.ts";
import { ContentGrid, gridUnits } from "./content-grid.ts";
import type { ContentItem } from "./divisible-content.ts";
import { DivisibleContents } from "./divisible-content.ts";

/** Nodes that share a table differ by this factor at most in cpu × memory: the cells that suit the large are too coarse for the small. */
const TIER_FACTOR = 16;
/** With more pods than these on a node, sizes rounded to a coarse table are farther from the truth than divisible pods. */
const ROUNDED_PODS_MAX = 8;
/** A node of a few pods is settled in some hundred steps. */
const SEARCH_STEPS_MAX = 20_000;
/** Worth more than it costs only if by this share. */
const TOLERANCE = 1e-9;

/** What the best content of a node is worth beyond what its room is worth as sand. */
export interface RowContent {
  readonly value: number;
  /** Whole pods, repeated as often as they occur; only where the node is worth more than it costs. */
  readonly shapes?: readonly number[];
  /** Pods in fractions, where whole ones are not known. */
  readonly amounts?: readonly { readonly shape: number; readonly amount: number }[];
}

interface Corner {
  readonly cpu: number;
  readonly memory: number;
}

const NOTHING: Corner = { cpu: 0, memory: 0 };

/** A big shape as the tables see it. */
export interface TableShape {
  readonly shape: number;
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
}

interface Tier {
  readonly rows: readonly number[];
  readonly units: GridUnits & { readonly isLimited: boolean };
  grid: ContentGrid | undefined;
}

/**
 * The best contents of all nodes of a class: pods are divisible at first, which settles most of them. The others have tables by size, since one that holds the
 * largest machines has a single cell for the smallest.
 */
export class ClassContents {
  readonly #rows: number;
  readonly #divisible: DivisibleContents;
  readonly #tiers: readonly Tier[];
  readonly #corners: readonly Corner[];
  readonly #sizes: ReadonlyMap<number, TableShape>;

  /** `corners`: cpu and memory of each row, in the problem's units. */
  constructor(
    model: BoundModel,
    members: OfferingClass,
    tables: {
      readonly shapes: readonly TableShape[];
      readonly corners: readonly Corner[];
      readonly fineness: Fineness;
    },
  ) {
    this.#rows = members.prices.length;
    this.#divisible = new DivisibleContents(model.width, model.weights, members.capacities);
    this.#corners = tables.corners;
    this.#sizes = new Map(tables.shapes.map((shape) => [shape.shape, shape]));
    const unitsOf = (rows: readonly number[]): Tier["units"] => {
      const largest = largestOf(rows.map((row) => tables.corners[row] ?? NOTHING));
      const fitting = tables.shapes.filter(({ cpu, memory }) => cpu <= largest.cpu && memory <= largest.memory);
      return gridUnits(fitting, largest, { tables: model.classes.length, fineness: tables.fineness });
    };
    this.#tiers = tiersOf(tables.corners, (rows) => !unitsOf(rows).isLimited).map((rows) => ({
      rows,
      units: unitsOf(rows),
      grid: undefined,
    }));
  }

  /** True when a finer table would find better nodes. */
  get isCoarse(): boolean {
    return this.#tiers.some(({ units }) => units.isLimited);
  }

  /**
   * By row. `targets`: what the pods must be worth beyond sand for the node to be worth its price. Once `isUrgent` says so, divisible contents stand for the whole
   * ones that are not known yet.
   */
  solve(items: readonly ContentItem[], targets: Float64Array, isUrgent: () => boolean): readonly RowContent[] {
    const result: RowContent[] = [];
    for (let row = 0; row < this.#rows; row++) {
      const target = targets[row] as number;
      const limit = items.length === 0 ? 0 : this.#divisible.quickLimit(row, items);
      result.push(limit <= target * (1 + TOLERANCE) ? { value: limit } : this.#divisible.best(row, items));
    }
    for (const tier of this.#tiers) {
      const open = tier.rows.filter((row) => {
        const { value, amounts } = result[row] as RowContent;
        if (amounts === undefined || value <= (targets[row] as number) * (1 + TOLERANCE)) return false;
        return !tier.units.isLimited || podsOf(amounts) <= ROUNDED_PODS_MAX;
      });
      if (open.length === 0 || isUrgent()) continue;
      const grid = this.#solved(tier, items);
      for (const row of open) {
        if (isUrgent()) break;
        const { cpu, memory } = this.#cornerIn(tier.units, row);
        const shapes = grid.trace(cpu, memory);
        const value = Math.min((result[row] as RowContent).value, grid.valueAt(cpu, memory));
        result[row] = this.#divisible.fits(row, shapes) ? { value, shapes } : this.#searched(row, items, value);
      }
    }
    return result;
  }

  #solved(tier: Tier, items: readonly ContentItem[]): ContentGrid {
    const { units } = tier;
    tier.grid ??= new ContentGrid(tier.rows.map((row) => this.#cornerIn(units, row)));
    const sized: GridItem[] = [];
    for (const { shape, value, limit } of items) {
      const size = this.#sizes.get(shape);
      if (size === undefined) continue;
      const cpu = Math.ceil(size.cpu / units.cpu - 1e-9);
      const memory = Math.ceil(size.memory / units.memory - 1e-9);
      sized.push({ shape, value, cpu: cpu + memory === 0 ? 1 : cpu, memory, limit });
    }
    tier.grid.solve(sized);
    return tier.grid;
  }

  /** What a table does not know, such as the number of pods, limits the node: few of them can be searched. */
  #searched(row: number, items: readonly ContentItem[], value: number): RowContent {
    const { limit, shapes } = this.#divisible.whole(row, items, SEARCH_STEPS_MAX);
    return { value: Math.min(value, limit), shapes };
  }

  #cornerIn(units: GridUnits, row: number): { cpu: number; memory: number } {
    const corner = this.#corners[row] ?? NOTHING;
    return {
      cpu: Math.floor(corner.cpu / units.cpu + 1e-9),
      memory: Math.floor(corner.memory / units.memory + 1e-9),
    };
  }
}

function podsOf(amounts: readonly { readonly amount: number }[]): number {
  return amounts.reduce((sum, { amount }) => sum + amount, 0);
}

function largestOf(corners: readonly Corner[]): {
  cpu: number;
  memory: number;
} {
  return {
    cpu: Math.max(0, ...corners.map(({ cpu }) => cpu)),
    memory: Math.max(0, ...corners.map(({ memory }) => memory)),
  };
}

/** Rows of about the same size, smallest first; those for which a table is exact are not mixed with the others. */
function tiersOf(
  corners: readonly Corner[],
  isExact: (rows: readonly number[]) => boolean,
): readonly (readonly number[])[] {
  const sizes = corners.map(({ cpu, memory }) => Math.max(1, cpu) * Math.max(1, memory));
  const sorted = [...corners.keys()].sort((a, b) => (sizes[a] as number) - (sizes[b] as number) || a - b);
  let exact = 0;
  for (let step = 2 ** Math.floor(Math.log2(Math.max(1, sorted.length))); step >= 1; step /= 2) {
    if (exact + step <= sorted.length && isExact(sorted.slice(0, exact + step))) exact += step;
  }
  const tiers: number[][] = [];
  for (const rows of [sorted.slice(0, exact), sorted.slice(exact)]) {
    let top: number | undefined;
    for (const row of rows.reverse()) {
      if (top !== undefined && (sizes[row] as number) * TIER_FACTOR > (sizes[top] as number)) {
        tiers.at(-1)?.push(row);
        continue;
      }
      top = row;
      tiers.push([row]);
    }
  }
  return tiers;
}
