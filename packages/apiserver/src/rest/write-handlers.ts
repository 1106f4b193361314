import { parseStorageKey } from "../cache/stored-object.ts";
import { encodeList, encodeObject, storedBody } from "../read/encode.ts";
import { listObjects } from "../read/list.ts";
import { parseSelection } from "../read/selection.ts";
import { contentType, negotiate } from "../request/media-types.ts";
import { bytesResponse, jsonResponse } from "../request/responses.ts";
import type { ApiResponse } from "../server.ts";
import { invalid, StatusError, success } from "../status.ts";
import { viewAs } from "../versions/convert.ts";
import { createObject, type WriteResult } from "../write/create.ts";
import { deleteObject } from "../write/delete.ts";
import { type DeleteOptions, parseDeleteOptions } from "../write/delete-options.ts";
import { updateObject } from "../write/update.ts";
import { patchFunction } from "./patch-types.ts";
import { decodeAs, decodeBody, keyOf, optionsOf, type ResourceCall, readBody } from "./resource-call.ts";

export async function handleCreate(call: ResourceCall): Promise<ApiResponse> {
  const { object, warnings } = decodeBody(call);
  const { namespace } = keyOf(call);
  const result = await createObject(call.server, {
    definition: call.definition,
    namespace,
    object,
    options: optionsOf(call),
  });
  return writeResponse(call, 201, result, warnings);
}

/** Kinds whose writers do not care whether the object is there. Source: AllowCreateOnUpdate of their registry strategies. */
const CREATED_BY_PUT: ReadonlySet<string> = new Set(["coordination.k8s.io/leases", "core/endpoints", "core/events"]);

export async function handleReplace(call: ResourceCall): Promise<ApiResponse> {
  const { object, warnings } = decodeBody(call);
  const isNew = call.server.cache.latest(keyOf(call)) === undefined;
  if (isNew && call.url.subresource === "" && CREATED_BY_PUT.has(call.definition.storagePrefix))
    return handleCreate(call);
  const result = await updateObject(call.server, {
    definition: call.definition,
    key: keyOf(call),
    subresource: call.url.subresource,
    options: optionsOf(call),
    isReplace: true,
    change: () => object,
  });
  return writeResponse(call, 200, result, warnings);
}

export async function handlePatch(call: ResourceCall): Promise<ApiResponse> {
  const { definition } = call;
  const options = optionsOf(call);
  const patch = patchFunction(definition, contentType(call.request.headers));
  // Patch documents are JSON whatever their media type is called.
  const { value, duplicates } = readBody(call, "application/json");
  let warnings: readonly string[] = [];
  const result = await updateObject(call.server, {
    definition,
    key: keyOf(call),
    subresource: call.url.subresource,
    options,
    isReplace: false,
    change: (old) => {
      const patched = patch(old, value);
      try {
        const decoded = decodeAs(definition, patched, { options, duplicates, old });
        warnings = decoded.warnings;
        return decoded.object;
      } catch (error) {
        throw strictPatchError(error, patched);
      }
    },
  });
  return writeResponse(call, 200, result, warnings);
}

/** Unknown fields in a patch are 422 on the field `patch`, unlike in a create or update. */
function strictPatchError(error: unknown, patched: unknown): unknown {
  if (!(error instanceof StatusError) || error.code !== 400) return error;
  const start = error.message.indexOf("strict decoding error:");
  if (start < 0) return error;
  return invalid({ group: "", kind: "" }, "", [
    {
      field: "patch",
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${error.message.slice(start)}`,
    },
  ]);
}

/** The answer to a successful write. */
export function writeResponse(
  call: ResourceCall,
  status: number,
  { object, stored }: WriteResult,
  warnings: readonly string[],
): ApiResponse {
  const representation = negotiate(call.request.headers?.["accept"], call.query.get("includeObject"));
  const { definition, server } = call;
  if (stored !== undefined && representation.kind === "object") {
    const { body, decoded } = storedBody(definition, stored);
    return { ...bytesResponse(status, body, warnings), decoded };
  }
  const shown = viewAs(definition, object);
  return bytesResponse(status, encodeObject(definition, shown, { representation, now: server.clock.now() }), warnings);
}

export async function handleDelete(call: ResourceCall): Promise<ApiResponse> {
  const { definition, server, user } = call;
  const key = keyOf(call);
  const { removed, object } = await deleteObject(server, { definition, key, options: deleteOptionsOf(call), user });
  if (!removed) return jsonResponse(200, object);
  return jsonResponse(
    200,
    success({
      name: key.name,
      ...(definition.group === "" ? {} : { group: definition.group }),
      kind: definition.resource,
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
    }),
  );
}

export function deleteOptionsOf(call: ResourceCall): DeleteOptions {
  const { body } = call.request;
  return parseDeleteOptions(call.query, body === undefined || body.length === 0 ? undefined : readBody(call).value);
}

/** Deletes what the selectors match, one by one; objects that vanish meanwhile are fine. */
export async function handleDeleteCollection(call: ResourceCall): Promise<ApiResponse> {
  const { definition, server, user, query, url } = call;
  const options = deleteOptionsOf(call);
  const selection = parseSelection(definition, { namespace: url.namespace, name: "", query });
  const { items, metadata } = await listObjects(server, definition, { selection, query });
  await Promise.all(
    items.map((stored) =>
      deleteObject(server, { definition, key: parseStorageKey(stored.key), options, user }).catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }),
    ),
  );
  const representation = { kind: "object" } as const;
  return bytesResponse(200, encodeList(definition, items, { representation, now: server.clock.now(), metadata }));
}
