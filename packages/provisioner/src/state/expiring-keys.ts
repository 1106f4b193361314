import type { Clock } from "@nodeless/environment";

/** Keys that hold for a while after they were last added. Elapsed ones are dropped, so that the set stays small. */
export class ExpiringKeys {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor({ clock, durationMs }: { readonly clock: Clock; readonly durationMs: number }) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  /** Holds from now on for the whole duration. */
  add(key: string): void {
    this.#dropElapsed();
    this.#untilMs.set(key, this.#clock.monotonicMs() + this.#durationMs);
  }

  has(key: string): boolean {
    return (this.#untilMs.get(key) ?? Number.NEGATIVE_INFINITY) > this.#clock.monotonicMs();
  }

  isEmpty(): boolean {
    this.#dropElapsed();
    return this.#untilMs.size === 0;
  }

  #dropElapsed(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(key);
  }
}
