import type { KubernetesObject } from "@nodeless/api";
import type { Store } from "@nodeless/storage";
import { withoutUndefined } from "../json-value.ts";
import { type ChangeEvent, Collection, type IndexFunction } from "./collection.ts";
import { encodeJson, formatStorageKey, parseStorageKey, type StorageKey, StoredObject } from "./stored-object.ts";

/** Hears of every durable change of one resource, in order of revision, synchronously. */
export type ChangeListener = (event: ChangeEvent) => void;

/**
 * All objects in memory over a durable store. Writers see their own accepted writes at once (`latest`), so that optimistic concurrency
 * holds among writes of one turn of the event loop; readers and watchers see a write only after it is durable.
 */
export class ObjectCache {
  readonly #store: Store;
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Map<string, Set<ChangeListener>>();
  readonly #indexes: ReadonlyMap<string, IndexFunction>;
  /** Accepted and not yet durable: null = deletion. */
  readonly #pending = new Map<string, { readonly revision: number; readonly stored: StoredObject | null }>();
  readonly #revisionWaiters = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  readonly #openingRevision: number;
  #acceptedRevision: number;
  #revision: number;

  /** `indexes`: by storage prefix, one index function each. */
  constructor(options: { readonly store: Store; readonly indexes: ReadonlyMap<string, IndexFunction> }) {
    this.#store = options.store;
    this.#indexes = options.indexes;
    const { revision, records } = options.store.contents;
    // A list of an empty server must not say "0": clients read that as "any".
    this.#revision = Math.max(1, revision);
    this.#acceptedRevision = this.#revision;
    this.#openingRevision = this.#revision;
    for (const { key, revision: written, value } of records.values()) {
      if (value === null) continue;
      const { prefix, namespace, name } = parseStorageKey(key);
      this.collection(prefix).load(namespace, name, new StoredObject({ key, revision: written, json: value }));
    }
  }

  /** Newest durable revision. */
  get revision(): number {
    return this.#revision;
  }

  collection(prefix: string): Collection {
    let collection = this.#collections.get(prefix);
    if (collection === undefined) {
      collection = new Collection({ prefix, revision: this.#openingRevision, index: this.#indexes.get(prefix) });
      this.#collections.set(prefix, collection);
    }
    return collection;
  }

  /** What a reader sees. */
  get(key: StorageKey): StoredObject | undefined {
    return this.collection(key.prefix).get(key.namespace, key.name);
  }

  /** What the next write of this key follows, durable or not. */
  latest(key: StorageKey): StoredObject | undefined {
    const pending = this.#pending.get(formatStorageKey(key));
    return pending === undefined ? this.get(key) : (pending.stored ?? undefined);
  }

  /**
   * Accepts a write: the caller has checked `latest` in the same synchronous section. The returned object carries its new
   * resourceVersion. Resolves when the write is durable and visible.
   */
  async put(key: StorageKey, object: KubernetesObject): Promise<StoredObject> {
    const revision = this.#nextRevision();
    const stored = storedVersion(key, object, { revision, previous: this.latest(key)?.parsed });
    await this.#write(key, { revision, stored, value: stored.json });
    return stored;
  }

  /** Accepts a deletion; `last` is the final state that watchers see, with the deletion's revision. */
  async remove(key: StorageKey, last: KubernetesObject): Promise<StoredObject> {
    const revision = this.#nextRevision();
    const stored = storedVersion(key, last, { revision, previous: undefined });
    await this.#write(key, { revision, stored, value: null });
    return stored;
  }

  #nextRevision(): number {
    this.#acceptedRevision += 1;
    return this.#acceptedRevision;
  }

  async #write(
    key: StorageKey,
    write: { readonly revision: number; readonly stored: StoredObject; readonly value: Uint8Array | null },
  ): Promise<void> {
    const text = write.stored.key;
    const accepted = { revision: write.revision, stored: write.value === null ? null : write.stored };
    const known = this.#pending.get(text);
    this.#pending.set(text, accepted);
    try {
      await this.#store.append([{ revision: write.revision, key: text, value: write.value }]);
    } catch (error) {
      // A refused record (too large) leaves no trace; after a disk failure the store takes no further write anyway.
      if (this.#pending.get(text) === accepted) {
        if (known === undefined || known.revision <= this.#revision) this.#pending.delete(text);
        else this.#pending.set(text, known);
      }
      throw error;
    }
    if (this.#pending.get(text) === accepted) this.#pending.delete(text);
    this.#publish(key, write);
  }

  /** The store resolves appends in call order, so events are published in order of revision. */
  #publish(
    key: StorageKey,
    { revision, stored, value }: { revision: number; stored: StoredObject; value: Uint8Array | null },
  ): void {
    const collection = this.collection(key.prefix);
    const event: ChangeEvent = {
      revision,
      key: stored.key,
      namespace: key.namespace,
      name: key.name,
      current: stored,
      previous: collection.get(key.namespace, key.name),
      deleted: value === null,
      encodings: new Map(),
    };
    collection.apply(event);
    this.#revision = revision;
    for (const listener of this.#listeners.get(key.prefix) ?? []) listener(event);
    // Everybody who watches has it now. History is for the few who come back later: bytes are enough for them.
    event.encodings.clear();
    event.previous?.forgetParsed();
    for (const waiter of this.#revisionWaiters) if (waiter.revision <= revision) waiter.resolve();
  }

  /** Returns the function that unsubscribes. */
  subscribe(prefix: string, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(prefix) ?? new Set();
    this.#listeners.set(prefix, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Calls back once the durable revision reaches `revision`. Returns the function that stops waiting. */
  onRevision(revision: number, callback: () => void): () => void {
    const waiter = {
      revision,
      resolve: () => {
        this.#revisionWaiters.delete(waiter);
        callback();
      },
    };
    this.#revisionWaiters.add(waiter);
    return () => void this.#revisionWaiters.delete(waiter);
  }
}

/** Readers in this process get the object itself, so it must be what its bytes say. */
function storedVersion(
  key: StorageKey,
  unversioned: KubernetesObject,
  { revision, previous }: { readonly revision: number; readonly previous: KubernetesObject | undefined },
): StoredObject {
  const versioned = { ...unversioned, metadata: { ...unversioned.metadata, resourceVersion: String(revision) } };
  const object = withoutUndefined(versioned, previous);
  return new StoredObject({ key: formatStorageKey(key), revision, json: encodeJson(object), object });
}
