import type { KubernetesObject } from "@nodeless/api";

const decoder = new TextDecoder();

/**
 * One version of one object: its bytes as stored and sent, and its parsed form, parsed on first use (after a restart most objects are
 * only ever sent, never looked into). Shared by everyone: nobody mutates it.
 */
export class StoredObject {
  readonly key: string;
  readonly revision: number;
  /** JSON of the storage version, resourceVersion included. */
  readonly json: Uint8Array;
  #object: KubernetesObject | undefined;

  constructor(parts: {
    readonly key: string;
    readonly revision: number;
    readonly json: Uint8Array;
    readonly object?: KubernetesObject;
  }) {
    this.key = parts.key;
    this.revision = parts.revision;
    this.json = parts.json;
    this.#object = parts.object;
  }

  get object(): KubernetesObject {
    this.#object ??= JSON.parse(decoder.decode(this.json)) as KubernetesObject;
    return this.#object;
  }

  /** The parsed form if somebody has asked for it and it was not dropped. */
  get parsed(): KubernetesObject | undefined {
    return this.#object;
  }

  /** Drops the parsed form, which takes several times the memory of the bytes; it is parsed again should somebody ask. */
  forgetParsed(): void {
    this.#object = undefined;
  }
}

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** A key in the store: `prefix/namespace/name`, with an empty namespace for cluster-scoped objects. */
export interface StorageKey {
  readonly prefix: string;
  readonly namespace: string;
  readonly name: string;
}

export function formatStorageKey({ prefix, namespace, name }: StorageKey): string {
  return `${prefix}/${namespace}/${name}`;
}

/** The inverse: prefixes may hold slashes, names and namespaces cannot. */
export function parseStorageKey(key: string): StorageKey {
  const nameStart = key.lastIndexOf("/");
  const namespaceStart = key.lastIndexOf("/", nameStart - 1);
  return {
    prefix: key.slice(0, namespaceStart),
    namespace: key.slice(namespaceStart + 1, nameStart),
    name: key.slice(nameStart + 1),
  };
}
