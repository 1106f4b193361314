import { groupVersionOf, type KubernetesObject } from "@nodeless/api";
import type { StorageKey } from "../cache/stored-object.ts";
import { isJsonObject } from "../json-value.ts";
import type { Decoded, KindDefinition } from "../kinds/kind.ts";
import { type ParsedBody, type ProtobufDecoder, parseBody, typedObject } from "../request/body.ts";
import { contentType } from "../request/media-types.ts";
import type { ResourceRequest } from "../request/request-info.ts";
import type { ApiRequest, ApiResponse, UserInfo } from "../server.ts";
import type { ServerContext } from "../server-context.ts";
import { badRequest } from "../status.ts";
import type { Watches } from "../watch/watch.ts";
import { type WriteOptions, writeOptions } from "../write/write-options.ts";

/** One authenticated and authorized request for a served resource. */
export interface ResourceCall {
  readonly server: ServerContext;
  readonly watches: Watches;
  readonly protobuf: ProtobufDecoder;
  readonly request: ApiRequest;
  readonly user: UserInfo;
  readonly url: ResourceRequest;
  readonly query: URLSearchParams;
  readonly definition: KindDefinition;
}

/** Answers one subresource, or a resource that has no objects of its own. */
export type CallHandler = (call: ResourceCall) => Promise<ApiResponse>;

/** Where the named object is stored. */
export function keyOf({ definition, url }: ResourceCall): StorageKey {
  return {
    prefix: definition.storagePrefix,
    namespace: definition.namespaced ? (url.namespace ?? "") : "",
    name: url.name,
  };
}

export function optionsOf({ query, user }: ResourceCall): WriteOptions {
  return writeOptions(query, user);
}

/** 3 MiB, the real server's limit for request bodies. */
export const BODY_BYTES_MAX: number = 3 * 1024 * 1024;

/** Reads the body. Keys given twice are looked for only where somebody wrote the JSON by hand. */
export function readBody(call: ResourceCall, mediaType: string = contentType(call.request.headers)): ParsedBody {
  const options = optionsOf(call);
  const isComponent = call.user.username.startsWith("system:");
  return parseBody(call.request.body ?? "", {
    contentType: mediaType,
    findDuplicates: options.fieldValidation !== "Ignore" && (options.fieldValidationGiven || !isComponent),
    protobuf: call.protobuf,
  });
}

/** The body as an object of the URL's kind. Throws 400 when it says it is something else. */
export function decodeBody(call: ResourceCall, definition: KindDefinition = call.definition): Decoded {
  const { value, duplicates } = readBody(call);
  return decodeAs(definition, value, { options: optionsOf(call), duplicates });
}

export function decodeAs(
  definition: KindDefinition,
  value: unknown,
  {
    options,
    duplicates,
    old,
  }: { readonly options: WriteOptions; readonly duplicates: readonly string[]; readonly old?: KubernetesObject },
): Decoded {
  const apiVersion = groupVersionOf(definition);
  const given = typedObject(value);
  const body: Record<string, unknown> = { apiVersion, kind: definition.kind };
  for (const key of Object.keys(given)) if (given[key] !== "" || !Object.hasOwn(body, key)) body[key] = given[key];
  if (body["kind"] !== definition.kind)
    throw badRequest(
      `the kind in the data (${String(body["kind"])}) does not match the expected kind (${definition.kind})`,
    );
  if (body["apiVersion"] !== apiVersion)
    throw badRequest(
      `the API version in the data (${String(body["apiVersion"])}) does not match the expected API version (${apiVersion})`,
    );
  if (!isJsonObject(body["metadata"])) body["metadata"] = {};
  return definition.decode(body, options.fieldValidation, duplicates, old);
}

/** The object with only what the client may set in `metadata`. */
export type DecodedObject = KubernetesObject;
