import type { OfferingIndex } from "./offering-index.ts";
import type { PackingTables } from "./packing-tables.ts";

interface CandidateRule {
  /** By offering: the most value per dollar that it can hold, 1 for the best. */
  readonly efficiency: Float64Array;
  /** Offerings below this share of the best one's efficiency are not tried. */
  readonly efficiencyMin: number;
  /** Dearer offerings are not tried unless nothing else is left. */
  readonly priceMaxUsdPerHour: number;
}

/** The offerings that trials start from: those that waste little. What a node becomes in the end is not limited to them. */
export class Candidates {
  readonly #tables: PackingTables;
  readonly #index: OfferingIndex;
  readonly #rule: CandidateRule;
  readonly #byMask: (Int32Array | undefined)[] = [];
  readonly #byClass: (Int32Array | undefined)[] = [];
  readonly #byShape: (Int32Array | undefined)[] = [];

  constructor(tables: PackingTables, index: OfferingIndex, rule: CandidateRule) {
    this.#tables = tables;
    this.#index = index;
    this.#rule = rule;
  }

  /** Most efficient first; never empty if some offering allows the mask. */
  forMask(mask: number): Int32Array {
    const known = this.#byMask[mask];
    if (known !== undefined) return known;
    const chosen = this.#choose(this.#index.offerings(mask));
    this.#byMask[mask] = chosen;
    return chosen;
  }

  /** Those that hold at least one pod of the shape; empty if none does. */
  forShape(shape: number): Int32Array {
    const known = this.#byShape[shape];
    if (known !== undefined) return known;
    const { mask } = this.#tables;
    const offerings = this.#index.offerings(mask[shape] as number);
    const chosen = this.#choose(offerings.filter((offering) => this.#holds(offering, shape)));
    this.#byShape[shape] = chosen;
    return chosen;
  }

  #holds(offering: number, shape: number): boolean {
    const { dimensions, free, requests } = this.#tables;
    for (let index = 0; index < dimensions; index += 1)
      if ((requests[shape * dimensions + index] as number) > (free[offering * dimensions + index] as number))
        return false;
    return true;
  }

  forClass(offeringClass: number): Int32Array {
    const known = this.#byClass[offeringClass];
    if (known !== undefined) return known;
    const chosen = this.#choose(this.#index.ofClass(offeringClass));
    this.#byClass[offeringClass] = chosen;
    return chosen;
  }

  #choose(offerings: Int32Array): Int32Array {
    const { efficiency, efficiencyMin, priceMaxUsdPerHour } = this.#rule;
    const { price } = this.#tables;
    const affordable = offerings.filter((offering) => (price[offering] as number) <= priceMaxUsdPerHour);
    const pool = affordable.length > 0 ? affordable : offerings.subarray(0, 1);
    let best = 0;
    for (const offering of pool) best = Math.max(best, efficiency[offering] as number);
    return pool
      .filter((offering) => (efficiency[offering] as number) >= efficiencyMin * best)
      .sort((first, second) => (efficiency[second] as number) - (efficiency[first] as number) || first - second);
  }
}
