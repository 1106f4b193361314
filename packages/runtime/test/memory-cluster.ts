import type { Fresh, KubernetesList, KubernetesObject, Pod, ResourceType } from "@nodeless/api";
import { formatObjectKey, matchesClauses, PODS, parseLabelSelector } from "@nodeless/api";
import {
  ApiStatusError,
  createWakeUp,
  type DeleteOptions,
  type KubernetesClient,
  type ObjectReference,
  type PatchOptions,
  type ResourceClient,
  type WatchEvent,
  type WatchOptions,
} from "@nodeless/runtime";

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubernetesObject;
}

const failure = (code: number, reason: string): ApiStatusError =>
  new ApiStatusError({ code, reason, message: `${reason} (test cluster)` });

/** The part of an API server that kubelets and schedulers rely on, in memory: storage, watch, bindings, graceful pod deletion. */
export class MemoryCluster implements KubernetesClient {
  /** Every write, as `verb resource/name`. */
  readonly writes: string[] = [];
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #failures: { readonly write: string; readonly error: Error }[] = [];
  #version = 0;

  /** The next write that begins with this text fails. */
  failNext(write: string, code: number, reason: string): void {
    this.#failures.push({ write, error: failure(code, reason) });
  }

  resource<T extends KubernetesObject>(type: ResourceType<T>): ResourceClient<T> {
    const collection = `${type.group}/${type.resource}`;
    const find = (reference: ObjectReference): T | undefined =>
      this.#objects.get(`${collection}/${formatObjectKey(reference)}`) as T | undefined;
    const must = (reference: ObjectReference): T => {
      const found = find(reference);
      if (found === undefined) throw failure(404, "NotFound");
      return found;
    };
    return {
      find: async (reference) => find(reference),
      get: async (reference) => must(reference),
      list: async (options) => this.#list<T>(collection, options?.labelSelector),
      create: async (object) => this.#create<T>(collection, object),
      update: async (object) => this.#put<T>(collection, "update", must(object.metadata), object),
      updateStatus: async (object) => this.#put<T>(collection, "status", must(object.metadata), object),
      patch: async (reference, _kind, patch, options) =>
        this.#patch<T>(collection, must(reference), patch as KubernetesObject, options),
      delete: async (reference, options) => this.#delete(collection, must(reference), options ?? {}),
      createSubresource: async <Answer>(reference: ObjectReference, name: string, body: unknown) =>
        this.#subresource(collection, reference, name, body) as Answer,
      watch: (options) => this.#watch<T>(collection, options),
    };
  }

  async raw(): Promise<unknown> {
    throw failure(404, "NotFound");
  }

  /** The pod as it stands. */
  pod(name: string, namespace = "default"): Pod | undefined {
    return this.#objects.get(`${PODS.group}/${PODS.resource}/${namespace}/${name}`) as Pod | undefined;
  }

  all<T extends KubernetesObject>(type: ResourceType<T>): readonly T[] {
    return this.#list<T>(`${type.group}/${type.resource}`).items;
  }

