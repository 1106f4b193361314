import type { KubernetesObject } from "@nodeless/api";
import { attributesOf } from "../admission/admission-chain.ts";
import type { StorageKey } from "../cache/stored-object.ts";
import { jsonEqual, objectAt } from "../json-value.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import type { UserInfo } from "../server.ts";
import type { ServerContext } from "../server-context.ts";
import { conflict, notFound } from "../status.ts";
import { toStorageVersion, viewAs } from "../versions/convert.ts";
import type { DeleteOptions } from "./delete-options.ts";
import { timestamp } from "./metadata.ts";
import { isFullyReleased } from "./update.ts";

/** `removed`: the object is gone; else it is marked and waits for its grace period or finalizers. */
export interface DeleteResult {
  readonly removed: boolean;
  readonly object: KubernetesObject;
}

export interface DeleteRequest {
  readonly definition: KindDefinition;
  readonly key: StorageKey;
  readonly options: DeleteOptions;
  readonly user: UserInfo;
}

/** As many times as anybody could plausibly write between two synchronous sections. */
const ATTEMPTS = 20;

/** Deletes one object, or marks it for deletion. Source: k8s.io/apiserver pkg/registry/generic/registry/store.go Delete. */
export async function deleteObject(server: ServerContext, request: DeleteRequest): Promise<DeleteResult> {
  const { definition, key, options, user } = request;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const current = server.cache.latest(key);
    if (current === undefined) throw notFound(definition, key.name);
    const old = viewAs(definition, current.object);
    checkPreconditions(definition, old, options);
    await server.admission.admit(
      attributesOf(definition, {
        operation: "DELETE",
        subresource: "",
        namespace: key.namespace,
        name: key.name,
        user,
        dryRun: options.dryRun,
        object: undefined,
        oldObject: old,
      }),
    );
    if (server.cache.latest(key) === current) return commitDelete(server, request, old);
  }
  throw conflict(definition, key.name);
}

function checkPreconditions(definition: KindDefinition, old: KubernetesObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions;
  const name = old.metadata.name ?? "";
  if (uid !== undefined && uid !== old.metadata.uid)
    throw conflict(
      definition,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
    throw conflict(
      definition,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`,
    );
}

async function commitDelete(
  server: ServerContext,
  { definition, key, options }: DeleteRequest,
  old: KubernetesObject,
): Promise<DeleteResult> {
  const prepared = server.hooks.of(definition).beforeDelete?.(old) ?? old;
  const marked = markDeleted(definition, withPropagation(prepared, options), {
    now: server.clock.now(),
    graceSeconds: graceSecondsOf(definition, old, options),
  });
  const removed = isFullyReleased(marked);
  if (options.dryRun) return { removed, object: marked };
  if (removed) {
    const last = await server.cache.remove(key, toStorageVersion(definition, old));
    return { removed, object: viewAs(definition, last.object) };
  }
  if (jsonEqual(marked, old)) return { removed, object: old };
  const stored = await server.cache.put(key, toStorageVersion(definition, marked));
  return { removed, object: viewAs(definition, stored.object) };
}

/** 0 for everything but running pods, which have time to end; undefined = a deletion that is under way keeps its grace. */
function graceSecondsOf(definition: KindDefinition, old: KubernetesObject, options: DeleteOptions): number {
  if (definition.storagePrefix !== POD_PREFIX) return 0;
  const spec = objectAt(old, "spec");
  const phase = objectAt(old, "status")["phase"];
  const scheduled = typeof spec["nodeName"] === "string" && spec["nodeName"] !== "";
  if (!scheduled || phase === "Succeeded" || phase === "Failed") return 0;
  const own = spec["terminationGracePeriodSeconds"];
  const wanted = options.gracePeriodSeconds ?? (typeof own === "number" ? own : DEFAULT_GRACE_SECONDS);
  const asked = wanted < 0 ? 1 : wanted;
  const running = old.metadata.deletionTimestamp === undefined ? undefined : old.metadata.deletionGracePeriodSeconds;
  // A second delete shortens the grace if it says so, and never extends it.
  if (running === undefined) return asked;
  return options.gracePeriodSeconds === undefined ? running : Math.min(running, asked);
}

const DEFAULT_GRACE_SECONDS = 30;
const POD_PREFIX = "core/pods";

/** Foreground and Orphan are finalizers that the garbage collector takes away when dependents are dealt with. */
function withPropagation(object: KubernetesObject, { propagationPolicy }: DeleteOptions): KubernetesObject {
  if (propagationPolicy === undefined) return object;
  const others = (object.metadata.finalizers ?? []).filter(
    (finalizer) => finalizer !== "foregroundDeletion" && finalizer !== "orphan",
  );
  const own =
    propagationPolicy === "Foreground" ? ["foregroundDeletion"] : propagationPolicy === "Orphan" ? ["orphan"] : [];
  const { finalizers: _finalizers, ...metadata } = object.metadata;
  const finalizers = [...others, ...own];
  return { ...object, metadata: { ...metadata, ...(finalizers.length === 0 ? {} : { finalizers }) } };
}

function markDeleted(
  definition: KindDefinition,
  object: KubernetesObject,
  { now, graceSeconds }: { readonly now: Date; readonly graceSeconds: number },
): KubernetesObject {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === graceSeconds) return object;
  const begun =
    deletionTimestamp === undefined
      ? now.getTime()
      : Date.parse(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1_000;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: timestamp(new Date(begun + graceSeconds * 1_000)),
      deletionGracePeriodSeconds: graceSeconds,
      ...(deletionTimestamp === undefined && definition.tracksGeneration ? { generation: (generation ?? 0) + 1 } : {}),
    },
  };
}
