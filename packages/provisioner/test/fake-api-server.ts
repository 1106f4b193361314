import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject, ObjectMeta } from "@nodeless/api";
import type { Clock } from "@nodeless/environment";
import type { Transport, TransportRequest, TransportResponse } from "@nodeless/runtime";

type Stored = KubernetesObject & { readonly spec?: unknown; readonly status?: unknown };

interface Place {
  /** `/api/v1/pods`: the collection over all namespaces. */
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

interface Watch {
  readonly collection: string;
  push(line: unknown): void;
  end(): void;
}

/** The parts of a Kubernetes API that controllers lean on, in memory: versions, conflicts, status, finalizers, eviction, watch. */
export class FakeApiServer {
  readonly writes: string[] = [];
  /** `namespace/name` of pods that a disruption budget protects. */
  readonly protectedPods = new Set<string>();
  /** Collections that are not installed. */
  readonly missing = new Set<string>();
  /** Requests for which this holds are cut off without an answer. */
  cutOff: (method: string, path: string) => boolean = () => false;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored>();
  readonly #log: { readonly version: number; readonly collection: string; readonly line: unknown }[] = [];
  readonly #watches = new Set<Watch>();
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly transport: Transport = async (request) => {
    const url = new URL(request.path, "http://fake");
    const place = placeOf(url.pathname);
    if (this.cutOff(request.method, url.pathname)) throw new Error("connection reset");
    if (this.missing.has(place.collection))
      return failure(404, "NotFound", "the server could not find the requested resource");
    if (url.searchParams.get("watch") === "true") return this.#watch(place, url.searchParams, request.signal);
    if (request.method !== "GET") this.writes.push(`${request.method} ${url.pathname}`);
    return this.#answer(request, place, url.searchParams);
  };

  get<T extends KubernetesObject>(path: string): T | undefined {
    return this.#objects.get(path) as T | undefined;
  }

  list<T extends KubernetesObject>(collection: string): readonly T[] {
    return [...this.#objects]
      .filter(([path]) => placeOf(path).collection === collection)
      .map(([, object]) => object as unknown as T);
  }

  /** Creates or replaces, as some other client would. */
  put(
    path: string,
    object: { readonly apiVersion: string; readonly kind: string; readonly metadata: Partial<ObjectMeta> },
  ): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const { namespace } = placeOf(path);
    const previous = this.#objects.get(path);
    this.#store(path, {
      ...object,
      metadata: { ...this.#newMeta(namespace), ...previous?.metadata, ...object.metadata, name },
    } as Stored);
  }

  /** Edits with a function. */
  edit(path: string, change: (object: Stored) => object): void {
    const object = this.#objects.get(path);
    if (object === undefined) throw new Error(`nothing at ${path}`);
    this.#store(path, { ...object, ...change(object) });
  }

  delete(path: string): void {
    const object = this.#objects.get(path);
    if (object !== undefined) this.#delete(path, object);
  }