  #begin(write: string): void {
    this.writes.push(write);
    const index = this.#failures.findIndex((planned) => write.startsWith(planned.write));
    const [planned] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (planned !== undefined) throw planned.error;
  }

  #list<T>(collection: string, labelSelector = ""): KubernetesList<T> {
    const clauses = parseLabelSelector(labelSelector);
    const items = [...this.#objects]
      .filter(([key, { metadata }]) => key.startsWith(`${collection}/`) && matchesClauses(clauses, metadata.labels))
      .map(([, object]) => object as T);
    return { apiVersion: "v1", kind: "List", metadata: { resourceVersion: String(this.#version) }, items };
  }

  #create<T extends KubernetesObject>(collection: string, object: Fresh<T>): T {
    this.#begin(`create ${collection.slice(collection.indexOf("/") + 1)}/${object.metadata.name}`);
    const { name = "", namespace } = object.metadata;
    const key = `${collection}/${formatObjectKey({ name, namespace })}`;
    if (this.#objects.has(key)) throw failure(409, "AlreadyExists");
    const metadata = { uid: `uid-${this.#version + 1}`, creationTimestamp: "2026-01-01T00:00:00Z", ...object.metadata };
    return this.#store<T>(collection, "ADDED", { ...object, metadata } as unknown as T);
  }

  #put<T extends KubernetesObject>(collection: string, verb: string, known: T, object: T): T {
    this.#begin(`${verb} ${collection.slice(collection.indexOf("/") + 1)}/${known.metadata.name}`);
    return this.#store(collection, "MODIFIED", {
      ...object,
      metadata: { ...object.metadata, uid: known.metadata.uid },
    });
  }

  #patch<T extends KubernetesObject>(collection: string, known: T, patch: KubernetesObject, options?: PatchOptions): T {
    const path = collection.slice(collection.indexOf("/") + 1);
    this.#begin(
      `patch ${path}/${known.metadata.name}${options?.subresource === undefined ? "" : `/${options.subresource}`}`,
    );
    if (patch.metadata?.uid !== undefined && patch.metadata.uid !== known.metadata.uid) throw failure(409, "Conflict");
    return this.#store(collection, "MODIFIED", merge(known, patch) as T);
  }

  #delete(collection: string, known: KubernetesObject, { gracePeriodSeconds, uid }: DeleteOptions): void {
    this.#begin(`delete ${collection.slice(collection.indexOf("/") + 1)}/${known.metadata.name}`);
    if (uid !== undefined && uid !== known.metadata.uid) throw failure(409, "Conflict");
    const pod = known as Pod;
    const isPod = collection.endsWith("/pods");
    const grace =
      isPod && pod.spec.nodeName !== undefined
        ? (gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
        : 0;
    if (grace === 0 && (known.metadata.finalizers ?? []).length === 0) {
      this.#store(collection, "DELETED", known);
      this.#objects.delete(`${collection}/${formatObjectKey(known.metadata)}`);
      return;
    }
    const metadata = {
      ...known.metadata,
      deletionTimestamp: "2026-01-01T00:00:30Z",
      deletionGracePeriodSeconds: grace,
    };
    this.#store(collection, "MODIFIED", { ...known, metadata });
  }

  #subresource(collection: string, reference: ObjectReference, name: string, body: unknown): unknown {
    const path = collection.slice(collection.indexOf("/") + 1);
    this.#begin(`create ${path}/${reference.name}/${name}`);
    if (name === "token") {
      const { audiences = [] } = (body as { readonly spec: { readonly audiences?: readonly string[] } }).spec;
      return { status: { token: `token of ${reference.namespace}/${reference.name} for ${audiences.join(",")}` } };
    }
    const pod = this.pod(reference.name, reference.namespace);
    if (pod === undefined) throw failure(404, "NotFound");
    if (pod.spec.nodeName !== undefined) throw failure(409, "Conflict");
    const { target, metadata } = body as {
      readonly target: { readonly name: string };
      readonly metadata: { readonly annotations?: Record<string, string> };
    };
    const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
    const conditions = [{ type: "PodScheduled", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    return this.#store<Pod>(collection, "MODIFIED", {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      spec: { ...pod.spec, nodeName: target.name },
      status: { ...pod.status, conditions },
    });
  }

  #store<T extends KubernetesObject>(collection: string, type: Change["type"], object: T): T {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(`${collection}/${formatObjectKey(object.metadata)}`, stored);
    this.#changes.push({ version: this.#version, collection, type, object: stored });
    for (const wake of this.#watchers) wake();
    return stored;
  }

  async *#watch<T extends KubernetesObject>(
    collection: string,
    { resourceVersion, signal, labelSelector = "" }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { wake, wait } = wakeUp();
    this.#watchers.add(wake);
    const clauses = parseLabelSelector(labelSelector);
    const quiet = signal ?? new AbortController().signal;
    try {
      let next = this.#changes.findIndex(({ version }) => version > Number(resourceVersion ?? 0));
      if (next < 0) next = this.#changes.length;
      for (; !quiet.aborted; next += 1) {
        while (next >= this.#changes.length && !quiet.aborted) await wait(quiet);
        const change = this.#changes[next];
        if (change?.collection === collection && matchesClauses(clauses, change.object.metadata.labels))
          yield { type: change.type, object: change.object as T };
      }
    } finally {
      this.#watchers.delete(wake);
    }
  }
}

function wakeUp(): { wake(): void; wait(signal: AbortSignal): Promise<void> } {
  const one = createWakeUp();
  return { wake: () => one.wake(), wait: (signal) => one.wait(signal) };
}

/** A merge patch, except that conditions are merged by type, field by field, as a strategic one would. */
function merge(known: unknown, patch: unknown, field = ""): unknown {
  if (field === "conditions" && Array.isArray(patch)) {
    const byType = new Map<string, unknown>();
    for (const condition of Array.isArray(known) ? known : []) byType.set(condition.type, condition);
    for (const condition of patch) byType.set(condition.type, merge(byType.get(condition.type), condition));
    return [...byType.values()];
  }
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof known === "object" && known !== null && !Array.isArray(known) ? known : {};
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(patch))
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value, key));
  return Object.fromEntries(merged);
}
