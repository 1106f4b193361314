import type { KubernetesObject } from "@nodeless/api";
import type { Transport, TransportRequest, TransportResponse } from "@nodeless/runtime";

interface LoggedEvent {
  readonly version: number;
  readonly collection: string;
  readonly type: string;
  readonly object: KubernetesObject;
}

/** A small API server in memory: enough of REST, paging and watch to drive a client, with failures on demand. */
export class FakeApi {
  readonly requests: string[] = [];
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #log: LoggedEvent[] = [];
  readonly #watches = new Set<{ push(event: unknown, collection?: string): void; end(error?: Error): void }>();
  readonly #failures: { readonly match: string; readonly response: TransportResponse | Error }[] = [];
  #version = 0;
  #compactedBefore = 0;

  readonly transport: Transport = async (request) => {
    const { method, path } = request;
    this.requests.push(`${method} ${decodeURIComponent(path)}`);
    const failure = this.#failures.findIndex(({ match }) => `${method} ${path}`.includes(match));
    if (failure >= 0) {
      const [{ response } = { response: new Error("unreachable") }] = this.#failures.splice(failure, 1);
      if (response instanceof Error) throw response;
      return response;
    }
    return this.#route(request);
  };

  /** The next request that contains `match` gets this answer. */
  failNext(
    match: string,
    failure: Error | { readonly code: number; readonly reason: string; readonly message?: string },
  ): void {
    this.#failures.push({ match, response: failure instanceof Error ? failure : status(failure) });
  }

  /** Events before now can no longer be watched. */
  compact(): void {
    this.#compactedBefore = this.#version;
  }

  endWatches(error?: Error): void {
    for (const watch of [...this.#watches]) watch.end(error);
  }

  bookmark(): void {
    this.#version += 1;
    for (const watch of this.#watches)
      watch.push({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.#version) } } });
  }

  get watches(): number {
    return this.#watches.size;
  }

  put(path: string, object: { readonly metadata: object; readonly [field: string]: unknown }): KubernetesObject {
    this.#version += 1;
    const previous = this.#objects.get(path);
    const metadata = { uid: `uid-${this.#version}`, ...previous?.metadata, ...object.metadata };
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(this.#version) } } as KubernetesObject;
    this.#objects.set(path, stored);
    this.#emit(path, previous === undefined ? "ADDED" : "MODIFIED", stored);
    return stored;
  }

  remove(path: string): void {
    const previous = this.#objects.get(path);
    if (previous === undefined) return;
    this.#version += 1;
    this.#objects.delete(path);
    const metadata = { ...previous.metadata, resourceVersion: String(this.#version) };
    this.#emit(path, "DELETED", { ...previous, metadata });
  }

  at(path: string): KubernetesObject | undefined {
    return this.#objects.get(path);
  }

  /** Every object whose path contains the text. */
  under(text: string): readonly KubernetesObject[] {
    return [...this.#objects].filter(([path]) => path.includes(text)).map(([, object]) => object);
  }

  #emit(path: string, type: string, object: KubernetesObject): void {
    const event = { version: this.#version, collection: path.slice(0, path.lastIndexOf("/")), type, object };
    this.#log.push(event);
    for (const watch of this.#watches) watch.push({ type, object }, event.collection);
  }

  #route({ method, path, body, signal }: TransportRequest): TransportResponse {
    const url = new URL(path, "http://fake");
    const query = url.searchParams;
    const known = this.#objects.get(url.pathname);
    const sent = body === undefined ? undefined : JSON.parse(Buffer.from(body).toString());
    if (query.get("watch") === "true") return this.#watch(url, signal);
    switch (method) {
      case "GET":
        if (known !== undefined) return json(known);
        if (/\/(configmaps|events|leases)$/.test(url.pathname)) return this.#list(url);
        return status({ code: 404, reason: "NotFound", message: `${url.pathname} not found` });
      case "POST": {
        const name = `${url.pathname}/${sent.metadata.name}`;
        if (this.#objects.has(name)) return status({ code: 409, reason: "AlreadyExists" });
        return json(this.put(name, sent), 201);
      }
      case "PUT":
        if (known === undefined) return status({ code: 404, reason: "NotFound" });
        if (sent.metadata.resourceVersion !== known.metadata.resourceVersion)
          return status({ code: 409, reason: "Conflict" });
        return json(this.put(url.pathname, sent));
      case "PATCH":
        if (known === undefined) return status({ code: 404, reason: "NotFound" });
        return json(this.put(url.pathname, { ...known, ...sent, metadata: { ...known.metadata, ...sent.metadata } }));
      default:
        this.remove(url.pathname);
        return json({ kind: "Status", status: "Success" });
    }
  }

  #list(url: URL): TransportResponse {
    const all = [...this.#objects]
      .filter(([path]) => path.slice(0, path.lastIndexOf("/")) === url.pathname)
      .map(([, { apiVersion: _a, kind: _k, ...item }]) => item);
    const start = Number(url.searchParams.get("continue") ?? 0);
    const limit = Number(url.searchParams.get("limit") ?? all.length);
    const next = start + limit < all.length ? { continue: String(start + limit) } : {};
    return json({
      kind: "List",
      metadata: { resourceVersion: String(this.#version), ...next },
      items: all.slice(start, start + limit),
    });
  }

  #watch(url: URL, signal: AbortSignal | undefined): TransportResponse {
    const from = Number(url.searchParams.get("resourceVersion") ?? 0);
    if (from < this.#compactedBefore)
      return json({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }, 200, true);
    const queue: Uint8Array[] = [];
    let ended: { readonly error?: Error | undefined } | undefined;
    let wake = (): void => {};
    const watch = {
      push: (event: unknown, collection = url.pathname): void => {
        if (collection === url.pathname) queue.push(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
        wake();
      },
      end: (error?: Error): void => {
        this.#watches.delete(watch);
        ended = { error };
        wake();
      },
    };
    this.#watches.add(watch);
    signal?.addEventListener("abort", () => watch.end(), { once: true });
    for (const { version, collection, type, object } of this.#log)
      if (version > from) watch.push({ type, object }, collection);
    async function* body(): AsyncGenerator<Uint8Array> {
      for (;;) {
        const chunk = queue.shift();
        if (chunk !== undefined) {
          // Lines may be cut anywhere by the network.
          yield chunk.subarray(0, 5);
          yield chunk.subarray(5);
        } else if (ended !== undefined) {
          if (ended.error !== undefined) throw ended.error;
          return;
        } else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    return { status: 200, headers: { "content-type": "application/json" }, body: body() };
  }
}

function json(value: unknown, code = 200, line = false): TransportResponse {
  const body = new TextEncoder().encode(JSON.stringify(value) + (line ? "\n" : ""));
  return { status: code, headers: { "content-type": "application/json" }, body };
}

function status(failure: {
  readonly code: number;
  readonly reason: string;
  readonly message?: string;
}): TransportResponse {
  return json(
    { kind: "Status", apiVersion: "v1", status: "Failure", message: failure.reason, ...failure },
    failure.code,
  );
}
