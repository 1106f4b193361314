import { bundles } from "./content-grid.ts";
import type { ValuedItems } from "./verified-items.ts";

/** Cells × items of the table, that take about 5 ms. */
const STEPS_MAX = 4_000_000;
const CELLS_MIN = 10_000;
/** Items whose number is respected. */
const LIMITED_MAX = 60;
/** 8 MB. */
const CELLS_MAX = 1_000_000;
/** An exact table may be this much dearer than a rounded one is allowed to be. */
const EXACT_FACTOR = 4;

/**
 * By capacity: the most value that fits in its cpu and memory, sizes rounded down to a grid. Above the truth, since other resources
 * are ignored, and exact for them where the sizes have a common divisor.
 */
export function gridValueLimits(items: ValuedItems, capacities: readonly Float64Array[]): Float64Array {
  const cpu = axis(items, capacities, 0);
  const memory = axis(items, capacities, 1);
  const factor = cpu.isExact && memory.isExact ? EXACT_FACTOR : 1;
  const cellsMax = Math.min(CELLS_MAX, Math.max(CELLS_MIN, (STEPS_MAX * factor) / Math.max(1, items.count)));
  if (cpu.steps * memory.steps > cellsMax) {
    const shrink = Math.sqrt((cpu.steps * memory.steps) / cellsMax);
    for (const direction of [cpu, memory]) {
      direction.steps = Math.max(1, Math.floor(direction.steps / shrink));
      direction.unit = Math.max(direction.unit, direction.largest / direction.steps);
    }
  }
  const length = memory.steps + 1;
  const table = new Float64Array((cpu.steps + 1) * length);
  let weightless = 0;
  const sizes: GridSize[] = [];
  for (let item = 0; item < items.count; item++) {
    const value = items.values[item] as number;
    const size = {
      cpu: Math.floor((items.weights[item * items.width] as number) / cpu.unit + 1e-9),
      memory: items.width < 2 ? 0 : Math.floor((items.weights[item * items.width + 1] as number) / memory.unit + 1e-9),
      value,
      limit: itemLimit(items, item, capacities),
    };
    if (size.cpu + size.memory === 0) weightless += value * (items.pods[item] as number);
    else sizes.push(size);
  }
  sizes.sort((a, b) => (a.cpu === 0 ? 1 : 0) - (b.cpu === 0 ? 1 : 0));
  const isLimited = (size: GridSize): boolean =>
    (size.limit + 1) * size.cpu <= cpu.steps && (size.limit + 1) * size.memory <= memory.steps;
  // The most valuable ones: for the small ones it hardly matters how many there are.
  const limited = new Set(
    sizes
      .filter(isLimited)
      .sort((a, b) => b.value - a.value)
      .slice(0, LIMITED_MAX),
  );
  const free = sizes.filter((size) => !limited.has(size));
  for (let row = 0; row <= cpu.steps; row++) fillRow(table, free, { row, length });
  for (const size of limited) for (const copies of bundles(size.limit)) addCopies(table, size, { copies, length });
  return Float64Array.from(capacities, (capacity) => {
    const row = Math.min(cpu.steps, Math.floor((capacity[0] as number) / cpu.unit + 1e-9));
    const column = Math.min(memory.steps, Math.floor((capacity[1] ?? 0) / memory.unit + 1e-9));
    return weightless + (table[row * length + column] as number);
  });
}

interface GridSize {
  readonly cpu: number;
  readonly memory: number;
  readonly value: number;
  /** No node holds more. */
  readonly limit: number;
}

/** As many as there are, and as many as fit by what the table ignores. */
function itemLimit({ width, weights, pods }: ValuedItems, item: number, capacities: readonly Float64Array[]): number {
  let limit = pods[item] as number;
  for (let d = 2; d < width; d++) {
    const weight = weights[item * width + d] as number;
    if (weight <= 0) continue;
    const most = Math.max(0, ...capacities.map((capacity) => capacity[d] as number));
    limit = Math.min(limit, Math.floor(most / weight + 1e-9));
  }
  return limit;
}

/** Some copies at once or none: backwards, so that they never build on themselves. */
function addCopies(
  table: Float64Array,
  item: GridSize,
  { copies, length }: { readonly copies: number; readonly length: number },
): void {
  const cpu = item.cpu * copies;
  const memory = item.memory * copies;
  const value = item.value * copies;
  const back = cpu * length + memory;
  for (let row = table.length - length; row >= cpu * length; row -= length) {
    for (let cell = row + length - 1; cell >= row + memory; cell--) {
      const candidate = (table[cell - back] as number) + value;
      if (candidate > (table[cell] as number)) table[cell] = candidate;
    }
  }
}

function fillRow(
  table: Float64Array,
  sizes: readonly GridSize[],
  { row, length }: { readonly row: number; readonly length: number },
): void {
  const start = row * length;
  if (row > 0) table.copyWithin(start, start - length, start);
  for (const { cpu, memory, value } of sizes) {
    if (cpu > row) continue;
    const back = cpu * length + memory;
    for (let cell = start + memory; cell < start + length; cell++) {
      const candidate = (table[cell - back] as number) + value;
      if (candidate > (table[cell] as number)) table[cell] = candidate;
    }
  }
}

interface Axis {
  unit: number;
  steps: number;
  readonly largest: number;
  readonly isExact: boolean;
}

function axis({ count, width, weights }: ValuedItems, capacities: readonly Float64Array[], d: number): Axis {
  const largest = Math.max(0, ...capacities.map((capacity) => capacity[d] ?? 0));
  let divisor = 0;
  if (largest === 0) return { unit: 1, steps: 0, largest, isExact: true };
  for (let item = 0; item < count && d < width; item++) {
    let [a, b] = [divisor, weights[item * width + d] as number];
    if (!Number.isSafeInteger(b)) return { unit: largest / 4_000, steps: 4_000, largest, isExact: false };
    while (b > 0) [a, b] = [b, a % b];
    divisor = a;
  }
  if (divisor === 0) return { unit: Math.max(1, largest * 2), steps: 0, largest, isExact: true };
  const unit = Math.max(divisor, largest / 40_000);
  return { unit, steps: Math.floor(largest / unit), largest, isExact: unit === divisor };
}
