import type { LimitRoom, OpenClaim } from "./open-claim.ts";
import { survivingTypes } from "./open-claim.ts";
import type { PoolCatalog } from "./pool-catalog.ts";
import type { ResourceTable } from "./resource-table.ts";
import { covers } from "./resource-table.ts";

/**
 * What a pool's limits still allow in one attempt. A claim is charged with the largest capacity it may turn out to have
 * (karpenter.md §3.7); while there is room for much more than one node, it is charged with the largest type of its set.
 */
export class PoolRoom {
  nodes: number;
  /** Undefined: no limit but that of nodes. */
  readonly #amounts: Float64Array | undefined;
  readonly #largest: Float64Array;
  /** Claims that were charged too much; undefined once the charges are exact. */
  #roughly: { readonly claim: OpenClaim; readonly charged: Float64Array }[] | undefined = [];

  constructor({ pool, root }: PoolCatalog, resources: ResourceTable) {
    const limits = new Map(pool.remainingLimits);
    limits.delete("nodes");
    this.nodes = pool.remainingLimits.get("nodes") ?? Number.POSITIVE_INFINITY;
    this.#amounts = limits.size === 0 ? undefined : resources.vector(limits, Number.POSITIVE_INFINITY);
    this.#largest = root.largest;
  }

  /** What the limits leave; undefined without limits. */
  amounts(): Float64Array | undefined {
    this.#chargeExactly();
    return this.#amounts;
  }

  /** What limits a claim that is opened now; undefined while every type of the pool fits into the room. */
  limit(): LimitRoom | undefined {
    if (this.#amounts === undefined || covers(this.#amounts, this.#largest)) return undefined;
    this.#chargeExactly();
    return covers(this.#amounts, this.#largest) ? undefined : { amounts: this.#amounts.slice() };
  }

  /** Charges a claim that was just opened. */
  book(claim: OpenClaim): void {
    this.nodes -= 1;
    if (this.#amounts === undefined) return;
    if (this.#roughly === undefined) {
      this.#charge(largestOf(claim), -1);
      return;
    }
    this.#charge(claim.set.largest, -1);
    this.#roughly.push({ claim, charged: claim.set.largest });
  }

  #chargeExactly(): void {
    for (const { claim, charged } of this.#roughly ?? []) {
      this.#charge(charged, 1);
      this.#charge(largestOf(claim), -1);
    }
    this.#roughly = undefined;
  }

  #charge(capacity: Float64Array, sign: number): void {
    const amounts = this.#amounts;
    if (amounts === undefined) return;
    for (let index = 0; index < amounts.length; index += 1)
      amounts[index] = (amounts[index] ?? 0) + sign * (capacity[index] ?? 0);
  }
}

/** Most of each resource that a type the claim may be launched as has. */
function largestOf(claim: OpenClaim): Float64Array {
  const largest = new Float64Array(claim.used.length);
  for (const { capacity } of survivingTypes(claim, claim.set, claim.used))
    for (let index = 0; index < largest.length; index += 1)
      largest[index] = Math.max(largest[index] ?? 0, capacity[index] ?? 0);
  return largest;
}
