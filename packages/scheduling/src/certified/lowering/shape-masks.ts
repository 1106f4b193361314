import type { TypeSet } from "../../packing/pool-catalog.ts";
import type { OfferingClasses } from "./offering-classes.ts";

/** Which offering classes and which bins some pods may use. */
interface ShapeMask {
  readonly offerings: Uint8Array;
  readonly bins: Uint8Array | undefined;
}

/** Masks of a problem whose existing bins have their classes after those of the offerings. */
interface NumberedMasks {
  readonly masks: readonly Uint8Array[];
  readonly classes: number;
  readonly classOfBin: readonly number[];
}

/** Numbers equal masks equally. */
export class ShapeMasks {
  readonly #classes: OfferingClasses;
  readonly #bins: number;
  readonly #list: ShapeMask[] = [];
  readonly #byMeaning = new Map<string, number>();
  readonly #bySource = new Map<unknown, Map<Uint8Array | undefined, number>>();

  constructor(classes: OfferingClasses, bins: number) {
    this.#classes = classes;
    this.#bins = bins;
  }

  /** The mask of pods that may use these type sets, by pool, and these bins. */
  numberOf(sets: readonly (TypeSet | undefined)[], bins: Uint8Array | undefined): number {
    return this.numberOfAny([sets], { source: sets, bins });
  }

  /** The mask of pods that may choose between several type sets per pool. `source` identifies the alternatives. */
  numberOfAny(
    alternatives: readonly (readonly (TypeSet | undefined)[])[],
    { source, bins }: { readonly source: unknown; readonly bins: Uint8Array | undefined },
  ): number {
    let known = this.#bySource.get(source);
    if (known === undefined) {
      known = new Map();
      this.#bySource.set(source, known);
    }
    let number = known.get(bins);
    if (number === undefined) {
      number = this.#intern({ offerings: this.#offeringsOf(alternatives), bins });
      known.set(bins, number);
    }
    return number;
  }

  get(number: number): ShapeMask {
    return this.#list[number] ?? { offerings: new Uint8Array(0), bins: undefined };
  }

  /** Bins that no mask tells apart share a class. */
  withBinClasses(): NumberedMasks {
    const ofOfferings = this.#classes.classes;
    const numbers = new Map<string, number>();
    const columns: number[] = [];
    const classOfBin: number[] = [];
    for (let bin = 0; bin < this.#bins; bin += 1) {
      const column = this.#list.map(({ bins }) => bins?.[bin] ?? 0).join("");
      let number = numbers.get(column);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(column, number);
        columns.push(bin);
      }
      classOfBin.push(ofOfferings + number);
    }
    const classes = ofOfferings + columns.length;
    const masks = this.#list.map(({ offerings, bins }) => {
      const mask = new Uint8Array(classes);
      mask.set(offerings);
      for (const [index, bin] of columns.entries()) mask[ofOfferings + index] = bins?.[bin] ?? 0;
      return mask;
    });
    return { masks, classes, classOfBin };
  }

  #offeringsOf(alternatives: readonly (readonly (TypeSet | undefined)[])[]): Uint8Array {
    const mask = new Uint8Array(this.#classes.classes);
    for (const sets of alternatives)
      for (const [poolIndex, set] of sets.entries()) {
        if (set === undefined) continue;
        for (const one of this.#classes.classesOf(poolIndex))
          if (this.#classes.allows(poolIndex, set, one)) mask[one] = 1;
      }
    return mask;
  }

  #intern(mask: ShapeMask): number {
    const meaning = `${mask.offerings.join("")} ${mask.bins?.join("") ?? ""}`;
    let number = this.#byMeaning.get(meaning);
    if (number === undefined) {
      number = this.#list.length;
      this.#byMeaning.set(meaning, number);
      this.#list.push(mask);
    }
    return number;
  }
}
