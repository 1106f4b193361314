import type { JsonObject } from "../schema/index.ts";
import { isJsonObject, ownField, setOwnField } from "../schema/index.ts";
import type { SchemaNode } from "./schema-node.ts";
import { childSchema } from "./schema-node.ts";

/**
 * A copy with the schema's defaults filled in where fields are missing, or null without being nullable. Parts without defaults are shared.
 * Source: apiextensions-apiserver pkg/apiserver/schema/defaulting/algorithm.go.
 */
export function withDefaults(node: SchemaNode, value: unknown): unknown {
  if (!node.hasDefaults) return value;
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? value : value.map((item) => withDefaults(items, item));
  }
  return isJsonObject(value) ? withFieldDefaults(node, value) : value;
}

function withFieldDefaults(node: SchemaNode, object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name of Object.keys(object)) {
    const child = childSchema(node, name);
    const value = object[name];
    if (value === null && child !== undefined && child.source.nullable !== true && child.source.default !== undefined)
      continue;
    setOwnField(result, name, child === undefined ? value : withDefaults(child, value));
  }
  for (const [name, child] of node.properties)
    if (child.source.default !== undefined && ownField(result, name) === undefined)
      setOwnField(result, name, withDefaults(child, structuredClone(child.source.default)));
  return result;
}
