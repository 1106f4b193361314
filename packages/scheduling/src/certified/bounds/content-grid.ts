/** Steps of one pricing, cells × items × tables, and the fewest cells of a table. Coarse ones take about 10 ms. */
const AFFORDABLE = {
  coarse: { steps: 12_000_000, cells: 20_000 },
  fine: { steps: 30_000_000, cells: 80_000 },
} as const;
/** Items whose number is respected. */
const LIMITED_MAX = 60;
/** Share of all requests that rounding up to the grid may add. */
const LOSS_MAX = 0.0015;

export interface GridItem {
  /** Whole units of the grid, at least 1 in one of the two. */
  readonly cpu: number;
  readonly memory: number;
  readonly value: number;
  /** Returned by {@link ContentGrid.trace}. */
  readonly shape: number;
  /** No node holds more of it. */
  readonly limit: number;
}

interface Bundle {
  readonly item: GridItem;
  readonly copies: number;
}

/** Numbers of which some make up any number up to `limit`, and none more: 1, 2, 4 … and what is left. */
export function bundles(limit: number): readonly number[] {
  const result: number[] = [];
  let left = limit;
  for (let copies = 1; left > 0; copies *= 2) {
    result.push(Math.min(copies, left));
    left -= copies;
  }
  return result;
}

/**
 * The best contents of all nodes at once: a table over cpu × memory of the most value that fits. One table serves all offerings of a class; memory is the
 * inner, contiguous dimension (packing.md §5). Items whose limit never binds are taken any number of times; of the others so many bundles, a layer each.
 */
export class ContentGrid {
  readonly #values: Float64Array;
  /** Item that ends the best content of a cell, from 1; 0 when the row below is as good. */
  readonly #choices: Uint16Array;
  readonly #rowLength: number;
  /** By cpu: the memory that any node with so much cpu has. */
  readonly #reach: Int32Array;
  #items: readonly GridItem[] = [];
  /** Several copies of an item that are taken all or none: together they make any number up to the limit. */
  #layers: readonly Bundle[] = [];
  /** By layer and cell: 1 where the bundle is part of the best content. Kept from one solve to the next. */
  readonly #taken: Uint8Array[] = [];

  /** `corners`: capacities in whole units. */
  constructor(corners: readonly { readonly cpu: number; readonly memory: number }[]) {
    const rows = Math.max(0, ...corners.map((corner) => corner.cpu)) + 1;
    this.#rowLength = Math.max(0, ...corners.map((corner) => corner.memory)) + 1;
    this.#values = new Float64Array(rows * this.#rowLength);
    this.#choices = new Uint16Array(rows * this.#rowLength);
    this.#reach = new Int32Array(rows);
    for (const { cpu, memory } of corners) this.#reach[cpu] = Math.max(this.#reach[cpu] as number, memory);
    for (let cpu = rows - 2; cpu >= 0; cpu--) {
      this.#reach[cpu] = Math.max(this.#reach[cpu] as number, this.#reach[cpu + 1] as number);
    }
  }

