import type { InstanceType } from "../model.ts";
import type { PricedType, TypeSet } from "./type-set.ts";

/** The types of one set, laid out for the question which of them hold some content. */
class SetLayout {
  readonly #priced: readonly PricedType[];
  readonly #dimensions: number;
  readonly #free: Float64Array;
  /** By position: the least of every resource from there on. */
  readonly #least: Float64Array;
  readonly #tails: (readonly InstanceType[] | undefined)[] = [];
  /** The last question and its answer: nodes that are filled alike follow each other. */
  #used = new Float64Array(0);
  #types: readonly InstanceType[] = [];

  constructor({ priced }: TypeSet, dimensions: number) {
    this.#priced = priced;
    this.#dimensions = dimensions;
    this.#free = new Float64Array(priced.length * dimensions);
    for (const [index, { free }] of priced.entries()) this.#free.set(free, index * dimensions);
    this.#least = this.#free.slice();
    for (let at = this.#least.length - dimensions - 1; at >= 0; at -= 1)
      this.#least[at] = Math.min(this.#least[at] ?? 0, this.#least[at + dimensions] ?? 0);
  }

  holding(used: Float64Array): readonly InstanceType[] {
    if (!isEqual(used, this.#used)) {
      this.#types = this.#allHolding(used);
      this.#used = used.slice();
    }
    return this.#types;
  }

  #allHolding(used: Float64Array): readonly InstanceType[] {
    const count = this.#priced.length;
    let first = 0;
    while (first < count && !this.#holds(this.#free, first, used)) first += 1;
    if (first < count && this.#holds(this.#least, first, used)) return this.#tail(first);
    const types: InstanceType[] = [];
    for (let index = first; index < count; index += 1) {
      const one = this.#priced[index];
      if (one !== undefined && this.#holds(this.#free, index, used)) types.push(one.type);
    }
    return types;
  }

  /** All types from a position on; most claims hold so little that only the cheapest types are too small. */
  #tail(first: number): readonly InstanceType[] {
    let tail = this.#tails[first];
    if (tail === undefined) {
      tail = this.#priced.slice(first).map(({ type }) => type);
      this.#tails[first] = tail;
    }
    return tail;
  }

  #holds(free: Float64Array, index: number, used: Float64Array): boolean {
    const base = index * this.#dimensions;
    for (let at = 0; at < used.length; at += 1) {
      const amount = used[at] ?? 0;
      if (amount > 0 && amount > (free[base + at] ?? 0)) return false;
    }
    return true;
  }
}

function isEqual(one: Float64Array, other: Float64Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

const layouts = new WeakMap<TypeSet, SetLayout>();

/** Instance types of the set that hold pods with these requests in sum, cheapest first. Equal answers may be the same list. */
export function fittingTypes(set: TypeSet, used: Float64Array): readonly InstanceType[] {
  let layout = layouts.get(set);
  if (layout === undefined) {
    layout = new SetLayout(set, used.length);
    layouts.set(set, layout);
  }
  return layout.holding(used);
}
