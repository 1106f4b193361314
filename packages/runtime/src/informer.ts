import type { KubernetesObject } from "@nodeless/api";

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
