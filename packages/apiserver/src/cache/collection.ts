import type { KubernetesObject } from "@nodeless/api";
import type { StoredObject } from "./stored-object.ts";

/** One acknowledged change of one object. */
export interface ChangeEvent {
  readonly revision: number;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** For a deletion: the last state, carrying the revision of the deletion. */
  readonly current: StoredObject;
  readonly previous: StoredObject | undefined;
  readonly deleted: boolean;
  /** Encodings shared by all watchers, by representation; emptied when the change was handed out. */
  readonly encodings: Map<string, Uint8Array>;
}

/** 8,192 changes per resource let a watcher that was away for a second or two of full load resume without a new list. */
const HISTORY_EVENTS_MAX = 8_192;
/** Cut off in bulk, since a cut copies what stays. */
const HISTORY_EVENTS_SLACK = 2_048;
/** Written once and hardly ever looked into, but very many: their parsed form is kept only while they are news. */
const SELDOM_READ: ReadonlySet<string> = new Set(["core/events"]);
const NEWS_EVENTS = 64;

interface NamespaceBucket {
  readonly objects: Map<string, StoredObject>;
  /** Names in order; undefined after a name came or went. */
  sorted: readonly StoredObject[] | undefined;
}

/** Looks a value up in an object for an index, e.g. a pod's node. */
export type IndexFunction = (object: KubernetesObject) => string;

/** The durable state of one resource, its recent history and its indexes. */
export class Collection {
  readonly prefix: string;
  readonly #namespaces = new Map<string, NamespaceBucket>();
  #history: ChangeEvent[] = [];
  /** History is complete for revisions above this one. */
  #historyStart: number;
  #count = 0;
  readonly #indexFunction: IndexFunction | undefined;
  #index: Map<string, Map<string, StoredObject>> | undefined;

  constructor(options: {
    readonly prefix: string;
    readonly revision: number;
    readonly index?: IndexFunction | undefined;
  }) {
    this.prefix = options.prefix;
    this.#historyStart = options.revision;
    this.#indexFunction = options.index;
  }

  get count(): number {
    return this.#count;
  }

  get(namespace: string, name: string): StoredObject | undefined {
    return this.#namespaces.get(namespace)?.objects.get(name);
  }

  /** Before any change: what the store held. */
  load(namespace: string, name: string, stored: StoredObject): void {
    this.#put(namespace, name, stored);
  }

  apply(event: ChangeEvent): void {
    if (event.deleted) this.#remove(event.namespace, event.name);
    else this.#put(event.namespace, event.name, event.current);
    if (this.#index !== undefined) this.#reindex(this.#index, event);
    this.#history.push(event);
    if (SELDOM_READ.has(this.prefix)) this.#history.at(-NEWS_EVENTS)?.current.forgetParsed();
    if (this.#history.length > HISTORY_EVENTS_MAX + HISTORY_EVENTS_SLACK) {
      this.#history = this.#history.slice(-HISTORY_EVENTS_MAX);
      this.#historyStart = (this.#history[0]?.revision ?? event.revision) - 1;
    }
  }

  #put(namespace: string, name: string, stored: StoredObject): void {
    let bucket = this.#namespaces.get(namespace);
    if (bucket === undefined) {
      bucket = { objects: new Map(), sorted: undefined };
      this.#namespaces.set(namespace, bucket);
    }
    if (!bucket.objects.has(name)) this.#count += 1;
    bucket.objects.set(name, stored);
    bucket.sorted = undefined;
  }

  #remove(namespace: string, name: string): void {
    const bucket = this.#namespaces.get(namespace);
    if (bucket?.objects.delete(name) !== true) return;
    this.#count -= 1;
    bucket.sorted = undefined;
    if (bucket.objects.size === 0) this.#namespaces.delete(namespace);
  }

  #reindex(index: Map<string, Map<string, StoredObject>>, event: ChangeEvent): void {
    const indexFunction = this.#indexFunction;
    if (indexFunction === undefined) return;
    if (event.previous !== undefined) index.get(indexFunction(event.previous.object))?.delete(event.key);
    if (!event.deleted) indexInto(index, indexFunction(event.current.object), event.current);
  }

  /** Objects whose index value is `value`, in order of key. Undefined if this resource has no index. */
  indexed(value: string): readonly StoredObject[] | undefined {
    const indexFunction = this.#indexFunction;
    if (indexFunction === undefined) return undefined;
    if (this.#index === undefined) {
      this.#index = new Map();
      for (const stored of this.list()) indexInto(this.#index, indexFunction(stored.object), stored);
    }
    const found = this.#index.get(value);
    return found === undefined ? [] : inListOrder([...found.values()]);
  }

  /** Everything, or one namespace, sorted by namespace and name. */
  list(namespace?: string): readonly StoredObject[] {
    if (namespace !== undefined) {
      const bucket = this.#namespaces.get(namespace);
      return bucket === undefined ? [] : sortedOf(bucket);
    }
    const names = [...this.#namespaces.keys()].sort();
    const buckets = names.flatMap((name) => this.#namespaces.get(name) ?? []);
    const only = buckets[0];
    if (buckets.length === 1 && only !== undefined) return sortedOf(only);
    return buckets.flatMap(sortedOf);
  }

  /** Changes after `revision` in order, or undefined if they are no longer all known. */
  changesAfter(revision: number): readonly ChangeEvent[] | undefined {
    if (revision < this.#historyStart) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /** The list as it was at an older revision, or undefined if that is no longer known. */
  listAt(revision: number, namespace?: string): readonly StoredObject[] | undefined {
    const changes = this.changesAfter(revision);
    if (changes === undefined) return undefined;
    if (changes.length === 0) return this.list(namespace);
    const byObjectKey = new Map(this.list(namespace).map((stored) => [stored.key, stored]));
    for (const { key, namespace: changed, previous } of changes.toReversed()) {
      if (namespace !== undefined && changed !== namespace) continue;
      if (previous === undefined) byObjectKey.delete(key);
      else byObjectKey.set(key, previous);
    }
    return inListOrder([...byObjectKey.values()]);
  }
}

function indexInto(index: Map<string, Map<string, StoredObject>>, value: string, stored: StoredObject): void {
  const entry = index.get(value);
  if (entry === undefined) index.set(value, new Map([[stored.key, stored]]));
  else entry.set(stored.key, stored);
}

function sortedOf(bucket: NamespaceBucket): readonly StoredObject[] {
  bucket.sorted ??= [...bucket.objects.values()].sort(byKey);
  return bucket.sorted;
}

function byKey(a: StoredObject, b: StoredObject): number {
  return a.key < b.key ? -1 : 1;
}

/** By namespace, then name. Plain key order would put `a-b/x` before `a/x`, since `-` sorts before `/`. */
function inListOrder(objects: readonly StoredObject[]): readonly StoredObject[] {
  return objects
    .map((stored) => ({ stored, order: stored.key.replaceAll("/", "\0") }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ stored }) => stored);
}
