import type { OfferingKey } from "@nodeless/cloud";
import type { Clock } from "@nodeless/environment";
import type { InstanceType } from "@nodeless/scheduling";

/** Remembers which offerings had no capacity, for a while, so that the next plan goes elsewhere. */
export class UnavailableOfferings {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor({ clock, durationMs }: { readonly clock: Clock; readonly durationMs: number }) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  mark(offering: OfferingKey): void {
    this.#forgetElapsed();
    this.#untilMs.set(keyOf(offering), this.#clock.monotonicMs() + this.#durationMs);
  }

  isMarked(offering: OfferingKey): boolean {
    return (this.#untilMs.get(keyOf(offering)) ?? Number.NEGATIVE_INFINITY) > this.#clock.monotonicMs();
  }

  /** The same types with marked offerings unavailable; untouched types are the very same objects. */
  applyTo(types: readonly InstanceType[]): readonly InstanceType[] {
    this.#forgetElapsed();
    if (this.#untilMs.size === 0) return types;
    return types.map((type) => {
      const offerings = type.offerings.map((offering) =>
        offering.available && this.isMarked({ instanceType: type.name, ...offering })
          ? { ...offering, available: false }
          : offering,
      );
      return offerings.some((offering, index) => offering !== type.offerings[index]) ? { ...type, offerings } : type;
    });
  }

  /** The catalogue bounds the number of keys; elapsed ones are dropped so that it stays small. */
  #forgetElapsed(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(key);
  }
}

function keyOf({ instanceType, zone, capacityType }: OfferingKey): string {
  return `${instanceType}/${zone}/${capacityType}`;
}
