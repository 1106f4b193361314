/** Stands for the end of a list or an object in the sequence of tokens that a value is read as. */
const END = Symbol("end");
const LIST = Symbol("list");
const OBJECT = Symbol("object");

/** A place in the tree of all sequences seen; most places have one way on, which needs no map. */
class Branch {
  number = -1;
  #token: unknown = END;
  #only: Branch | undefined;
  #more: Map<unknown, Branch> | undefined;

  next(token: unknown): Branch {
    if (this.#only === undefined) {
      this.#token = token;
      this.#only = new Branch();
      return this.#only;
    }
    if (this.#token === token) return this.#only;
    this.#more ??= new Map();
    let branch = this.#more.get(token);
    if (branch === undefined) {
      branch = new Branch();
      this.#more.set(token, branch);
    }
    return branch;
  }
}

/**
 * Numbers plain values by content: equal values, property order included, get the same number, counted from 0. A value that
 * was seen before is recognised without building a text of it.
 */
export class ContentIndex {
  readonly #root = new Branch();
  #count = 0;

  /** The number of a sequence of values; a new one is the number of sequences seen before. */
  numberOf(...values: readonly unknown[]): number {
    let at = this.#root;
    for (const value of values) at = follow(at, value);
    return this.numberAt(at);
  }

  /** For callers that walk a value's parts themselves: the start of every sequence. */
  get start(): Branch {
    return this.#root;
  }

  /** Ends a sequence that the caller walked. */
  numberAt(branch: Branch): number {
    if (branch.number < 0) {
      branch.number = this.#count;
      this.#count += 1;
    }
    return branch.number;
  }

  get size(): number {
    return this.#count;
  }
}

export type { Branch as ContentBranch };

/** One value further along the sequence. Absent properties and undefined ones are the same. */
export function follow(from: Branch, value: unknown): Branch {
  if (typeof value !== "object" || value === null) return from.next(value);
  let at = from;
  if (Array.isArray(value)) {
    at = at.next(LIST);
    for (const item of value as readonly unknown[]) at = follow(at, item);
    return at.next(END);
  }
  at = at.next(OBJECT);
  for (const key in value) {
    const property = (value as Readonly<Record<string, unknown>>)[key];
    if (property !== undefined) at = follow(at.next(key), property);
  }
  return at.next(END);
}