  /** Fills the table for these items. */
  solve(items: readonly GridItem[]): void {
    // The most valuable ones: for the small ones it hardly matters how many there are.
    const limited = new Set(
      items
        .filter((item) => item.limit < this.#fitting(item))
        .sort((a, b) => b.value - a.value || a.shape - b.shape)
        .slice(0, LIMITED_MAX),
    );
    this.#items = undominated(items.filter((item) => !limited.has(item)));
    this.#layers = [...limited]
      .filter((item) => !isBeaten(item, this.#items))
      .flatMap((item) => bundles(item.limit).map((copies) => ({ item, copies })));
    for (let cpu = 0; cpu < this.#reach.length; cpu++) this.#fillRow(cpu);
    for (const [layer, bundle] of this.#layers.entries()) this.#addBundle(layer, bundle);
  }

  #fitting({ cpu, memory }: GridItem): number {
    const byCpu = cpu > 0 ? Math.floor((this.#reach.length - 1) / cpu) : Number.POSITIVE_INFINITY;
    return memory > 0 ? Math.min(byCpu, Math.floor((this.#rowLength - 1) / memory)) : byCpu;
  }

  #fillRow(cpu: number): void {
    const values = this.#values;
    const choices = this.#choices;
    const length = this.#rowLength;
    const row = cpu * length;
    const end = row + (this.#reach[cpu] as number);
    if (cpu === 0) values.fill(0, row, end + 1);
    else values.copyWithin(row, row - length, end - length + 1);
    choices.fill(0, row, end + 1);
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items[index] as GridItem;
      if (item.cpu > cpu) continue;
      const { value, memory } = item;
      const back = item.cpu * length + memory;
      for (let cell = row + memory; cell <= end; cell++) {
        const candidate = (values[cell - back] as number) + value;
        if (candidate > (values[cell] as number)) {
          values[cell] = candidate;
          choices[cell] = index + 1;
        }
      }
    }
  }

  /** At most once in every cell: from the far corner backwards, so that it never builds on itself. */
  #addBundle(layer: number, { item, copies }: Bundle): void {
    const itemCpu = item.cpu * copies;
    const memory = item.memory * copies;
    const value = item.value * copies;
    const values = this.#values;
    const length = this.#rowLength;
    const taken = this.#taken[layer] ?? new Uint8Array(values.length);
    this.#taken[layer] = taken;
    taken.fill(0);
    const back = itemCpu * length + memory;
    for (let cpu = this.#reach.length - 1; cpu >= itemCpu; cpu--) {
      const row = cpu * length;
      for (let cell = row + (this.#reach[cpu] as number); cell >= row + memory; cell--) {
        const candidate = (values[cell - back] as number) + value;
        if (candidate > (values[cell] as number)) {
          values[cell] = candidate;
          taken[cell] = 1;
        }
      }
    }
  }

  valueAt(cpu: number, memory: number): number {
    return this.#values[cpu * this.#rowLength + memory] as number;
  }

  /** The content behind a value: shapes, repeated as often as they occur. */
  trace(cpu: number, memory: number): readonly number[] {
    const shapes: number[] = [];
    let row = cpu;
    let column = memory;
    for (let layer = this.#layers.length - 1; layer >= 0; layer--) {
      if (this.#taken[layer]?.[row * this.#rowLength + column] !== 1) continue;
      const { item, copies } = this.#layers[layer] as Bundle;
      for (let copy = 0; copy < copies; copy++) shapes.push(item.shape);
      row -= item.cpu * copies;
      column -= item.memory * copies;
    }
    while (row >= 0) {
      const choice = this.#choices[row * this.#rowLength + column] as number;
      if (choice === 0) {
        row--;
        continue;
      }
      const item = this.#items[choice - 1] as GridItem;
      shapes.push(item.shape);
      row -= item.cpu;
      column -= item.memory;
    }
    return shapes;
  }
}

/** Without items that another is smaller than and as valuable; those without cpu last, so that they stack on the others of their row. */
function undominated(items: readonly GridItem[]): readonly GridItem[] {
  const sorted = [...items].sort(
    (a, b) => a.cpu + a.memory - b.cpu - b.memory || b.value - a.value || a.shape - b.shape,
  );
  const kept: GridItem[] = [];
  for (const item of sorted) {
    if (!isBeaten(item, kept)) kept.push(item);
  }
  return [...kept.filter((item) => item.cpu > 0), ...kept.filter((item) => item.cpu === 0)];
}

function isBeaten(item: GridItem, others: readonly GridItem[]): boolean {
  for (const other of others) {
    if (other.cpu <= item.cpu && other.memory <= item.memory && other.value >= item.value) return true;
  }
  return false;
}

/** How much of each resource one unit of the grid is. */
export interface GridUnits {
  readonly cpu: number;
  readonly memory: number;
}

/** What one pricing may cost. */
export type Fineness = keyof typeof AFFORDABLE;

/** The coarsest units that lose little, or the finest that `tables` tables can afford. `largest`: of any node. */
export function gridUnits(
  requests: readonly { readonly cpu: number; readonly memory: number; readonly pods: number }[],
  largest: { readonly cpu: number; readonly memory: number },
  { tables, fineness }: { readonly tables: number; readonly fineness: Fineness },
): GridUnits & { readonly isLimited: boolean } {
  const cpu = unitFor(
    requests.map((request) => ({ amount: request.cpu, pods: request.pods })),
    largest.cpu,
  );
  const memory = unitFor(
    requests.map((request) => ({ amount: request.memory, pods: request.pods })),
    largest.memory,
  );
  const cells = (largest.cpu / cpu) * (largest.memory / memory);
  const affordable = AFFORDABLE[fineness];
  const cellsMax = Math.max(affordable.cells, affordable.steps / Math.max(1, requests.length * tables));
  if (cells <= cellsMax) return { cpu, memory, isLimited: false };
  // The finer of the two gives way first.
  const steps = Math.sqrt(cellsMax);
  const cpuSteps = Math.min(largest.cpu / cpu, Math.max(steps, cellsMax / (largest.memory / memory)));
  return {
    cpu: largest.cpu / cpuSteps,
    memory: largest.memory / Math.min(largest.memory / memory, cellsMax / cpuSteps),
    isLimited: true,
  };
}

/** Finest division of a dimension that is tried. */
const STEPS_FINEST = 4_000;
/** With more steps of a common divisor than these its multiples are not looked for. */
const DIVIDED_STEPS_MAX = 40_000;

function unitFor(requests: readonly { readonly amount: number; readonly pods: number }[], largest: number): number {
  const total = requests.reduce((sum, { amount, pods }) => sum + amount * pods, 0);
  if (total === 0) return Math.max(largest, 1);
  const lossOf = (unit: number): number =>
    requests.reduce((sum, { amount, pods }) => sum + (Math.ceil(amount / unit - 1e-9) * unit - amount) * pods, 0) /
    total;
  const divisor = commonDivisor(requests.map(({ amount }) => amount));
  if (divisor > 0 && largest / divisor <= DIVIDED_STEPS_MAX) {
    // Multiples of the common divisor lose nothing at first; a little loss may buy a far smaller table.
    for (let factor = Math.floor(largest / divisor / 16); factor > 1; factor--) {
      if (lossOf(divisor * factor) <= LOSS_MAX) return divisor * factor;
    }
    return divisor;
  }
  for (let steps = 16; steps < STEPS_FINEST; steps = Math.ceil(steps * 1.1)) {
    if (lossOf(largest / steps) <= LOSS_MAX) return largest / steps;
  }
  return largest / STEPS_FINEST;
}

/** Of whole numbers; 0 when some is not whole. */
function commonDivisor(amounts: readonly number[]): number {
  let divisor = 0;
  for (const amount of amounts) {
    if (!Number.isSafeInteger(amount)) return 0;
    let [a, b] = [divisor, amount];
    while (b > 0) [a, b] = [b, a % b];
    divisor = a;
  }
  return divisor;
}
