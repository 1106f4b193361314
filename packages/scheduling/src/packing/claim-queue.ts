import type { OpenClaim } from "./open-claim.ts";

/** In which order open claims are offered a pod: the emptiest first, as Karpenter does, or the oldest first. */
export type ClaimOrder = "fewest-pods" | "oldest";

/** Claims that may still take pods of one variant. What is popped and not given back is not offered again. */
export interface ClaimQueue {
  pop(): OpenClaim | undefined;
  /** Gives back claims in the order in which they were popped; their number of pods may have changed. */
  restore(claims: readonly OpenClaim[]): void;
  /** A claim that was opened since the queue was made. */
  add(claim: OpenClaim): void;
}

/** A queue over `claims`, which are in opening order; the caller appends every claim that it adds. */
export function claimQueue(order: ClaimOrder, claims: readonly OpenClaim[]): ClaimQueue {
  return order === "oldest" ? new OldestFirst(claims) : new FewestPodsFirst(claims);
}

/** Walks the caller's list without a copy; given-back claims come before the rest of it. */
class OldestFirst implements ClaimQueue {
  readonly #claims: readonly OpenClaim[];
  #next = 0;
  #returned: readonly OpenClaim[] = [];
  #nextReturned = 0;

  constructor(claims: readonly OpenClaim[]) {
    this.#claims = claims;
  }

  pop(): OpenClaim | undefined {
    if (this.#nextReturned < this.#returned.length) {
      this.#nextReturned += 1;
      return this.#returned[this.#nextReturned - 1];
    }
    this.#next += 1;
    return this.#claims[this.#next - 1];
  }

  restore(claims: readonly OpenClaim[]): void {
    this.#next = Math.min(this.#next, this.#claims.length);
    const rest = this.#nextReturned < this.#returned.length ? this.#returned.slice(this.#nextReturned) : [];
    this.#returned = rest.length > 0 ? [...claims, ...rest] : claims;
    this.#nextReturned = 0;
  }

  /** The caller's list has it already. */
  add(): void {}
}

interface Entry {
  readonly claim: OpenClaim;
  /** Pods on the claim when the entry was made; a stale entry is put back with today's number. */
  readonly pods: number;
}

/** A binary heap by number of pods, then by age. */
class FewestPodsFirst implements ClaimQueue {
  readonly #heap: Entry[];

  constructor(claims: readonly OpenClaim[]) {
    this.#heap = claims.map((claim) => ({ claim, pods: claim.pods.length }));
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  restore(claims: readonly OpenClaim[]): void {
    for (const claim of claims) this.add(claim);
  }

  add(claim: OpenClaim): void {
    const heap = this.#heap;
    heap.push({ claim, pods: claim.pods.length });
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  pop(): OpenClaim | undefined {
    for (;;) {
      const entry = this.#take();
      if (entry === undefined || entry.pods === entry.claim.pods.length) return entry?.claim;
      this.add(entry.claim);
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
    return first.pods !== second.pods ? first.pods < second.pods : first.claim.order < second.claim.order;
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
