import type { Clock, Timer } from "@nodeless/environment";

/**
 * A queue of keys for level-triggered work: a key waits at most once, is never handed to two workers at a time, and comes back
 * if it was added while being worked on. Source: client-go util/workqueue (release 1.35).
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds after `ms`; of several waits for one key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Adds after a wait that doubles with every failure of this key (5 ms to 1,000 s). */
  addRateLimited(key: string): void;
  /** Clears the failures of a key after a success. */
  forget(key: string): void;
  /** Failures since the last `forget`. */
  failures(key: string): number;
  /** The next key; undefined when the queue is shut down or the signal fires. Call `done` after the work. */
  take(signal: AbortSignal): Promise<string | undefined>;
  /** With `restMs` the key stays with its worker's claim on it for so long: what is added meanwhile is answered by one more turn. */
  done(key: string, restMs?: number): void;
  /** Drops everything; waiting workers get undefined. */
  shutDown(): void;
  /** Keys ready to be taken. */
  readonly length: number;
}

const FAILURE_FIRST_MS = 5;
const FAILURE_MS_MAX = 1_000_000;
/** 5 ms × 2^18 exceeds the maximum; larger exponents would only overflow. */
const FAILURE_EXPONENT_MAX = 18;

/** Makes an empty queue. */
export function createWorkQueue({ clock }: { readonly clock: Clock }): WorkQueue {
  return new KeyedWorkQueue(clock);
}

interface Delayed {
  readonly dueMs: number;
  readonly timer: Timer;
}

class KeyedWorkQueue implements WorkQueue {
  readonly #clock: Clock;
  /** Insertion order is queue order. */
  readonly #ready = new Set<string>();
  readonly #processing = new Set<string>();
  /** Added again while being processed. */
  readonly #dirty = new Set<string>();
  readonly #resting = new Set<Timer>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<(key: string | undefined) => void>();
  #shutDown = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#ready.add(key);
    this.#serve();
  }

  addAfter(key: string, ms: number): void {
    if (this.#shutDown) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonicMs() + ms;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined && waiting.dueMs <= dueMs) return;
    waiting?.timer.cancel();
    const timer = this.#clock.setTimer(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  addRateLimited(key: string): void {
    const failures = this.failures(key);
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(FAILURE_FIRST_MS * 2 ** Math.min(failures, FAILURE_EXPONENT_MAX), FAILURE_MS_MAX));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  take(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (this.#shutDown || signal.aborted) {
        resolve(undefined);
        return;
      }
      const taker = (key: string | undefined): void => {
        this.#takers.delete(taker);
        signal.removeEventListener("abort", onAbort);
        resolve(key);
      };
      const onAbort = (): void => taker(undefined);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#takers.add(taker);
      this.#serve();
    });
  }

  done(key: string, restMs = 0): void {
    if (restMs > 0 && !this.#shutDown) {
      const timer = this.#clock.setTimer(restMs, () => {
        this.#resting.delete(timer);
        this.done(key);
      });
      this.#resting.add(timer);
      return;
    }
    this.#processing.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
  }

  shutDown(): void {
    this.#shutDown = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const timer of this.#resting) timer.cancel();
    this.#resting.clear();
    this.#ready.clear();
    this.#dirty.clear();
    for (const taker of [...this.#takers]) taker(undefined);
  }

  #serve(): void {
    for (const key of this.#ready) {
      const [taker] = this.#takers;
      if (taker === undefined) return;
      this.#ready.delete(key);
      this.#processing.add(key);
      taker(key);
    }
  }
}
