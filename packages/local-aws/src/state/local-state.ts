import type { Clock } from "@nodeless/environment";
import type { Store, StoreRecord } from "@nodeless/storage";
import { Collection } from "./collection.ts";
import { IdempotencyTokens } from "./idempotency-tokens.ts";
import { Transitions } from "./transitions.ts";

/**
 * The state of the local cloud: tables in memory, every change appended to a durable store. Changes of one synchronous section form one
 * batch, which survives kill -9 whole or not at all. The server awaits `flush` before it answers.
 */
export class LocalState {
  readonly transitions: Transitions;
  readonly tokens: IdempotencyTokens;
  readonly #store: Store;
  readonly #collections = new Map<string, Collection<unknown>>();
  readonly #loaded = new Map<string, Map<string, unknown>>();
  #revision: number;
  #pending = new Map<string, unknown>();
  #appended: Promise<void> = Promise.resolve();

  constructor(options: { readonly store: Store; readonly clock: Clock }) {
    this.#store = options.store;
    this.#revision = options.store.contents.revision;
    for (const [key, record] of options.store.contents.records) this.#load(key, record);
    this.transitions = new Transitions(this.collection("state/transition"), options.clock);
    this.tokens = new IdempotencyTokens(this.collection("state/token"), options.clock);
  }

  /** The table of that name, `<service>/<kind>` as in `ec2/vpc`. Values must be JSON (dates as ISO text). */
  collection<T>(name: string): Collection<T> {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      const items = this.#loaded.get(name) ?? new Map<string, unknown>();
      this.#loaded.delete(name);
      collection = new Collection<unknown>(items, (id, value) => this.#write(`${name}/${id}`, value));
      this.#collections.set(name, collection);
    }
    return collection as Collection<T>;
  }

  /** Resolves when everything put or deleted so far is durable; rejects when the store refused it. */
  flush(): Promise<void> {
    this.#append();
    return this.#appended;
  }

  /** Cancels armed transitions (they stay in the store) and waits for the last write. The store is the caller's to close. */
  async close(): Promise<void> {
    this.transitions.disarm();
    await this.flush();
  }

  #load(key: string, record: StoreRecord): void {
    if (record.value === null) return;
    const second = key.indexOf("/", key.indexOf("/") + 1);
    const name = key.slice(0, second);
    const items = this.#loaded.get(name) ?? new Map<string, unknown>();
    items.set(key.slice(second + 1), JSON.parse(new TextDecoder().decode(record.value)));
    this.#loaded.set(name, items);
  }

  #write(key: string, value: unknown): void {
    if (this.#pending.size === 0) queueMicrotask(() => this.#append());
    this.#pending.set(key, value);
  }

  #append(): void {
    if (this.#pending.size === 0) return;
    const records = [...this.#pending].map(([key, value]): StoreRecord => {
      this.#revision += 1;
      const bytes = value === undefined ? null : new TextEncoder().encode(JSON.stringify(value));
      return { revision: this.#revision, key, value: bytes };
    });
    this.#pending = new Map();
    const batch = this.#store.append(records);
    this.#appended = Promise.all([this.#appended, batch]).then(() => undefined);
    // A refusal reaches whoever awaits flush(); without a waiter it must not end the process.
    this.#appended.catch(() => undefined);
  }
}
