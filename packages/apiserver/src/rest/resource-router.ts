import type { KindDefinition } from "../kinds/kind.ts";
import { queryFlag, type ResourceRequest } from "../request/request-info.ts";
import type { ApiResponse } from "../server.ts";
import { methodNotAllowed, resourceNotFound } from "../status.ts";
import { handleGet, handleList, handleWatch } from "./read-handlers.ts";
import type { CallHandler, ResourceCall } from "./resource-call.ts";
import { handleCreate, handleDelete, handleDeleteCollection, handlePatch, handleReplace } from "./write-handlers.ts";

/** Handlers beyond create, read, update and delete. */
export interface SpecialHandlers {
  /** By `prefix/subresource`, then method. `*` as prefix: for every kind that declares the subresource. */
  readonly subresources: ReadonlyMap<string, ReadonlyMap<string, CallHandler>>;
  /** Resources without objects, by storage prefix: only POST. */
  readonly creations: ReadonlyMap<string, CallHandler>;
}

/** The authorization verb of a request. Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go. */
export function verbOf(method: string, url: ResourceRequest, query: URLSearchParams): string {
  switch (method) {
    case "GET":
    case "HEAD":
      if (url.legacyWatch || (queryFlag(query, "watch") && url.subresource === "")) return "watch";
      return url.name === "" ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return url.name === "" ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}

const VERB_HANDLERS: ReadonlyMap<string, CallHandler> = new Map([
  ["get", handleGet],
  ["list", handleList],
  ["watch", handleWatch],
  ["create", handleCreate],
  ["update", handleReplace],
  ["patch", handlePatch],
  ["delete", handleDelete],
  ["deletecollection", handleDeleteCollection],
]);

/** Answers a request for a served resource. Throws StatusError. */
export function routeResource(call: ResourceCall, special: SpecialHandlers): Promise<ApiResponse> {
  const { definition, url, request, query } = call;
  checkScope(definition, url);
  if (url.subresource !== "") return handlerOfSubresource(call, special)(call);
  const creation = special.creations.get(definition.storagePrefix);
  const verb = verbOf(request.method, url, query);
  if (creation !== undefined) {
    if (verb !== "create") throw methodNotAllowed();
    return creation(call);
  }
  const handler = VERB_HANDLERS.get(verb);
  const onItem = url.name !== "";
  const mayCreate = verb !== "create" || (!onItem && definition.namespaced === (url.namespace !== undefined));
  const mayDeleteAll = verb !== "deletecollection" || definition.namespaced === (url.namespace !== undefined);
  if (handler === undefined || !definition.verbs.includes(verb) || !mayCreate || !mayDeleteAll)
    throw methodNotAllowed();
  if (!onItem && (verb === "update" || verb === "patch")) throw methodNotAllowed();
  return handler(call);
}

function checkScope(definition: KindDefinition, url: ResourceRequest): void {
  if (!definition.namespaced && url.namespace !== undefined) throw resourceNotFound();
  if (definition.namespaced && url.namespace === undefined && url.name !== "") throw resourceNotFound();
}

function handlerOfSubresource({ definition, url, request }: ResourceCall, special: SpecialHandlers): CallHandler {
  const { subresource } = url;
  const { status, scale, others } = definition.subresources;
  const declared =
    (subresource === "status" && status) ||
    (subresource === "scale" && scale !== undefined) ||
    others.some(({ name }) => name === subresource);
  if (!declared || url.name === "") throw resourceNotFound();
  const method = request.method === "HEAD" ? "GET" : request.method;
  const byMethod =
    special.subresources.get(`${definition.storagePrefix}/${subresource}`) ??
    special.subresources.get(`*/${subresource}`);
  const handler = byMethod?.get(method) ?? byMethod?.get("*");
  if (handler === undefined) throw methodNotAllowed();
  return handler;
}
