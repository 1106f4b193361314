import type { JsonObject } from "../schema/index.ts";
import { decodeBody, isJsonObject, setOwnField } from "../schema/index.ts";
import type { SchemaNode } from "./schema-node.ts";
import { childSchema } from "./schema-node.ts";

/** Fields every object has, whether or not the schema names them. */
const TYPE_META = new Set(["apiVersion", "kind"]);

/**
 * A copy without the fields the schema does not know; their paths are added to `unknownFields`. Metadata of the object and of embedded ones is decoded
 * like that of built-in kinds. Throws DecodeError for broken metadata.
 * Source: apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go.
 */
export function pruneObject(node: SchemaNode, object: JsonObject, unknownFields: string[]): JsonObject {
  return pruneFields({ node, path: "", isResource: true, unknownFields }, object);
}

interface Pruning {
  readonly node: SchemaNode;
  readonly path: string;
  /** Has apiVersion, kind and metadata of its own. */
  readonly isResource: boolean;
  readonly unknownFields: string[];
}

function pruneFields(pruning: Pruning, object: JsonObject): JsonObject {
  const { node, path, isResource, unknownFields } = pruning;
  const result: JsonObject = {};
  for (const name of Object.keys(object)) {
    const value = object[name];
    const child = childSchema(node, name);
    const field = path === "" ? name : `${path}.${name}`;
    if (isResource && TYPE_META.has(name)) result[name] = value;
    else if (isResource && name === "metadata") result[name] = decodeMetadata(value, field, unknownFields);
    else if (child !== undefined)
      setOwnField(result, name, pruneValue({ ...pruning, node: child, path: field }, value));
    else if (node.additional === true || node.preserveUnknown) setOwnField(result, name, value);
    else unknownFields.push(field);
  }
  return result;
}

function pruneValue(pruning: Pruning, value: unknown): unknown {
  const { node, path } = pruning;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return value;
    return value.map((item, index) => pruneValue({ ...pruning, node: items, path: `${path}[${index}]` }, item));
  }
  if (!isJsonObject(value)) return value;
  // A schema that says nothing of fields but is open to them keeps the value as it is.
  return pruneFields({ ...pruning, isResource: node.embeddedResource }, value);
}

function decodeMetadata(value: unknown, path: string, unknownFields: string[]): unknown {
  if (value === null || value === undefined) return {};
  const { metadata, unknown } = decodeMetadataOf(value);
  for (const field of unknown) unknownFields.push(path === "metadata" ? field : field.replace("metadata", path));
  return metadata;
}

/** Decoded as part of an object, so that paths begin with `metadata`. */
function decodeMetadataOf(value: unknown): { readonly metadata: unknown; readonly unknown: readonly string[] } {
  const { value: decoded, unknownFields } = decodeBody("core/v1.LimitRange", { metadata: value });
  return { metadata: decoded["metadata"] ?? {}, unknown: unknownFields };
}
