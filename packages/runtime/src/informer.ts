import type { KubernetesObject } from "@nodeless/api";
import { formatObjectKey } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { abortable } from "./abortable.ts";
import type { ResourceClient, WatchEvent } from "./client.ts";
import { type Indexers, ObjectStore } from "./object-store.ts";
import { Reflector, type ReflectorTarget } from "./reflector.ts";

export interface InformerHandlers<T> {
  readonly onAdd?: (object: T) => void;
  readonly onUpdate?: (object: T, previous: T) => void;
  readonly onDelete?: (last: T) => void;
}

/** A local, eventually consistent copy of one resource kept by list + watch. Objects are shared: never mutate them. */
export interface Informer<T extends KubernetesObject> {
  /** Runs until the signal fires; settles when everything it started has stopped. Reconnects for ever with backoff. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves after the first complete list. */
  synced(signal?: AbortSignal): Promise<void>;
  readonly hasSynced: boolean;
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Objects whose index function returned `value`; see `InformerOptions.indexes`. */
  byIndex(index: string, value: string): readonly T[];
  /** Handlers run synchronously, in order of events; a handler added late first sees the present objects as added. */
  subscribe(handlers: InformerHandlers<T>): void;
}

/** How an informer is made. */
export interface InformerOptions<T extends KubernetesObject> {
  /** Only these two are used, so that a source of objects can be put in front. */
  readonly client: Pick<ResourceClient<T>, "list" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** All namespaces when undefined. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Values an object is found under with `byIndex`. */
  readonly indexes?: Indexers<T>;
}

/** Makes an informer; nothing happens until `run`. */
export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  return new ReflectedInformer(options);
}

class ReflectedInformer<T extends KubernetesObject> implements Informer<T>, ReflectorTarget<T> {
  readonly #store: ObjectStore<T>;
  readonly #handlers: InformerHandlers<T>[] = [];
  readonly #reflector: Reflector<T>;
  readonly #logger: Logger;
  readonly #firstList = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor({ indexes, namespace, labelSelector, fieldSelector, ...ports }: InformerOptions<T>) {
    this.#store = new ObjectStore<T>(indexes);
    this.#logger = ports.logger;
    const selection = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
    this.#reflector = new Reflector({ ...ports, selection, target: this });
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  synced(signal?: AbortSignal): Promise<void> {
    return signal === undefined ? this.#firstList.promise : abortable(this.#firstList.promise, signal);
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#store.byIndex(index, value);
  }

  subscribe(handlers: InformerHandlers<T>): void {
    this.#handlers.push(handlers);
    for (const object of this.#store.list()) this.#call(handlers, (one) => one.onAdd?.(object));
  }

  replace(objects: readonly T[]): void {
    const gone = new Set(this.#store.keys());
    for (const object of objects) {
      gone.delete(formatObjectKey(object.metadata));
      this.#put(object);
    }
    for (const key of gone) this.#remove(key);
    this.#hasSynced = true;
    this.#firstList.resolve();
  }

  apply(event: Extract<WatchEvent<T>, { readonly object: T }>): void {
    if (event.type === "DELETED") this.#remove(formatObjectKey(event.object.metadata), event.object);
    else this.#put(event.object);
  }

  #put(object: T): void {
    const key = formatObjectKey(object.metadata);
    const known = this.#store.get(key);
    if (known?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) this.#remove(key);
    const previous = this.#store.put(object);
    for (const handlers of this.#handlers)
      this.#call(handlers, (one) => (previous === undefined ? one.onAdd?.(object) : one.onUpdate?.(object, previous)));
  }

  #remove(key: string, final?: T): void {
    const last = this.#store.remove(key);
    if (last === undefined) return;
    for (const handlers of this.#handlers) this.#call(handlers, (one) => one.onDelete?.(final ?? last));
  }

  /** A handler that throws must not keep the others from the event, nor end the watch. */
  #call(handlers: InformerHandlers<T>, call: (handlers: InformerHandlers<T>) => void): void {
    try {
      call(handlers);
    } catch (error) {
      this.#logger.error("an informer handler threw", { error });
    }
  }
}
