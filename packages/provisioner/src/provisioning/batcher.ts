import type { Clock } from "@nodeless/environment";
import { createWakeUp, type WakeUp } from "@nodeless/runtime";

/** Collects triggers into batches: quiet for `idleMs` or `maxMs` in total, whichever comes first (karpenter.md §3.1). */
export class Batcher {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #maxMs: number;
  readonly #wakeUp: WakeUp = createWakeUp();
  readonly #batch = new Set<string>();

  constructor({ clock, idleMs, maxMs }: { readonly clock: Clock; readonly idleMs: number; readonly maxMs: number }) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#maxMs = maxMs;
  }

  /** A trigger that the open window has seen already does not extend it. */
  trigger(uid: string): void {
    if (this.#batch.has(uid)) return;
    this.#batch.add(uid);
    this.#wakeUp.wake();
  }

  /** Resolves when a window that had at least one trigger has closed. Rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<void> {
    while (this.#batch.size === 0) {
      await this.#wakeUp.wait(signal);
      signal.throwIfAborted();
    }
    const openedMs = this.#clock.monotonicMs();
    for (let seen = -1; seen !== this.#batch.size; ) {
      const leftMs = openedMs + this.#maxMs - this.#clock.monotonicMs();
      if (leftMs <= 0) break;
      seen = this.#batch.size;
      await this.#clock.sleep(Math.min(this.#idleMs, leftMs), signal);
    }
    this.#batch.clear();
  }
}
