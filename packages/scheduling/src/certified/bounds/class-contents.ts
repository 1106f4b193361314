import type { BoundModel, OfferingClass } from "./bound-model.ts";
import type { Fineness, GridItem, GridUnits } from "./content-grid.ts";
import { ContentGrid, gridUnits } from "./content-grid.ts";
import type { ContentItem } from "./divisible-content.ts";
import { DivisibleContents } from "./divisible-content.ts";

/** Nodes that share a table differ by this factor at most in cpu × memory: the cells that suit the large are too coarse for the small. */
const TIER_FACTOR = 16;
/** With more pods than these on a node, sizes rounded to a coarse table are farther from the truth than divisible pods. */
const ROUNDED_PODS_MAX = 8;
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
  readonly #corners: readonly { readonly cpu: number; readonly memory: number }[];
  readonly #sizes: ReadonlyMap<number, TableShape>;

  /** `corners`: cpu and memory of each row, in the problem's units. */
  constructor(
    model: BoundModel,
    members: OfferingClass,
    tables: {
      readonly shapes: readonly TableShape[];
      readonly corners: readonly { readonly cpu: number; readonly memory: number }[];
      readonly fineness: Fineness;
    },
  ) {
    this.#rows = members.prices.length;
    this.#divisible = new DivisibleContents(model.width, model.weights, members.capacities);
    this.#corners = tables.corners;
    this.#sizes = new Map(tables.shapes.map((shape) => [shape.shape, shape]));
    this.#tiers = tiersOf(tables.corners).map((rows): Tier => {
      const largest = largestOf(rows.map((row) => tables.corners[row] ?? { cpu: 0, memory: 0 }));
      const fitting = tables.shapes.filter(({ cpu, memory }) => cpu <= largest.cpu && memory <= largest.memory);
      const units = gridUnits(fitting, largest, { tables: model.classes.length, fineness: tables.fineness });
      return { rows, units, grid: undefined };
    });
  }

  /** True when a finer table would find better nodes. */
  get isCoarse(): boolean {
    return this.#tiers.some(({ units }) => units.isLimited);
  }

  /** By row. `targets`: what the pods must be worth beyond sand for the node to be worth its price. */
  solve(items: readonly ContentItem[], targets: Float64Array): readonly RowContent[] {
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
      if (open.length === 0) continue;
      const grid = this.#solved(tier, items);
      for (const row of open)
        result[row] = this.#wholeContent(tier, grid, { row, divisible: result[row] as RowContent });
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

  #wholeContent(
    { units }: Tier,
    grid: ContentGrid,
    { row, divisible }: { readonly row: number; readonly divisible: RowContent },
  ): RowContent {
    const { cpu, memory } = this.#cornerIn(units, row);
    return { value: Math.min(divisible.value, grid.valueAt(cpu, memory)), shapes: grid.trace(cpu, memory) };
  }

  #cornerIn(units: GridUnits, row: number): { cpu: number; memory: number } {
    const corner = this.#corners[row] ?? { cpu: 0, memory: 0 };
    return {
      cpu: Math.floor(corner.cpu / units.cpu + 1e-9),
      memory: Math.floor(corner.memory / units.memory + 1e-9),
    };
  }
}

function podsOf(amounts: readonly { readonly amount: number }[]): number {
  return amounts.reduce((sum, { amount }) => sum + amount, 0);
}

function largestOf(corners: readonly { readonly cpu: number; readonly memory: number }[]): {
  cpu: number;
  memory: number;
} {
  return {
    cpu: Math.max(0, ...corners.map(({ cpu }) => cpu)),
    memory: Math.max(0, ...corners.map(({ memory }) => memory)),
  };
}

/** Rows of about the same size, largest first. */
function tiersOf(
  corners: readonly { readonly cpu: number; readonly memory: number }[],
): readonly (readonly number[])[] {
  const sizeOf = (row: number): number => Math.max(1, corners[row]?.cpu ?? 0) * Math.max(1, corners[row]?.memory ?? 0);
  const sorted = [...corners.keys()].sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
  const tiers: number[][] = [];
  for (const row of sorted) {
    const tier = tiers.at(-1);
    if (tier !== undefined && sizeOf(row) * TIER_FACTOR > sizeOf(tier[0] as number)) tier.push(row);
    else tiers.push([row]);
  }
  return tiers;
}
