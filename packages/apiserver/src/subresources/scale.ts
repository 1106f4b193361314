import { formatLabelClauses, type KubernetesObject, labelSelectorClauses, type Scale } from "@nodeless/api";
import { isJsonObject, type JsonObject, objectAt } from "../json-value.ts";
import type { ColumnRule } from "../kinds/behaviour.ts";
import { AGE, count, NAME } from "../kinds/columns/plain.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import { table } from "../read/table.ts";
import { contentType, negotiate } from "../request/media-types.ts";
import { jsonResponse } from "../request/responses.ts";
import { patchFunction } from "../rest/patch-types.ts";
import { keyOf, optionsOf, type ResourceCall, readBody } from "../rest/resource-call.ts";
import type { ApiResponse } from "../server.ts";
import { badRequest, conflict, invalid, notFound } from "../status.ts";
import { viewAs } from "../versions/convert.ts";
import { updateObject } from "../write/update.ts";

/*
 * `*​/scale`: an autoscaling/v1 Scale as a view of any kind with replicas.
 * Source: kubernetes pkg/registry/apps/deployment/storage and apiextensions-apiserver pkg/registry/customresource/etcd.go.
 */

export async function getScale(call: ResourceCall): Promise<ApiResponse> {
  const key = keyOf(call);
  const stored = call.server.cache.get(key);
  if (stored === undefined) throw notFound(call.definition, key.name);
  const scale = scaleOf(call.definition, viewAs(call.definition, stored.object));
  const representation = negotiate(call.request.headers?.["accept"], call.query.get("includeObject"));
  if (representation.kind !== "table") return jsonResponse(200, scale);
  const now = call.server.clock.now();
  const { resourceVersion } = stored.object.metadata;
  const object = scale as unknown as KubernetesObject;
  return jsonResponse(200, table(SCALE_TABLE, [object], { representation, now, metadata: { resourceVersion } }));
}

const SCALE_COLUMNS: readonly ColumnRule<Scale>[] = [
  NAME,
  count<Scale>("Desired", ({ spec }) => spec?.replicas),
  count<Scale>("Available", ({ status }) => status?.replicas),
  AGE,
];

/** Source: kubernetes pkg/printers/internalversion printScale. */
const SCALE_TABLE: Pick<KindDefinition, "columns" | "cells"> = {
  columns: SCALE_COLUMNS.map(({ column }) => column),
  cells: (object, now) => SCALE_COLUMNS.map(({ cell }) => cell(object as unknown as Scale, now)),
};

export function replaceScale(call: ResourceCall): Promise<ApiResponse> {
  const wanted = readBody(call).value;
  return changeScale(call, () => wanted);
}

export function patchScale(call: ResourceCall): Promise<ApiResponse> {
  // A Scale has no lists, so that a strategic patch means the same as a merge patch.
  const type = contentType(call.request.headers).replace("strategic-merge", "merge");
  const patch = patchFunction(call.definition, type);
  const document = readBody(call, "application/json").value;
  return changeScale(call, (scale) => patch(scale as unknown as KubernetesObject, document));
}

async function changeScale(call: ResourceCall, change: (scale: JsonObject) => unknown): Promise<ApiResponse> {
  const { definition, server } = call;
  const { object } = await updateObject(server, {
    definition,
    key: keyOf(call),
    subresource: "scale",
    options: optionsOf(call),
    isReplace: false,
    trusted: true,
    change(old) {
      const scale = scaleOf(definition, old);
      const wanted = change(scale);
      if (!isJsonObject(wanted)) throw badRequest("the body must be a Scale");
      checkPreconditions(definition, old, objectAt(wanted, "metadata"));
      return withReplicas(definition, old, replicasOf(definition, old, objectAt(wanted, "spec")["replicas"]));
    },
  });
  return jsonResponse(200, scaleOf(definition, viewAs(definition, object)));
}

function checkPreconditions(definition: KindDefinition, old: KubernetesObject, metadata: JsonObject): void {
  const { resourceVersion, uid, name } = metadata;
  const own = old.metadata;
  if (name !== undefined && name !== "" && name !== own.name)
    throw badRequest(`the name of the object (${String(name)}) does not match the name on the URL (${own.name})`);
  const stale = resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== own.resourceVersion;
  if (stale || (uid !== undefined && uid !== "" && uid !== own.uid)) throw conflict(definition, own.name ?? "");
}

function replicasOf(definition: KindDefinition, old: KubernetesObject, value: unknown): number {
  const replicas = value ?? 0;
  if (typeof replicas === "number" && Number.isInteger(replicas) && replicas >= 0) return replicas;
  throw invalid({ group: "autoscaling", kind: "Scale" }, old.metadata.name ?? definition.resource, [
    {
      field: "spec.replicas",
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
    },
  ]);
}

function scaleOf(definition: KindDefinition, object: KubernetesObject): JsonObject {
  const { scale } = definition.subresources;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = valueAt(object, scale?.specReplicasPath);
  const current = valueAt(object, scale?.statusReplicasPath);
  const selector = selectorText(definition, valueAt(object, scale?.labelSelectorPath));
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: typeof replicas === "number" ? { replicas } : {},
    status: { replicas: typeof current === "number" ? current : 0, ...(selector === "" ? {} : { selector }) },
  };
}

/** Custom resources hold the selector as text, built-in kinds as an object (replication controllers as plain labels). */
function selectorText(definition: KindDefinition, selector: unknown): string {
  if (typeof selector === "string") return selector;
  if (!isJsonObject(selector)) return "";
  const isPlain = definition.kind === "ReplicationController";
  return formatLabelClauses(
    labelSelectorClauses(isPlain ? { matchLabels: selector as Record<string, string> } : selector),
  );
}

function pathOf(path: string | undefined): readonly string[] {
  return (path ?? "").split(".").filter((part) => part !== "");
}

function valueAt(object: unknown, path: string | undefined): unknown {
  let value: unknown = path === undefined ? undefined : object;
  for (const part of pathOf(path)) value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

function withReplicas(definition: KindDefinition, object: KubernetesObject, replicas: number): KubernetesObject {
  const path = pathOf(definition.subresources.scale?.specReplicasPath);
  return replacedAt(object as unknown as JsonObject, path, replicas) as unknown as KubernetesObject;
}

function replacedAt(object: JsonObject, [first, ...rest]: readonly string[], value: unknown): JsonObject {
  if (first === undefined) return object;
  return { ...object, [first]: rest.length === 0 ? value : replacedAt(objectAt(object, first), rest, value) };
}
