import type { PackingTables } from "./packing-tables.ts";

/** Above so many different masks, further ones search the offerings of one class only. */
const MASK_LISTS_MAX = 2_000;

/** Offerings by rising price, none of them dominated by another in the list. */
interface PriceList {
  readonly offerings: Int32Array;
  readonly prices: Float64Array;
  readonly free: Float64Array;
}

/** Offerings worth buying, by the prices of a list of offerings: problems of several passes may share it. */
const known = new WeakMap<Float64Array, Int32Array>();

/** Answers "what is the cheapest node that holds this" for every set of classes. */
export class OfferingIndex {
  /** The dearest offering's price; 0 without any. */
  readonly priceMaxUsdPerHour: number;
  readonly #tables: PackingTables;
  /** Offerings worth buying at all, by rising price. */
  readonly #byPrice: Int32Array;
  readonly #lists: (PriceList | undefined)[] = [];
  readonly #classLists: (PriceList | undefined)[] = [];
  #built = 0;

  constructor(tables: PackingTables) {
    this.#tables = tables;
    const { price } = tables;
    this.#byPrice = this.#knownByPrice();
    this.priceMaxUsdPerHour = price[this.#byPrice.at(-1) ?? -1] ?? 0;
  }

  #knownByPrice(): Int32Array {
    const { price } = this.#tables;
    let byPrice = known.get(price);
    if (byPrice === undefined) {
      const all = Array.from(price.keys()).filter((offering) => Number.isFinite(price[offering]));
      all.sort((first, second) => (price[first] as number) - (price[second] as number) || first - second);
      byPrice = this.#frontiers(all);
      known.set(price, byPrice);
    }
    return byPrice;
  }

  /** Offerings that nodes with the mask may be, cheapest first, without those that another one there dominates. */
  offerings(mask: number): Int32Array {
    return this.#list(mask).offerings;
  }

  /** All offerings that nothing of their own class dominates, cheapest first. */
  all(): Int32Array {
    return this.#byPrice;
  }

  /** Undominated offerings of one class, cheapest first. */
  ofClass(offeringClass: number): Int32Array {
    return this.#classList(offeringClass).offerings;
  }

  /**
   * The cheapest offering that holds `used`, or −1. `worth`: no node that costs less can hold it (0 if unknown).
   * `offeringClass`: searched alone when too many masks are in use.
   */
  cheapest(mask: number, used: Float64Array, worth: number, offeringClass: number): number {
    const { dimensions } = this.#tables;
    const known = this.#lists[mask];
    const { offerings, prices, free } =
      known ?? (this.#built < MASK_LISTS_MAX || offeringClass < 0 ? this.#list(mask) : this.#classList(offeringClass));
    let low = 0;
    let high = prices.length;
    const least = worth * 0.999999;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((prices[middle] as number) < least) low = middle + 1;
      else high = middle;
    }
    for (let row = low; row < offerings.length; row += 1) {
      const base = row * dimensions;
      let holds = true;
      for (let index = 0; index < dimensions; index += 1)
        if ((used[index] as number) > (free[base + index] as number)) {
          holds = false;
          break;
        }
      if (holds) return offerings[row] as number;
    }
    return -1;
  }

  #list(mask: number): PriceList {
    const known = this.#lists[mask];
    if (known !== undefined) return known;
    this.#built += 1;
    const { masks, offeringClass } = this.#tables;
    const allowed = masks.allowed[mask] as Uint8Array;
    const list = this.#priceList(this.#byPrice.filter((offering) => allowed[offeringClass[offering] as number] === 1));
    this.#lists[mask] = list;
    return list;
  }

  #classList(offeringClass: number): PriceList {
    const known = this.#classLists[offeringClass];
    if (known !== undefined) return known;
    const classes = this.#tables.offeringClass;
    const list = this.#priceList(this.#byPrice.filter((offering) => classes[offering] === offeringClass));
    this.#classLists[offeringClass] = list;
    return list;
  }

  #priceList(byPrice: ArrayLike<number>): PriceList {
    const { price, free, dimensions } = this.#tables;
    const kept: number[] = [];
    for (let row = 0; row < byPrice.length; row += 1) {
      const offering = byPrice[row] as number;
      if (!this.#isDominated(offering, kept)) kept.push(offering);
    }
    const vectors = new Float64Array(kept.length * dimensions);
    for (const [row, offering] of kept.entries())
      vectors.set(free.subarray(offering * dimensions, (offering + 1) * dimensions), row * dimensions);
    return {
      offerings: Int32Array.from(kept),
      prices: Float64Array.from(kept, (offering) => price[offering] as number),
      free: vectors,
    };
  }

  /** Per class, what nothing cheaper dominates, again by rising price. */
  #frontiers(byPrice: readonly number[]): Int32Array {
    const keptByClass: number[][] = [];
    const kept: number[] = [];
    for (const offering of byPrice) {
      const offeringClass = this.#tables.offeringClass[offering] as number;
      let ofClass = keptByClass[offeringClass];
      if (ofClass === undefined) {
        ofClass = [];
        keptByClass[offeringClass] = ofClass;
      }
      if (this.#isDominated(offering, ofClass)) continue;
      ofClass.push(offering);
      kept.push(offering);
    }
    return Int32Array.from(kept);
  }

  #isDominated(offering: number, cheaper: readonly number[]): boolean {
    const { free, dimensions } = this.#tables;
    const base = offering * dimensions;
    for (const other of cheaper) {
      const start = other * dimensions;
      let index = 0;
      while (index < dimensions && (free[start + index] as number) >= (free[base + index] as number)) index += 1;
      if (index === dimensions) return true;
    }
    return false;
  }
}
