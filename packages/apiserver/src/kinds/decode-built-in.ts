import type { KubernetesObject } from "@nodeless/api";
import { decodeBody, isJsonObject, type JsonObject, ownField, setOwnField, typeOf } from "../schema/index.ts";
import { badRequest } from "../status.ts";
import type { Decoded, FieldValidation } from "./kind.ts";

interface DecodeTarget {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export const apiVersionOf = ({ group, version }: { readonly group: string; readonly version: string }): string =>
  group === "" ? version : `${group}/${version}`;

/**
 * Checks that the body says it is of this kind; an unset apiVersion or kind is taken from the URL.
 * Throws StatusError 400. Source: k8s.io/apiserver pkg/endpoints/handlers/create.go.
 */
export function checkTypeMeta(body: unknown, target: DecodeTarget): void {
  if (!isJsonObject(body)) throw cannotHandle(target, "json: cannot unmarshal a body that is not an object");
  const [apiVersion, kind] = [ownField(body, "apiVersion"), ownField(body, "kind")];
  const wanted = apiVersionOf(target);
  if (typeof apiVersion === "string" && apiVersion !== "" && apiVersion !== wanted)
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  if (typeof kind === "string" && kind !== "" && kind !== target.kind)
    throw badRequest(`${kind} in version "${target.version}" cannot be handled as a ${target.kind}`);
}

/** `Deployment in version "v1" cannot be handled as a Deployment: ...` */
export function cannotHandle({ kind, version }: DecodeTarget, why: string): ReturnType<typeof badRequest> {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/** Fields that should not be there: an error, warnings or nothing, as the client wished. Throws StatusError 400. */
export function judgeFields(
  target: DecodeTarget,
  fieldValidation: FieldValidation,
  fields: { readonly duplicate: readonly string[]; readonly unknown: readonly string[] },
): readonly string[] {
  if (fieldValidation === "Ignore") return [];
  const problems = [
    ...fields.duplicate.map((field) => `duplicate field ${JSON.stringify(field)}`),
    ...fields.unknown.map((field) => `unknown field ${JSON.stringify(field)}`),
  ];
  if (fieldValidation === "Strict" && problems.length > 0)
    throw cannotHandle(target, `strict decoding error: ${problems.join(", ")}`);
  return problems;
}

/** Decodes the body of a built-in kind. Throws StatusError 400. */
export function decodeBuiltIn(
  typeName: string,
  target: DecodeTarget,
  body: unknown,
  options: {
    readonly fieldValidation: FieldValidation;
    readonly duplicateFields: readonly string[];
    readonly old?: KubernetesObject | undefined;
  },
): Decoded {
  checkTypeMeta(body, target);
  const shared = sharedParts(body, options.old);
  const { value, unknownFields } = decodeOrRefuse(typeName, target, without(body, shared));
  const warnings = judgeFields(target, options.fieldValidation, {
    duplicate: options.duplicateFields,
    unknown: unknownFields,
  });
  const object = inOrderOf(body, { ...value, ...shared });
  object["apiVersion"] = apiVersionOf(target);
  object["kind"] = target.kind;
  for (const field of structFields(typeName)) object[field] ??= {};
  return { object: object as unknown as KubernetesObject, warnings };
}

/** Top-level objects that are the old object's own. */
function sharedParts(body: unknown, old: KubernetesObject | undefined): JsonObject {
  const shared: JsonObject = {};
  if (old === undefined || !isJsonObject(body)) return shared;
  for (const key of Object.keys(old)) {
    const part = ownField(body, key);
    if (isJsonObject(part) && part === ownField(old as unknown as JsonObject, key)) setOwnField(shared, key, part);
  }
  return shared;
}

/** Members in the order of the body, then the others: readers of raw JSON expect metadata first and status last. */
function inOrderOf(body: unknown, parts: JsonObject): JsonObject {
  const ordered: JsonObject = {};
  for (const key of isJsonObject(body) ? Object.keys(body) : [])
    if (Object.hasOwn(parts, key)) setOwnField(ordered, key, parts[key]);
  for (const key of Object.keys(parts)) if (!Object.hasOwn(ordered, key)) setOwnField(ordered, key, parts[key]);
  return ordered;
}

function without(body: unknown, parts: JsonObject): unknown {
  if (!isJsonObject(body)) return body;
  const rest: JsonObject = {};
  for (const key of Object.keys(body)) if (!Object.hasOwn(parts, key)) setOwnField(rest, key, body[key]);
  return rest;
}

const structFieldNames = new Map<string, readonly string[]>();

/** Top-level structs that Go cannot leave out: an object without a spec has an empty one. Status is the server's to fill. */
function structFields(typeName: string): readonly string[] {
  const known = structFieldNames.get(typeName);
  if (known !== undefined) return known;
  const names = [...typeOf(typeName).fields.values()]
    .filter(({ type, pointer, name }) => type.kind === "object" && !pointer && name !== "status")
    .map(({ name }) => name);
  structFieldNames.set(typeName, names);
  return names;
}

function decodeOrRefuse(typeName: string, target: DecodeTarget, body: unknown): ReturnType<typeof decodeBody> {
  try {
    return decodeBody(typeName, body);
  } catch (error) {
    if (error instanceof Error && error.name === "DecodeError") throw cannotHandle(target, error.message);
    throw error;
  }
}
