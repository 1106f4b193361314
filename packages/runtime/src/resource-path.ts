import type { ResourceType } from "@nodeless/api";
import type { ListOptions, ObjectReference } from "./client.ts";

/** `/api/v1` or `/apis/<group>/<version>`. */
function groupPath(type: ResourceType): string {
  return type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
}

/** The collection of a resource: all namespaces when `namespace` is undefined. */
export function collectionPath(type: ResourceType, namespace: string | undefined): string {
  if (!type.namespaced || namespace === undefined) return `${groupPath(type)}/${type.resource}`;
  return `${groupPath(type)}/namespaces/${encodeURIComponent(namespace)}/${type.resource}`;
}

/** One object, or one of its subresources. Throws TypeError when a namespaced object is named without its namespace. */
export function objectPath(type: ResourceType, reference: ObjectReference, subresource = ""): string {
  const { namespace, name } = reference;
  if (type.namespaced && (namespace === undefined || namespace === ""))
    throw new TypeError(`${type.resource} are namespaced: a namespace is needed to address ${JSON.stringify(name)}`);
  if (name === "") throw new TypeError(`a name is needed to address one of ${type.resource}`);
  const path = `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
  return subresource === "" ? path : `${path}/${subresource}`;
}

/** The query of a list or watch, in a stable order; empty when nothing is asked. */
export function selectionQuery(
  options: Pick<ListOptions, "labelSelector" | "fieldSelector" | "resourceVersion" | "limit">,
): URLSearchParams {
  const query = new URLSearchParams();
  if (options.labelSelector !== undefined && options.labelSelector !== "")
    query.set("labelSelector", options.labelSelector);
  if (options.fieldSelector !== undefined && options.fieldSelector !== "")
    query.set("fieldSelector", options.fieldSelector);
  if (options.resourceVersion !== undefined && options.resourceVersion !== "")
    query.set("resourceVersion", options.resourceVersion);
  if (options.limit !== undefined) query.set("limit", String(options.limit));
  return query;
}

/** `path?query`, without the question mark when the query is empty. */
export function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
