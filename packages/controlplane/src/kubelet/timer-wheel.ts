import type { Clock, Timer } from "@nodeless/environment";

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Timers this close together fire together: clocks wake up a fraction early, and nobody can tell. */
const RESOLUTION_MS = 0.5;

/**
 * Very many timers over one timer of the clock: a heap by due time. Thousands of kubelets and pods wait here at any moment, and a
 * timer each would cost the process more than the pods do.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #heap: Entry[] = [];
  #order = 0;
  #armed: { readonly dueMs: number; readonly timer: Timer } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once after `ms` unless cancelled or closed; callbacks of one instant run in the order they were set. Whole milliseconds. */
  after(ms: number, callback: () => void): Timer {
    this.#order += 1;
    const dueMs = this.#clock.monotonicMs() + Math.max(0, Math.round(ms));
    const entry: Entry = { dueMs, order: this.#order, callback, cancelled: false };
    if (!this.#closed) {
      this.#push(entry);
      this.#arm();
    }
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  /** Drops every timer; later ones never fire. */
  close(): void {
    this.#closed = true;
    this.#heap.length = 0;
    this.#armed?.timer.cancel();
    this.#armed = undefined;
  }

  #arm(): void {
    const [first] = this.#heap;
    if (first === undefined || (this.#armed !== undefined && this.#armed.dueMs <= first.dueMs)) return;
    this.#armed?.timer.cancel();
    const waitMs = Math.max(0, first.dueMs - this.#clock.monotonicMs());
    this.#armed = { dueMs: first.dueMs, timer: this.#clock.setTimer(waitMs, () => this.#fire()) };
  }

  #fire(): void {
    this.#armed = undefined;
    const nowMs = this.#clock.monotonicMs() + RESOLUTION_MS;
    for (let [first] = this.#heap; first !== undefined && first.dueMs <= nowMs; [first] = this.#heap) {
      this.#pop();
      if (!first.cancelled) first.callback();
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let index = 0; ; ) {
      let smallest = index;
      if (this.#isBefore(2 * index + 1, smallest)) smallest = 2 * index + 1;
      if (this.#isBefore(2 * index + 2, smallest)) smallest = 2 * index + 2;
      if (smallest === index) return;
      this.#swap(index, smallest);
      index = smallest;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return false;
    return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }
}
