import type { FieldSchema, JsonObject, TypeReference, TypeSchema } from "../schema/index.ts";
import { isJsonObject, ownField, setOwnField, typeOf } from "../schema/index.ts";
import { badRequest } from "../status.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { inOrder, mergeObjectList, mergePrimitiveList } from "./strategic-lists.ts";

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_PREFIX = "$deleteFromPrimitiveList/";
const ORDER_PREFIX = "$setElementOrder/";

/**
 * Applies a strategic merge patch to an object of the named type (`apps/v1.Deployment`). Lists whose schema names a merge key are merged by
 * it, others are replaced. Directives: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`.
 * Does not mutate; shares unchanged parts. Throws StatusError 400 for a malformed patch.
 * Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go.
 */
export function strategicMergePatch(typeName: string, current: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw badRequest("error decoding patch: the patch must be an object");
  return mergeStruct(typeOf(typeName), isJsonObject(current) ? current : {}, patch) ?? {};
}

/** Undefined: the patch deletes the object. */
function mergeStruct(type: TypeSchema, current: JsonObject, patch: JsonObject): JsonObject | undefined {
  const directive = ownField(patch, PATCH);
  if (directive === "delete") return {};
  if (directive === "replace") return withoutDirectives(patch);
  if (directive !== undefined && directive !== "merge")
    throw badRequest(`Unknown patch type found: ${String(directive)}`);
  const result: JsonObject = {};
  const retained = retainedKeys(patch);
  for (const key of Object.keys(current))
    if (retained === undefined || retained.has(key)) setOwnField(result, key, current[key]);
  for (const key of namedFields(patch)) {
    const value = mergeField(type.fields.get(key), { key, current: ownField(result, key), patch });
    if (value === undefined) delete result[key];
    else setOwnField(result, key, value);
  }
  return result;
}

function retainedKeys(patch: JsonObject): ReadonlySet<unknown> | undefined {
  const keys = ownField(patch, RETAIN_KEYS);
  if (keys === undefined) return undefined;
  if (!Array.isArray(keys)) throw badRequest("invalid patch format of $retainKeys: the value must be a list");
  return new Set(keys);
}

/** Fields that the patch sets or gives a directive for. */
function namedFields(patch: JsonObject): ReadonlySet<string> {
  const names = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (key === PATCH || key === RETAIN_KEYS) continue;
    if (key.startsWith(DELETE_PREFIX)) names.add(key.slice(DELETE_PREFIX.length));
    else if (key.startsWith(ORDER_PREFIX)) names.add(key.slice(ORDER_PREFIX.length));
    else names.add(key);
  }
  return names;
}

interface FieldPatch {
  readonly key: string;
  readonly current: unknown;
  /** The whole patch of the object that holds the field. */
  readonly patch: JsonObject;
}

/** The field's new value; undefined removes it. */
function mergeField(field: FieldSchema | undefined, { key, current, patch }: FieldPatch): unknown {
  const isSet = Object.hasOwn(patch, key);
  const value = patch[key];
  if (isSet && value === null) return undefined;
  const order = ownField(patch, `${ORDER_PREFIX}${key}`);
  const removed = ownField(patch, `${DELETE_PREFIX}${key}`);
  if (field === undefined || (field.type.kind === "scalar" && !isJsonObject(value))) return isSet ? value : current;
  if (field.type.kind !== "list") return mergeValue(field.type, current, value);
  if (!field.patchStrategies.includes("merge")) return isSet ? value : current;
  const lists = {
    current: listOrEmpty(current, key),
    patch: isSet ? listOrEmpty(value, key) : [],
    order: order === undefined ? undefined : listOrEmpty(order, key),
  };
  const { items } = field.type;
  if (field.patchMergeKey === undefined)
    return inOrder(mergePrimitiveList(lists, listOrEmpty(removed ?? [], key)), lists, (item) => item);
  const mergeKey = field.patchMergeKey;
  const merged = mergeObjectList(lists, mergeKey, (old, change) =>
    items.kind === "object"
      ? mergeStruct(typeOf(items.name), old, change)
      : (applyMergePatch(old, change) as JsonObject),
  );
  return inOrder(merged, lists, (item) => (isJsonObject(item) ? ownField(item, mergeKey) : undefined));
}

function listOrEmpty(value: unknown, key: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw badRequest(`cannot restore the list of ${key}: the patch does not hold a list`);
  return value;
}

function mergeValue(type: TypeReference, current: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const base = isJsonObject(current) ? current : {};
  if (type.kind === "object") return mergeStruct(structOf(type.name), base, patch);
  const directive = ownField(patch, PATCH);
  if (directive === "delete") return {};
  if (directive === "replace") return withoutDirectives(patch);
  if (type.kind === "map" && type.values.kind === "object") {
    const values = type.values;
    const result: JsonObject = {};
    for (const key of Object.keys(base)) setOwnField(result, key, base[key]);
    for (const key of namedFields(patch))
      if (patch[key] === null) delete result[key];
      else setOwnField(result, key, mergeValue(values, ownField(result, key), patch[key]));
    return result;
  }
  const { [PATCH]: _patch, ...plain } = patch;
  return applyMergePatch(base, plain);
}

/** Schema unions such as JSONSchemaPropsOrBool are objects of one type whenever they are objects. */
function structOf(name: string): TypeSchema {
  return typeOf(name.startsWith("apiextensions/v1.JSONSchemaPropsOr") ? "apiextensions/v1.JSONSchemaProps" : name);
}

/** What a patch adds where nothing was: without directives and nulls. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null || key === PATCH || key === RETAIN_KEYS) continue;
    if (key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX)) continue;
    setOwnField(result, key, value);
  }
  return result;
}
