import type { Clock } from "@nodeless/environment";

/** Claims that pods are on their way to: they are not taken for empty. In memory only, as upstream (karpenter.md §3.10). */
export class Nominations {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor({ clock, durationMs }: { readonly clock: Clock; readonly durationMs: number }) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  /** Protects the claim from now on for the whole duration. */
  nominate(claimName: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(name);
    this.#untilMs.set(claimName, nowMs + this.#durationMs);
  }

  isNominated(claimName: string): boolean {
    return (this.#untilMs.get(claimName) ?? Number.NEGATIVE_INFINITY) > this.#clock.monotonicMs();
  }
}