  #newMeta(namespace: string | undefined): Partial<ObjectMeta> {
    return {
      uid: `uid-${this.#version + 1}`,
      creationTimestamp: `${this.#clock.now().toISOString().slice(0, 19)}Z`,
      generation: 1,
      ...(namespace === undefined ? {} : { namespace }),
    };
  }

  #store(path: string, object: Stored): Stored {
    const previous = this.#objects.get(path);
    if (previous !== undefined && isDeepStrictEqual(previous, object)) return previous;
    if (object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0) {
      this.#remove(path, object);
      return object;
    }
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(path, stored);
    this.#emit(path, previous === undefined ? "ADDED" : "MODIFIED", stored);
    return stored;
  }

  #delete(path: string, object: Stored): void {
    if ((object.metadata.finalizers ?? []).length === 0) this.#remove(path, object);
    else if (object.metadata.deletionTimestamp === undefined)
      this.#store(path, {
        ...object,
        metadata: { ...object.metadata, deletionTimestamp: this.#clock.now().toISOString() },
      });
  }

  #remove(path: string, object: Stored): void {
    this.#version += 1;
    this.#objects.delete(path);
    this.#emit(path, "DELETED", {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    });
  }

  #emit(path: string, type: string, object: Stored): void {
    const entry = { version: this.#version, collection: placeOf(path).collection, line: { type, object } };
    this.#log.push(entry);
    for (const watch of this.#watches) if (watch.collection === entry.collection) watch.push(entry.line);
  }

  #answer(request: TransportRequest, place: Place, query: URLSearchParams): TransportResponse {
    const { pathname } = new URL(request.path, "http://fake");
    const path = place.subresource === undefined ? pathname : pathname.slice(0, pathname.lastIndexOf("/"));
    const body = request.body === undefined ? undefined : JSON.parse(Buffer.from(request.body).toString());
    if (request.method === "POST" && place.subresource === undefined) return this.#create(path, place, body);
    if (place.name === undefined) return this.#list(place, query);
    const known = this.#objects.get(path);
    if (known === undefined) return failure(404, "NotFound", `${path} not found`);
    switch (request.method) {
      case "GET":
        return answer(known);
      case "POST":
        return this.#evict(path, known);
      case "DELETE":
        if (body?.preconditions?.uid !== undefined && body.preconditions.uid !== known.metadata.uid)
          return failure(409, "Conflict", "another uid");
        this.#delete(path, known);
        return answer({ kind: "Status", status: "Success" });
      default: {
        const wanted = request.method === "PUT" ? body : merge(known, body);
        const version = body.metadata?.resourceVersion;
        if (version !== undefined && version !== known.metadata.resourceVersion)
          return failure(409, "Conflict", `Operation cannot be fulfilled on ${path}`);
        const { status, ...rest } = wanted;
        const next =
          place.subresource === "status"
            ? { ...known, status }
            : { ...rest, ...(known.status === undefined ? {} : { status: known.status }) };
        return answer(
          this.#store(path, {
            ...next,
            metadata: { ...next.metadata, resourceVersion: known.metadata.resourceVersion },
          }),
        );
      }
    }
  }

  #create(path: string, { namespace }: Place, body: Stored): TransportResponse {
    const name = body.metadata.name ?? `${body.metadata.generateName}${(this.#version + 1).toString(36)}`;
    const key = `${path}/${name}`;
    if (this.#objects.has(key)) return failure(409, "AlreadyExists", `${name} already exists`);
    return answer(
      this.#store(key, { ...body, metadata: { ...this.#newMeta(namespace), ...body.metadata, name } as ObjectMeta }),
    );
  }

  #evict(path: string, pod: Stored): TransportResponse {
    if (this.protectedPods.has(`${pod.metadata.namespace}/${pod.metadata.name}`))
      return failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
    this.#delete(path, pod);
    return answer({ kind: "Status", status: "Success" });
  }

  #list({ collection, namespace }: Place, query: URLSearchParams): TransportResponse {
    const node = /^spec\.nodeName=(.*)$/.exec(query.get("fieldSelector") ?? "")?.[1];
    const items = this.list(collection).filter(
      (object) =>
        (namespace === undefined || object.metadata.namespace === namespace) &&
        (node === undefined || (object as { readonly spec?: { readonly nodeName?: string } }).spec?.nodeName === node),
    );
    return answer({ kind: "List", apiVersion: "v1", metadata: { resourceVersion: String(this.#version) }, items });
  }

  #watch({ collection }: Place, query: URLSearchParams, signal: AbortSignal | undefined): TransportResponse {
    const from = Number(query.get("resourceVersion") ?? 0);
    const queue: unknown[] = this.#log
      .filter((entry) => entry.version > from && entry.collection === collection)
      .map(({ line }) => line);
    let ended = false;
    let wake = (): void => {};
    const watch: Watch = {
      collection,
      push(line) {
        queue.push(line);
        wake();
      },
      end: () => {
        this.#watches.delete(watch);
        ended = true;
        wake();
      },
    };
    this.#watches.add(watch);
    signal?.addEventListener("abort", watch.end, { once: true });
    async function* body(): AsyncGenerator<Uint8Array> {
      while (!ended) {
        const line = queue.shift();
        if (line !== undefined) yield new TextEncoder().encode(`${JSON.stringify(line)}\n`);
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    return { status: 200, headers: { "content-type": "application/json" }, body: body() };
  }
}

function placeOf(path: string): Place {
  const parts = path.split("/").slice(1);
  const prefix = parts.splice(0, parts[0] === "api" ? 2 : 3).join("/");
  const isInNamespace = parts[0] === "namespaces" && parts.length > 2;
  const namespace = isInNamespace ? parts[1] : undefined;
  const [resource = "", name, subresource] = isInNamespace ? parts.slice(2) : parts;
  return { collection: `/${prefix}/${resource}`, namespace, name, subresource };
}

/** JSON merge patch. */
function merge(target: unknown, patch: unknown): Stored {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch as Stored;
  const base = typeof target === "object" && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  return result as unknown as Stored;
}

function answer(value: unknown): TransportResponse {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

function failure(code: number, reason: string, message: string): TransportResponse {
  return { ...answer({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message }), status: code };
}
