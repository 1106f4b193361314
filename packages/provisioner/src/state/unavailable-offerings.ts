import type { OfferingKey } from "@nodeless/cloud";
import type { Clock } from "@nodeless/environment";
import type { InstanceType } from "@nodeless/scheduling";
import { ExpiringKeys } from "./expiring-keys.ts";

/** Remembers which offerings had no capacity, for a while, so that the next plan goes elsewhere. The catalogue bounds their number. */
export class UnavailableOfferings {
  readonly #marked: ExpiringKeys;

  constructor(options: { readonly clock: Clock; readonly durationMs: number }) {
    this.#marked = new ExpiringKeys(options);
  }

  mark(offering: OfferingKey): void {
    this.#marked.add(keyOf(offering));
  }

  isMarked(offering: OfferingKey): boolean {
    return this.#marked.has(keyOf(offering));
  }

  /** The same types with marked offerings unavailable; untouched types are the very same objects. */
  applyTo(types: readonly InstanceType[]): readonly InstanceType[] {
    if (this.#marked.isEmpty()) return types;
    return types.map((type) => {
      const offerings = type.offerings.map((offering) =>
        offering.available && this.isMarked({ instanceType: type.name, ...offering })
          ? { ...offering, available: false }
          : offering,
      );
      return offerings.some((offering, index) => offering !== type.offerings[index]) ? { ...type, offerings } : type;
    });
  }
}

function keyOf({ instanceType, zone, capacityType }: OfferingKey): string {
  return `${instanceType}/${zone}/${capacityType}`;
}
