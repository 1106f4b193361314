import type { KubernetesObject } from "@nodeless/api";
import { attributesOf } from "../admission/admission-chain.ts";
import type { StorageKey, StoredObject } from "../cache/stored-object.ts";
import { jsonEqual, objectAt } from "../json-value.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import type { ServerContext } from "../server-context.ts";
import { conflict, invalid, notFound } from "../status.ts";
import { toStorageVersion, viewAs } from "../versions/convert.ts";
import type { WriteResult } from "./create.ts";
import { checkIdentity, refuseNewFinalizers, specChanged, withSystemMetadata } from "./metadata.ts";
import type { WriteOptions } from "./write-options.ts";

export interface UpdateRequest {
  readonly definition: KindDefinition;
  readonly key: StorageKey;
  readonly subresource: string;
  readonly options: WriteOptions;
  /** PUT; a patch always starts from the present object. */
  readonly isReplace: boolean;
  /** The wanted object, decoded, from the present one. Called again when another write came between. */
  readonly change: (old: KubernetesObject) => KubernetesObject | Promise<KubernetesObject>;
  /** `change` is the server's own and knows what it may change (binding, eviction): the kind's rules for clients do not apply. */
  readonly trusted?: boolean;
}

/** As the real server's patch handler: more than five lost races in a row are the client's to resolve. */
const ATTEMPTS = 5;

/**
 * Changes one object. A write that names no resourceVersion is retried when another came between; one that does gets 409.
 * A write that changes nothing keeps the resourceVersion and makes no event.
 */
export async function updateObject(server: ServerContext, request: UpdateRequest): Promise<WriteResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryUpdate(server, request);
    } catch (error) {
      if (!(error instanceof LostRaceError)) throw error;
      if (attempt >= ATTEMPTS) throw conflict(request.definition, request.key.name);
    }
  }
}

/** Another write was accepted between reading and writing. */
class LostRaceError extends Error {
  override readonly name = "LostRaceError";
}

async function tryUpdate(server: ServerContext, request: UpdateRequest): Promise<WriteResult> {
  const { definition, key, subresource, options } = request;
  const current = server.cache.latest(key);
  if (current === undefined) throw notFound(definition, key.name);
  const old = viewAs(definition, current.object);
  const wanted = await request.change(old);
  checkIdentity({ definition, object: wanted, old, isReplace: request.isReplace });
  const kept = withSystemMetadata(wanted, old);
  const prepared = request.trusted === true ? kept : preparedForUpdate(definition, kept, { old, subresource });
  const admitted = await server.admission.admit(
    attributesOf(definition, {
      operation: "UPDATE",
      subresource,
      namespace: key.namespace,
      name: key.name,
      user: options.user,
      dryRun: options.dryRun,
      object: prepared,
      oldObject: old,
    }),
  );
  if (server.cache.latest(key) !== current) throw new LostRaceError();
  const hooked = admitted ?? prepared;
  const object = server.hooks.of(definition).beforeUpdate?.(hooked, old, options) ?? hooked;
  return commitUpdate(server, request, { current, old, object: withSystemMetadata(object, old) });
}

function preparedForUpdate(
  definition: KindDefinition,
  kept: KubernetesObject,
  { old, subresource }: { readonly old: KubernetesObject; readonly subresource: string },
): KubernetesObject {
  // Most writes are of a status, by a component: everything else stays the old object's, which has its defaults.
  const onlyStatus = subresource === "status" && !definition.custom;
  return definition.prepareForUpdate(onlyStatus ? kept : definition.applyDefaults(kept), old, subresource);
}

/** The synchronous part: nothing awaits between the last check and the write. */
async function commitUpdate(
  server: ServerContext,
  { definition, key, subresource, options, trusted = false }: UpdateRequest,
  { current, old, object }: { current: StoredObject; old: KubernetesObject; object: KubernetesObject },
): Promise<WriteResult> {
  refuseNewFinalizers(definition, object, old);
  const errors = trusted ? [] : definition.validateUpdate(object, old, subresource);
  if (errors.length > 0) throw invalid(definition, key.name, errors);
  const changed = !jsonEqual(object, old);
  if (isFullyReleased(object)) {
    if (options.dryRun) return { object };
    const removed = await server.cache.remove(key, toStorageVersion(definition, object));
    return { object: removed.object, stored: removed };
  }
  if (!changed) {
    // What it equals may still be on its way to the disk: an answer must not promise more than is durable.
    await durable(server, current.revision);
    return { object: current.object, stored: current };
  }
  // A binding is the scheduler's decision, not a change of what was asked for: pods keep their generation.
  const next = subresource === "binding" ? object : withGeneration(definition, object, old);
  if (options.dryRun) return { object: next };
  const stored = await server.cache.put(key, toStorageVersion(definition, next));
  return { object: stored.object, stored };
}

function withGeneration(definition: KindDefinition, object: KubernetesObject, old: KubernetesObject): KubernetesObject {
  if (!definition.tracksGeneration || !specChanged(definition, object, old)) return object;
  return { ...object, metadata: { ...object.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
}

/** Being deleted, its grace over, and nobody holds it any more (namespaces are also held by spec.finalizers). */
export function isFullyReleased(object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false;
  if (object.kind !== "Namespace" || object.apiVersion !== "v1") return true;
  const held = objectAt(object, "spec")["finalizers"];
  return !Array.isArray(held) || held.length === 0;
}

function durable(server: ServerContext, revision: number): Promise<void> {
  if (server.cache.revision >= revision) return Promise.resolve();
  return new Promise((resolve) => {
    server.cache.onRevision(revision, resolve);
  });
}
