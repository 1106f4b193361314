import type { ExistingBin, PackingProblem } from "../problem.ts";
import type { ValuedItems } from "./verified-items.ts";
import { MultiplierSearch, product, uncovered } from "./verified-limits.ts";

/**
 * The most value that bins of one class can absorb together: all their usable room as one divisible bin, or each for itself, whichever is less, and never
 * more than all pods are worth.
 */
export function existingValueLimit(problem: PackingProblem, items: ValuedItems, bins: readonly number[]): number {
  if (items.count === 0) return 0;
  const bounds = itemBounds(items);
  const rooms = bins.map((index) => usableRoom(problem, items, problem.existing[index] as ExistingBin, bounds));
  const together = new Float64Array(items.width);
  for (const room of rooms) for (const [d, amount] of room.entries()) together[d] = (together[d] as number) + amount;
  for (const [d, total] of bounds.total.entries()) together[d] = Math.min(together[d] as number, total);
  const multipliers = new MultiplierSearch(items, [together]).best(together);
  const rest = uncovered(items, multipliers, together);
  const all = items.values.reduce((sum, value, item) => sum + value * (items.pods[item] as number), 0);
  const apart = rooms.reduce((sum, room) => sum + Math.min(all, product(multipliers, room) + rest), 0);
  return Math.min(all, apart, product(multipliers, together) + rest);
}

interface ItemBounds {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
  readonly total: Float64Array;
}

function itemBounds({ count, width, weights, pods }: ValuedItems): ItemBounds {
  const smallest = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(width);
  const total = new Float64Array(width);
  for (let item = 0; item < count; item++) {
    for (let d = 0; d < width; d++) {
      const weight = weights[item * width + d] as number;
      smallest[d] = Math.min(smallest[d] as number, weight);
      largest[d] = Math.max(largest[d] as number, weight);
      total[d] = (total[d] as number) + weight * (pods[item] as number);
    }
  }
  return { smallest, largest, total };
}

/** In every dimension at most as many of the largest as there is room for of the smallest. */
function usableRoom(problem: PackingProblem, items: ValuedItems, bin: ExistingBin, bounds: ItemBounds): Float64Array {
  const room = new Float64Array(items.width);
  for (let d = 0; d < problem.dimensions; d++) room[d] = Math.max(0, bin.free[d] as number);
  for (const [position, rule] of items.rules.entries()) {
    const counted = bin.hostCounts.find((entry) => entry.rule === rule)?.counted ?? 0;
    room[problem.dimensions + position] = Math.max(0, (problem.hostRules[rule]?.max ?? 0) - counted);
  }
  let pods = Number.POSITIVE_INFINITY;
  for (const [d, least] of bounds.smallest.entries()) {
    if (least > 0) pods = Math.min(pods, Math.floor((room[d] as number) / least + 1e-9));
  }
  return room.map((amount, d) => {
    const largest = Math.min(amount, bounds.largest[d] as number);
    return largest === 0 || pods === 0 ? 0 : Math.min(amount, largest * pods);
  });
}
