import type { KubernetesObject, ObjectMeta } from "@nodeless/api";
import { type JsonObject, jsonEqual } from "../json-value.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import { badRequest, conflict, invalid, StatusError } from "../status.ts";

/** Wall time as Kubernetes writes it: UTC, whole seconds. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

/** Metadata without the members that only the server writes. Source: kubernetes-style `rest.FillObjectMetaSystemFields`. */
export function stripSystemMetadata(metadata: Partial<ObjectMeta>): Partial<ObjectMeta> {
  const {
    uid: _uid,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    selfLink: _selfLink,
    managedFields: _managed,
    resourceVersion: _version,
    ...rest
  } = metadata;
  return rest;
}

/** The namespace an object ends up in; the body's must equal the URL's. */
export function resolveNamespace(definition: KindDefinition, object: KubernetesObject, urlNamespace: string): string {
  if (!definition.namespaced) return "";
  const given = object.metadata.namespace ?? "";
  if (given !== "" && given !== urlNamespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  return urlNamespace;
}

export function refuseResourceVersionOnCreate(object: KubernetesObject): void {
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== "")
    throw new StatusError(500, undefined, "resourceVersion should not be set on objects to be created");
}

/**
 * What the client may not change, taken from the old object. The body must not contradict it; empty means keep.
 * Throws 400 for another name, 409 for another uid or a stale resourceVersion, 422 for a missing one where it is required.
 */
export function checkIdentity(options: {
  readonly definition: KindDefinition;
  readonly object: KubernetesObject;
  readonly old: KubernetesObject;
  readonly isReplace: boolean;
}): void {
  const { definition, object, old, isReplace } = options;
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const oldName = old.metadata.name;
  if (name !== undefined && name !== "" && name !== oldName)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${oldName})`);
  if (isReplace && (name === undefined || name === "")) throw badRequest("name must be provided");
  if (definition.namespaced && namespace !== undefined && namespace !== "" && namespace !== old.metadata.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (uid !== undefined && uid !== "" && uid !== old.metadata.uid)
    throw conflict(
      definition,
      oldName ?? "",
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  const given = resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== "0";
  if (given && resourceVersion !== old.metadata.resourceVersion) throw conflict(definition, oldName ?? "");
  if (!given && definition.requiresResourceVersionOnUpdate)
    throw invalid(definition, oldName ?? "", [
      {
        field: "metadata.resourceVersion",
        reason: "FieldValueInvalid",
        message: "Invalid value: 0x0: must be specified for an update",
      },
    ]);
}

/** The new object with the old one's system metadata. */
export function withSystemMetadata(object: KubernetesObject, old: KubernetesObject): KubernetesObject {
  const metadata: Record<string, unknown> = { ...stripSystemMetadata(object.metadata) };
  for (const member of SYSTEM_METADATA) {
    const value = old.metadata[member];
    if (value !== undefined) metadata[member] = value;
  }
  return { ...object, metadata: metadata as unknown as ObjectMeta };
}

const SYSTEM_METADATA = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "resourceVersion",
] as const;

/** A deleting object takes no new finalizers: its deletion could be held up for ever. */
export function refuseNewFinalizers(definition: KindDefinition, object: KubernetesObject, old: KubernetesObject): void {
  if (old.metadata.deletionTimestamp === undefined) return;
  const before = new Set(old.metadata.finalizers);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  throw invalid(definition, old.metadata.name ?? "", [
    {
      field: "metadata.finalizers",
      reason: "FieldValueForbidden",
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added
        .map((finalizer) => JSON.stringify(finalizer))
        .join(", ")}}`,
    },
  ]);
}

/** Anything but metadata and status; for custom resources without a status subresource anything but metadata. */
export function specChanged(definition: KindDefinition, object: KubernetesObject, old: KubernetesObject): boolean {
  const statusCounts = definition.custom && !definition.subresources.status;
  return !jsonEqual(specPart(object, statusCounts), specPart(old, statusCounts));
}

function specPart(object: KubernetesObject, statusCounts: boolean): JsonObject {
  const { metadata: _metadata, apiVersion: _version, ...rest } = object as KubernetesObject & JsonObject;
  if (statusCounts) return rest;
  const { status: _status, ...spec } = rest as JsonObject;
  return spec;
}
