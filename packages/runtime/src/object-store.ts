import type { KubernetesObject } from "@nodeless/api";
import { formatObjectKey } from "@nodeless/api";

/** Index functions by name: which values an object is found under. */
export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** Objects by key with secondary indexes; the state behind an informer. */
export class ObjectStore<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: ReadonlyMap<string, (object: T) => readonly string[]>;
  /** Index name → value → keys. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Indexers<T> = {}) {
    this.#indexers = new Map(Object.entries(indexers));
    for (const name of this.#indexers.keys()) this.#indexes.set(name, new Map());
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const values = this.#indexes.get(index);
    if (values === undefined) throw new TypeError(`no index is named ${JSON.stringify(index)}`);
    const found: T[] = [];
    for (const key of values.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** Stores the object and returns the one it replaced. */
  put(object: T): T | undefined {
    const key = formatObjectKey(object.metadata);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const [name, valuesOf] of this.#indexers) {
      const values = valuesOf(object);
      const before = previous === undefined ? [] : valuesOf(previous);
      // Most changes are of a status, and nothing is indexed by one.
      if (sameValues(values, before)) continue;
      this.#unindex(name, key, before);
      this.#index(name, key, values);
    }
    return previous;
  }

  /** Removes the object and returns it. */
  remove(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    for (const [name, valuesOf] of this.#indexers) this.#unindex(name, key, valuesOf(previous));
    this.#objects.delete(key);
    return previous;
  }

  #index(name: string, key: string, values: readonly string[]): void {
    const index = this.#indexes.get(name);
    for (const value of values) {
      const keys = index?.get(value);
      if (keys === undefined) index?.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  #unindex(name: string, key: string, values: readonly string[]): void {
    const index = this.#indexes.get(name);
    for (const value of values) {
      const keys = index?.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index?.delete(value);
    }
  }
}

const sameValues = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
