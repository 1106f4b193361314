import type { OfferingKey } from "@nodeless/cloud";
import type { Clock } from "@nodeless/environment";

/** How long a refusal is believed. Source: Karpenter AWS provider, UnavailableOfferingsTTL. */
const LIFETIME_MS = 3 * 60_000;

/** Offerings that the cloud has refused lately. `*` as instance type stands for all types of a zone, as zone for all zones. */
export class UnavailableOfferings {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();
  #revision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mark(offering: OfferingKey): void {
    this.#until.set(keyOf(offering), this.#clock.monotonicMs() + LIFETIME_MS);
    this.#revision += 1;
  }

  /** Changes whenever an answer of `has` may have changed, also by time. */
  get revision(): number {
    const now = this.#clock.monotonicMs();
    for (const [key, until] of this.#until) {
      if (until > now) continue;
      this.#until.delete(key);
      this.#revision += 1;
    }
    return this.#revision;
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
