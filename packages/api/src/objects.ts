import type { ListMeta, ObjectMeta } from "./generated/kubernetes.ts";

/** Any object as the API server stores and returns it. Deeply read-only: caches share it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** An object before the server has seen it: the server fills in name (from generateName), uid, resourceVersion and time. */
export type Fresh<T extends KubernetesObject> = Omit<T, "metadata"> & { readonly metadata: Partial<ObjectMeta> };

/** A list response. */
export interface KubernetesList<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

/** A mutable deep copy type, for code that edits a private copy before writing it back. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Draft<T[Key]> }
    : T;

/** A private deep copy that may be edited. */
export function draftOf<T>(value: T): Draft<T> {
  return clone(value) as Draft<T>;
}

function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const child = clone((value as Record<string, unknown>)[key]);
    // A plain assignment to this one key would set the prototype instead of a field.
    if (key === "__proto__")
      Object.defineProperty(copy, key, { value: child, enumerable: true, writable: true, configurable: true });
    else copy[key] = child;
  }
  return copy;
}

/** Names one object within its resource: `namespace` is undefined for cluster-scoped ones. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or just the name for cluster-scoped objects. */
export function formatObjectKey({ namespace, name }: ObjectKey): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** The inverse of {@link formatObjectKey}. */
export function parseObjectKey(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
