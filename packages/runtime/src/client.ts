import type { Fresh, KubernetesList, KubernetesObject, ResourceType } from "@nodeless/api";

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends RequestOptions {
  /** Query form, e.g. `app=web`. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** All namespaces when undefined. Ignored for cluster-scoped resources. */
  readonly namespace?: string | undefined;
  readonly resourceVersion?: string;
  /** Page size; `list` follows continue tokens and returns everything. */
  readonly limit?: number;
}

export interface WatchOptions extends ListOptions {
  readonly allowBookmarks?: boolean;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export type PatchKind = "json" | "merge" | "strategic" | "apply";

export interface WriteOptions extends RequestOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** What the server does with fields it does not know; its default is Warn. */
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
}

export interface PatchOptions extends WriteOptions {
  /** `apply` only: take fields over from other managers. */
  readonly force?: boolean;
  /** `status`, `scale`, ... */
  readonly subresource?: string;
}

export interface DeleteOptions extends RequestOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Where one object is: `namespace` only for namespaced resources. */
export interface ObjectReference {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/**
 * A typed client for one resource. Every method throws ApiStatusError for a Kubernetes `Status` answer (see errors.ts) and
 * ConnectionError when no answer came; `get` of a missing object is an ApiStatusError with reason NotFound, `find` returns undefined.
 */
export interface ResourceClient<T extends KubernetesObject> {
  get(reference: ObjectReference, options?: RequestOptions): Promise<T>;
  find(reference: ObjectReference, options?: RequestOptions): Promise<T | undefined>;
  list(options?: ListOptions): Promise<KubernetesList<T>>;
  /** The namespace comes from the object's metadata. */
  create(object: Fresh<T>, options?: WriteOptions): Promise<T>;
  update(object: T, options?: WriteOptions): Promise<T>;
  updateStatus(object: T, options?: WriteOptions): Promise<T>;
  patch(reference: ObjectReference, kind: PatchKind, patch: unknown, options?: PatchOptions): Promise<T>;
  delete(reference: ObjectReference, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource, e.g. `binding`, `eviction`, `token`. */
  createSubresource<Answer = unknown>(
    reference: ObjectReference,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<Answer>;
  /** Yields events until the server ends the stream or the signal fires; a 410 is thrown as ApiStatusError with reason Expired. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

/** A Kubernetes client: the only way our controllers talk to a cluster. */
export interface KubernetesClient {
  resource<T extends KubernetesObject>(type: ResourceType<T>): ResourceClient<T>;
  /** Any path, for discovery and health; the decoded JSON body. */
  raw(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<unknown>;
}
