/**
 * A durable table: reads come from memory, writes go to the store behind LocalState. Values are records that are replaced, never
 * changed in place.
 */
export class Collection<T> {
  readonly #items: Map<string, T>;
  readonly #write: (id: string, value: T | undefined) => void;

  constructor(items: Map<string, T>, write: (id: string, value: T | undefined) => void) {
    this.#items = items;
    this.#write = write;
  }

  get size(): number {
    return this.#items.size;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  has(id: string): boolean {
    return this.#items.has(id);
  }

  /** All values in the order they were first put. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }

  entries(): IterableIterator<[string, T]> {
    return this.#items.entries();
  }

  /** Values that satisfy the predicate, in the order they were first put. */
  filter(predicate: (value: T) => boolean): T[] {
    return [...this.#items.values()].filter(predicate);
  }

  find(predicate: (value: T) => boolean): T | undefined {
    for (const value of this.#items.values()) if (predicate(value)) return value;
    return undefined;
  }

  /** Stores a value under an id, replacing what was there, and returns it. */
  put(id: string, value: T): T {
    this.#items.set(id, value);
    this.#write(id, value);
    return value;
  }

  /** Replaces the value by `change(value)`; returns it, or undefined if there is none. */
  update(id: string, change: (value: T) => T): T | undefined {
    const value = this.#items.get(id);
    return value === undefined ? undefined : this.put(id, change(value));
  }

  /** Returns whether there was something to delete. */
  delete(id: string): boolean {
    if (!this.#items.delete(id)) return false;
    this.#write(id, undefined);
    return true;
  }
}
