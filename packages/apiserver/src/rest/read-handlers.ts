import { encodeList, encodeObject, storedBody } from "../read/encode.ts";
import { listObjects } from "../read/list.ts";
import { parseRevision, waitForRevision } from "../read/revision-wait.ts";
import { parseSelection } from "../read/selection.ts";
import { negotiate } from "../request/media-types.ts";
import { bytesResponse } from "../request/responses.ts";
import type { ApiResponse } from "../server.ts";
import { notFound } from "../status.ts";
import { viewAs } from "../versions/convert.ts";
import { watchEventOf } from "../watch/watch-frames.ts";
import { keyOf, type ResourceCall } from "./resource-call.ts";

export async function handleGet(call: ResourceCall): Promise<ApiResponse> {
  const { server, definition, query, request } = call;
  const representation = negotiate(request.headers?.["accept"], query.get("includeObject"));
  const wanted = parseRevision(query.get("resourceVersion"));
  if (wanted !== undefined) await waitForRevision(server, wanted);
  const key = keyOf(call);
  const stored = server.cache.get(key);
  if (stored === undefined) throw notFound(definition, key.name);
  if (representation.kind === "object") {
    const { body, decoded } = storedBody(definition, stored);
    return { ...bytesResponse(200, body), decoded };
  }
  const object = viewAs(definition, stored.object);
  return bytesResponse(200, encodeObject(definition, object, { representation, now: server.clock.now() }));
}

export async function handleList(call: ResourceCall): Promise<ApiResponse> {
  const { server, definition, query, request, url } = call;
  const representation = negotiate(request.headers?.["accept"], query.get("includeObject"));
  const selection = parseSelection(definition, { namespace: url.namespace, name: "", query });
  const { items, metadata } = await listObjects(server, definition, { selection, query });
  return bytesResponse(200, encodeList(definition, items, { representation, now: server.clock.now(), metadata }));
}

export async function handleWatch(call: ResourceCall): Promise<ApiResponse> {
  const { definition, query, request, url } = call;
  const representation = negotiate(request.headers?.["accept"], query.get("includeObject"));
  const selection = parseSelection(definition, { namespace: url.namespace, name: url.name, query });
  const body = await call.watches.start({ definition, selection, representation, query, signal: request.signal });
  const headers = { "content-type": "application/json", "cache-control": "no-cache, private" };
  return { status: 200, headers, body, decoded: watchEventOf };
}
