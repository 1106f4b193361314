import type { OpenClaim } from "./open-claim.ts";

interface Entry {
  readonly claim: OpenClaim;
  /** Pods on the claim when the entry was made; a stale entry is put back with today's number. */
  readonly pods: number;
}

/** In which order open claims are offered a pod: the emptiest first, as Karpenter does, or the oldest first. */
export type ClaimOrder = "fewest-pods" | "oldest";

/** Claims that may still take pods of one shape, in the strategy's order: a binary heap. */
export class ClaimQueue {
  readonly #order: ClaimOrder;
  readonly #heap: Entry[];

  constructor(order: ClaimOrder, claims: readonly OpenClaim[]) {
    this.#order = order;
    this.#heap = claims.map((claim) => ({ claim, pods: claim.pods.length }));
    // Claims come in opening order, so that only the order by pods needs work.
    if (order === "oldest") return;
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  push(claim: OpenClaim): void {
    const heap = this.#heap;
    heap.push({ claim, pods: claim.pods.length });
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  /** Removes and returns the next claim. */
  pop(): OpenClaim | undefined {
    for (;;) {
      const entry = this.#take();
      if (entry === undefined) return undefined;
      if (this.#order === "oldest" || entry.pods === entry.claim.pods.length) return entry.claim;
      this.push(entry.claim);
    }
  }

  #take(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    this.#sink(0);
    return first;
  }

  #sink(from: number): void {
    const length = this.#heap.length;
    for (let index = from; ; ) {
      const left = 2 * index + 1;
      let child = left;
      if (left + 1 < length && this.#before(left + 1, left)) child = left + 1;
      if (child >= length || !this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #before(a: number, b: number): boolean {
    const first = this.#heap[a];
    const second = this.#heap[b];
    if (first === undefined || second === undefined) return false;
    if (this.#order === "fewest-pods" && first.pods !== second.pods) return first.pods < second.pods;
    return first.claim.order < second.claim.order;
  }

  #swapIfBefore(child: number, parent: number): boolean {
    if (!this.#before(child, parent)) return false;
    const first = this.#heap[child];
    const second = this.#heap[parent];
    if (first === undefined || second === undefined) return false;
    this.#heap[child] = second;
    this.#heap[parent] = first;
    return true;
  }
}
