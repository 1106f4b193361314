import type { OfferingKey } from "@nodeless/cloud";
import type { Clock } from "@nodeless/environment";

/** How long a refusal is believed. Source: Karpenter AWS provider, UnavailableOfferingsTTL. */
const LIFETIME_MS = 3 * 60_000;

/** Offerings that the cloud has refused lately. `*` as instance type stands for all types of a zone, as zone for all zones. */
export class UnavailableOfferings {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mark(offering: OfferingKey): void {
    const now = this.#clock.monotonicMs();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    this.#until.set(keyOf(offering), now + LIFETIME_MS);
  }

  has(offering: OfferingKey): boolean {
    const { zone, capacityType } = offering;
    return [offering, { instanceType: "*", zone, capacityType }, { instanceType: "*", zone: "*", capacityType }].some(
      (key) => this.#isLive(keyOf(key)),
    );
  }

  #isLive(key: string): boolean {
    const until = this.#until.get(key);
    return until !== undefined && until > this.#clock.monotonicMs();
  }
}

function keyOf({ capacityType, instanceType, zone }: OfferingKey): string {
  return `${capacityType}:${instanceType}:${zone}`;
}
