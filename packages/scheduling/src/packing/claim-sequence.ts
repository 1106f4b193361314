import type { ClaimTable } from "./claim-table.ts";

/** In which order open claims are offered a pod: the emptiest first, as Karpenter does, or the oldest first. */
export type ClaimOrder = "fewest-pods" | "oldest";

/** Most runs open few claims, and there is a sequence for each of them. */
const CLAIMS_AT_FIRST = 8;

/** Claims in the order in which they are offered a pod: a sorted array, since a move is a short block copy. */
export class ClaimSequence {
  items: Int32Array = new Int32Array(CLAIMS_AT_FIRST);
  length = 0;
  readonly #order: ClaimOrder;

  constructor(order: ClaimOrder) {
    this.#order = order;
  }

  /** A claim that was just opened; `pods` is by claim. */
  add(claim: number, pods: Int32Array): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(2 * this.items.length);
      larger.set(this.items);
      this.items = larger;
    }
    const at = this.#order === "oldest" ? this.length : this.#placeFor(claim, 0, pods);
    if (at < this.length) this.items.copyWithin(at + 1, at, this.length);
    this.items[at] = claim;
    this.length += 1;
  }

  /** To be called after the claim at this place got one more pod. */
  moved(at: number, pods: Int32Array): void {
    if (this.#order === "oldest") return;
    const { items } = this;
    const claim = items[at] ?? 0;
    const to = this.#placeFor(claim, at + 1, pods);
    if (to <= at + 1) return;
    items.copyWithin(at, at + 1, to);
    items[to - 1] = claim;
  }

  /** The first place from `from` on whose claim comes after this one: more pods, or as many and younger. */
  #placeFor(claim: number, from: number, pods: Int32Array): number {
    const { items } = this;
    const own = pods[claim] ?? 0;
    let low = from;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = items[middle] ?? 0;
      const count = pods[other] ?? 0;
      if (count < own || (count === own && other < claim)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Leaves out the claims that do not pass. */
  keep(passes: (claim: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.length; at += 1) {
      const claim = this.items[at] ?? 0;
      if (!passes(claim)) continue;
      this.items[kept] = claim;
      kept += 1;
    }
    this.length = kept;
  }

  /** Becomes what another sequence has, without the claims that have no room for this much. */
  takeFitting(from: ClaimSequence, table: Pick<ClaimTable, "room" | "dimensions">, least: Float64Array): void {
    if (this.items.length < from.length) this.items = new Int32Array(from.items.length);
    this.length = kept(from, this.items, { table, least });
  }

  /** Leaves out the claims that have no room for this much. */
  dropFull(table: Pick<ClaimTable, "room" | "dimensions">, least: Float64Array): void {
    this.length = kept(this, this.items, { table, least });
  }

  clear(): void {
    this.length = 0;
  }

  /** Where {@link moved} has to move a claim from, asked before it gets its pod; -1 if it is not in the sequence or stays where it is. */
  indexOf(claim: number, pods: Int32Array): number {
    if (this.#order === "oldest") return -1;
    const at = this.#placeFor(claim, 0, pods);
    return at < this.length && this.items[at] === claim ? at : -1;
  }
}

/** Writes the claims with room for this much, in their order, and returns their number. */
function kept(
  { items, length }: ClaimSequence,
  into: Int32Array,
  { table, least }: { readonly table: Pick<ClaimTable, "room" | "dimensions">; readonly least: Float64Array },
): number {
  const { room, dimensions } = table;
  let count = 0;
  for (let at = 0; at < length; at += 1) {
    const claim = items[at] ?? 0;
    const base = claim * dimensions;
    let holds = true;
    for (let index = 0; index < dimensions && holds; index += 1) {
      const amount = least[index] ?? 0;
      holds = amount <= 0 || amount <= (room[base + index] ?? 0);
    }
    if (!holds) continue;
    into[count] = claim;
    count += 1;
  }
  return count;
}
