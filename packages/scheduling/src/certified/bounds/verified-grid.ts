import type { ValuedItems } from "./verified-items.ts";

/** Cells × items of the table, that take about 20 ms. */
const STEPS_MAX = 16_000_000;
const CELLS_MIN = 10_000;
/** An exact table may be this much dearer than a rounded one is allowed to be. */
const EXACT_FACTOR = 8;

/**
 * By capacity: the most value that fits in its cpu and memory, any number of each item, sizes rounded down to a grid. Above the truth, since other resources
 * are ignored, and exact for them where the sizes have a common divisor.
 */
export function gridValueLimits(items: ValuedItems, capacities: readonly Float64Array[]): Float64Array {
  const cpu = axis(items, capacities, 0);
  const memory = axis(items, capacities, 1);
  const cellsMax = Math.max(CELLS_MIN, STEPS_MAX / Math.max(1, items.count));
  if (cpu.steps * memory.steps > cellsMax * EXACT_FACTOR) {
    const shrink = Math.sqrt((cpu.steps * memory.steps) / cellsMax);
    for (const direction of [cpu, memory]) {
      direction.steps = Math.max(1, Math.floor(direction.steps / shrink));
      direction.unit = direction.largest / direction.steps;
    }
  }
  const length = memory.steps + 1;
  const table = new Float64Array((cpu.steps + 1) * length);
  let weightless = 0;
  const sizes: { cpu: number; memory: number; value: number }[] = [];
  for (let item = 0; item < items.count; item++) {
    const value = items.values[item] as number;
    const size = {
      cpu: Math.floor((items.weights[item * items.width] as number) / cpu.unit + 1e-9),
      memory: items.width < 2 ? 0 : Math.floor((items.weights[item * items.width + 1] as number) / memory.unit + 1e-9),
      value,
    };
    if (size.cpu + size.memory === 0) weightless += value * (items.pods[item] as number);
    else sizes.push(size);
  }
  sizes.sort((a, b) => (a.cpu === 0 ? 1 : 0) - (b.cpu === 0 ? 1 : 0));
  for (let row = 0; row <= cpu.steps; row++) fillRow(table, sizes, { row, length });
  return Float64Array.from(capacities, (capacity) => {
    const row = Math.min(cpu.steps, Math.floor((capacity[0] as number) / cpu.unit + 1e-9));
    const column = Math.min(memory.steps, Math.floor((capacity[1] ?? 0) / memory.unit + 1e-9));
    return weightless + (table[row * length + column] as number);
  });
}

function fillRow(
  table: Float64Array,
  sizes: readonly { readonly cpu: number; readonly memory: number; readonly value: number }[],
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
}

function axis({ count, width, weights }: ValuedItems, capacities: readonly Float64Array[], d: number): Axis {
  const largest = Math.max(0, ...capacities.map((capacity) => capacity[d] ?? 0));
  let divisor = 0;
  for (let item = 0; item < count && d < width; item++) {
    let [a, b] = [divisor, weights[item * width + d] as number];
    if (!Number.isSafeInteger(b)) return { unit: largest / 4_000 || 1, steps: 4_000, largest };
    while (b > 0) [a, b] = [b, a % b];
    divisor = a;
  }
  if (divisor === 0 || largest === 0) return { unit: Math.max(1, largest * 2), steps: 0, largest };
  const unit = Math.max(divisor, largest / 40_000);
  return { unit, steps: Math.floor(largest / unit), largest };
}
