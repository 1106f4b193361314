import type { LimitRoom } from "./open-claim.ts";
import type { PoolCatalog, PricedType } from "./pool-catalog.ts";
import type { ResourceTable } from "./resource-table.ts";
import { covers } from "./resource-table.ts";

/** What a pool's limits still allow in one attempt. */
export class PoolRoom {
  /** Undefined: no limit but that of nodes. */
  readonly amounts: Float64Array | undefined;
  nodes: number;
  readonly #largest: Float64Array | undefined;

  constructor({ pool, types }: PoolCatalog, resources: ResourceTable) {
    const limits = new Map(pool.remainingLimits);
    limits.delete("nodes");
    this.nodes = pool.remainingLimits.get("nodes") ?? Number.POSITIVE_INFINITY;
    if (limits.size === 0) return;
    this.amounts = resources.vector(limits, Number.POSITIVE_INFINITY);
    this.#largest = largestOf(types, this.amounts.length);
  }

  /** What limits a claim that is opened now; undefined while every type of the pool fits into the room. */
  get limit(): LimitRoom | undefined {
    const { amounts } = this;
    if (amounts === undefined || (this.#largest !== undefined && covers(amounts, this.#largest))) return undefined;
    return { amounts: amounts.slice() };
  }

  /** Charges a new claim to the limits with the largest capacity it may turn out to have (karpenter.md §3.7). */
  book(types: readonly PricedType[]): void {
    this.nodes -= 1;
    const { amounts } = this;
    if (amounts === undefined) return;
    const largest = largestOf(types, amounts.length);
    for (let index = 0; index < amounts.length; index += 1)
      amounts[index] = (amounts[index] ?? 0) - (largest[index] ?? 0);
  }
}

function largestOf(types: readonly { readonly capacity: Float64Array }[], dimensions: number): Float64Array {
  const largest = new Float64Array(dimensions);
  for (const { capacity } of types)
    for (let index = 0; index < dimensions; index += 1)
      largest[index] = Math.max(largest[index] ?? 0, capacity[index] ?? 0);
  return largest;
}
