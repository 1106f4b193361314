import type { PricedType, TypeSet } from "../../packing/pool-catalog.ts";

/** A set's types with their room in one array. */
interface FlatSet {
  readonly free: Float64Array;
  readonly known: Map<string, readonly PricedType[]>;
}

/** Finds the types of a set that hold some content; equal questions are answered once. */
export class HoldingTypes {
  readonly #flat = new Map<TypeSet, FlatSet>();

  /** Types that hold pods with these requests in sum, cheapest first. */
  of(set: TypeSet, used: Float64Array): readonly PricedType[] {
    let flat = this.#flat.get(set);
    if (flat === undefined) {
      flat = { free: flatten(set, used.length), known: new Map() };
      this.#flat.set(set, flat);
    }
    const question = used.join(" ");
    let types = flat.known.get(question);
    if (types === undefined) {
      types = holding(set.priced, flat.free, used);
      flat.known.set(question, types);
    }
    return types;
  }
}

function flatten({ priced }: TypeSet, dimensions: number): Float64Array {
  const free = new Float64Array(priced.length * dimensions);
  for (const [index, type] of priced.entries()) free.set(type.free, index * dimensions);
  return free;
}

function holding(priced: readonly PricedType[], free: Float64Array, used: Float64Array): readonly PricedType[] {
  const dimensions = used.length;
  const types: PricedType[] = [];
  for (let index = 0; index < priced.length; index += 1) {
    const base = index * dimensions;
    let holds = true;
    for (let at = 0; at < dimensions && holds; at += 1) {
      const amount = used[at] ?? 0;
      holds = amount <= 0 || amount <= (free[base + at] ?? 0);
    }
    const type = priced[index];
    if (holds && type !== undefined) types.push(type);
  }
  return types;
}
