import type { Random } from "@nodeless/environment";

/** Waits that double from `firstMs` to `maxMs`, each with up to 100 % jitter so that many clients do not return at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #nextMs: number;

  constructor({
    firstMs,
    maxMs,
    random,
  }: { readonly firstMs: number; readonly maxMs: number; readonly random: Random }) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#nextMs = firstMs;
  }

  /** The next wait; each call doubles the following one. */
  nextMs(): number {
    const baseMs = this.#nextMs;
    this.#nextMs = Math.min(baseMs * 2, this.#maxMs);
    return baseMs * (1 + this.#random.next());
  }

  /** Starts over after a success. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
