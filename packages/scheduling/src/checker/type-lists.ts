import type { InstanceType } from "../model.ts";

/** Recognises lists of the same types: claims of one pool mostly name one of a few. */
export class TypeLists {
  readonly #seen = new Map<readonly InstanceType[], readonly InstanceType[]>();
  readonly #distinct = new Map<InstanceType, (readonly InstanceType[])[]>();

  /** The first list with exactly these types in this order that was asked for. */
  canonical(list: readonly InstanceType[]): readonly InstanceType[] {
    const seen = this.#seen.get(list);
    if (seen !== undefined) return seen;
    const [first] = list;
    if (first === undefined) return list;
    const alike = this.#distinct.get(first) ?? [];
    this.#distinct.set(first, alike);
    let found = alike.find((other) => isSameList(other, list));
    if (found === undefined) {
      found = list;
      alike.push(list);
    }
    this.#seen.set(list, found);
    return found;
  }
}

function isSameList(a: readonly InstanceType[], b: readonly InstanceType[]): boolean {
  if (a.length !== b.length) return false;
  // Lists of one pool differ at their ends, where the smallest and the dearest types are.
  for (let index = a.length - 1; index >= 0; index -= 1) if (a[index] !== b[index]) return false;
  return true;
}
