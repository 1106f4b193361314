import type { Fresh, KubernetesList, KubernetesObject, ResourceType, Status } from "@nodeless/api";
import { groupVersionOf } from "@nodeless/api";
import type {
  DeleteOptions,
  KubernetesClient,
  ListOptions,
  ObjectReference,
  PatchKind,
  PatchOptions,
  RequestOptions,
  ResourceClient,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import { ApiStatusError, isExpired, isNotFound } from "./errors.ts";
import { connectionFailure, JsonExchanger } from "./exchange.ts";
import { jsonLines } from "./json-lines.ts";
import { collectionPath, objectPath, selectionQuery, withQuery } from "./resource-path.ts";
import type { Transport } from "./transport.ts";

/** How a client is made. */
export interface KubernetesClientOptions {
  readonly transport: Transport;
  /** Shown in audit logs and as the default field manager. Default `nodeless`. */
  readonly userAgent?: string;
}

/** A Kubernetes client over any transport. Holds no state and starts nothing. */
export function createKubernetesClient({
  transport,
  userAgent = "nodeless",
}: KubernetesClientOptions): KubernetesClient {
  const exchanger = new JsonExchanger({ transport, userAgent });
  return {
    resource: <T extends KubernetesObject>(type: ResourceType<T>): ResourceClient<T> =>
      new HttpResourceClient<T>(exchanger, type),
    raw: (method, path, body, options) =>
      exchanger.exchange({ method, path, ...(body === undefined ? {} : { body }), ...signalOf(options) }),
  };
}

const PATCH_CONTENT_TYPES: Readonly<Record<PatchKind, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

class HttpResourceClient<T extends KubernetesObject> implements ResourceClient<T> {
  readonly #exchanger: JsonExchanger;
  readonly #type: ResourceType<T>;

  constructor(exchanger: JsonExchanger, type: ResourceType<T>) {
    this.#exchanger = exchanger;
    this.#type = type;
  }

  async get(reference: ObjectReference, options?: RequestOptions): Promise<T> {
    return (await this.#exchanger.exchange({
      method: "GET",
      path: objectPath(this.#type, reference),
      ...signalOf(options),
    })) as T;
  }

  async find(reference: ObjectReference, options?: RequestOptions): Promise<T | undefined> {
    try {
      return await this.get(reference, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list(options: ListOptions = {}): Promise<KubernetesList<T>> {
    const pages: KubernetesList<T>[] = [];
    let token: string | undefined;
    do {
      try {
        const page = await this.#page(options, token);
        pages.push(page);
        token = page.metadata.continue;
      } catch (error) {
        // The snapshot behind the token is gone: only one unpaged read is consistent now. Source: client-go tools/pager.
        if (token === undefined || !isExpired(error)) throw error;
        const { limit: _, ...unpaged } = options;
        return await this.#page(unpaged, undefined);
      }
    } while (token !== undefined && token !== "");
    const [first] = pages;
    if (first === undefined) throw new TypeError("a list has at least one page");
    if (pages.length === 1) return first;
    const { continue: _continue, remainingItemCount: _remaining, ...metadata } = first.metadata;
    return { ...first, metadata, items: pages.flatMap((page) => page.items) };
  }

  async #page(options: ListOptions, token: string | undefined): Promise<KubernetesList<T>> {
    const query = selectionQuery(options);
    if (token !== undefined) {
      query.set("continue", token);
      // The token carries the revision; the server refuses both together.
      query.delete("resourceVersion");
    }
    const list = (await this.#exchanger.exchange({
      method: "GET",
      path: withQuery(collectionPath(this.#type, options.namespace), query),
      ...signalOf(options),
    })) as KubernetesList<T>;
    return { ...list, items: (list.items ?? []).map((item) => this.#typed(item)) };
  }

  /** Items of lists come without apiVersion and kind. */
  #typed(item: T): T {
    if (item.kind !== undefined && item.apiVersion !== undefined) return item;
    return { ...item, apiVersion: groupVersionOf(this.#type), kind: this.#type.kind };
  }

  async create(object: Fresh<T>, options?: WriteOptions): Promise<T> {
    const { namespace } = object.metadata;
    if (this.#type.namespaced && (namespace === undefined || namespace === ""))
      throw new TypeError(`${this.#type.resource} are namespaced: metadata.namespace is needed to create one`);
    return (await this.#write("POST", collectionPath(this.#type, namespace), object, options)) as T;
  }

  async update(object: T, options?: WriteOptions): Promise<T> {
    return (await this.#write("PUT", objectPath(this.#type, object.metadata), object, options)) as T;
  }

  async updateStatus(object: T, options?: WriteOptions): Promise<T> {
    return (await this.#write("PUT", objectPath(this.#type, object.metadata, "status"), object, options)) as T;
  }

  async patch(reference: ObjectReference, kind: PatchKind, patch: unknown, options: PatchOptions = {}): Promise<T> {
    const query = writeQuery(options);
    if (options.force === true) query.set("force", "true");
    return (await this.#exchanger.exchange({
      method: "PATCH",
      path: withQuery(objectPath(this.#type, reference, options.subresource), query),
      body: patch,
      contentType: PATCH_CONTENT_TYPES[kind],
      ...signalOf(options),
    })) as T;
  }

  async delete(reference: ObjectReference, options: DeleteOptions = {}): Promise<void> {
    const { gracePeriodSeconds, propagationPolicy, uid, resourceVersion } = options;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.#exchanger.exchange({
      method: "DELETE",
      path: objectPath(this.#type, reference),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
        ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
      },
      ...signalOf(options),
    });
  }

  async createSubresource<Answer = unknown>(
    reference: ObjectReference,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<Answer> {
    return (await this.#write("POST", objectPath(this.#type, reference, subresource), body, options)) as Answer;
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const query = selectionQuery(options);
    query.set("watch", "true");
    if (options.allowBookmarks !== false) query.set("allowWatchBookmarks", "true");
    const path = withQuery(collectionPath(this.#type, options.namespace), query);
    const { body, decoded } = await this.#exchanger.stream({ method: "GET", path, ...signalOf(options) });
    try {
      for await (const line of jsonLines(body, decoded)) yield this.#watchEvent(line);
    } catch (error) {
      throw connectionFailure(error, options.signal, `the watch ${path}: the stream broke`);
    }
    options.signal?.throwIfAborted();
  }

  #watchEvent(line: unknown): WatchEvent<T> {
    const { type, object } = line as { readonly type: string; readonly object: T };
    if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") return { type, object: this.#typed(object) };
    if (type === "BOOKMARK") return { type, resourceVersion: object.metadata.resourceVersion };
    throw new ApiStatusError(type === "ERROR" ? (object as unknown as Status) : { message: `unknown event ${type}` });
  }

  #write(method: string, path: string, body: unknown, options: WriteOptions = {}): Promise<unknown> {
    return this.#exchanger.exchange({
      method,
      path: withQuery(path, writeQuery(options)),
      body,
      ...signalOf(options),
    });
  }
}

function writeQuery({ fieldManager, dryRun, fieldValidation }: WriteOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (fieldManager !== undefined) query.set("fieldManager", fieldManager);
  if (dryRun === true) query.set("dryRun", "All");
  if (fieldValidation !== undefined) query.set("fieldValidation", fieldValidation);
  return query;
}

function signalOf(options: RequestOptions | undefined): RequestOptions {
  return options?.signal === undefined ? {} : { signal: options.signal };
}
