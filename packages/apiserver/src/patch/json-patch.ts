import { jsonEqual } from "../json-value.ts";
import type { JsonObject } from "../schema/index.ts";
import { isJsonObject, setOwnField } from "../schema/index.ts";
import { badRequest, patchRejected, requestEntityTooLarge } from "../status.ts";

/** As the real server. Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go. */
const OPERATIONS_MAX = 10_000;

type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: readonly string[]; readonly value: unknown }
  | { readonly op: "remove"; readonly path: readonly string[] }
  | { readonly op: "move" | "copy"; readonly path: readonly string[]; readonly from: readonly string[] };

/**
 * Applies an RFC 6902 patch to a copy of the document.
 * Throws StatusError: 400 if the patch is malformed, 413 if it is too long, 422 if a path is missing or a test fails.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > OPERATIONS_MAX)
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`,
    );
  return patch.map(parseOperation).reduce(applyOperation, document);
}

function parseOperation(raw: unknown): Operation {
  if (!isJsonObject(raw)) throw badRequest("error decoding patch: an operation must be an object");
  const { op } = raw;
  const path = parsePointer(raw["path"], "path");
  switch (op) {
    case "add":
    case "replace":
    case "test":
      // A missing value means null, as in the library of the real server.
      return { op, path, value: raw["value"] ?? null };
    case "remove":
      return { op, path };
    case "move":
    case "copy":
      return { op, path, from: parsePointer(raw["from"], "from") };
    default:
      throw badRequest(`error decoding patch: Unexpected kind: ${String(op)}`);
  }
}

/** RFC 6901. `/a~1b` names the key `a/b`; the empty text names the whole document. */
function parsePointer(text: unknown, name: string): readonly string[] {
  if (typeof text !== "string") throw badRequest(`error decoding patch: missing ${name}`);
  if (text === "") return [];
  if (!text.startsWith("/")) throw badRequest(`error decoding patch: ${name} must start with "/"`);
  return text
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function applyOperation(document: unknown, operation: Operation): unknown {
  switch (operation.op) {
    case "add":
      return add(document, operation.path, operation.value);
    case "remove":
      return remove(document, operation.path);
    case "replace":
      lookUp(document, operation.path);
      return replace(document, operation.path, operation.value);
    case "test":
      if (!jsonEqual(lookUpOrNull(document, operation.path), operation.value)) throw patchRejected();
      return document;
    case "copy":
      return add(document, operation.path, lookUp(document, operation.from));
    case "move": {
      const value = lookUp(document, operation.from);
      return add(remove(document, operation.from), operation.path, value);
    }
  }
}

function lookUp(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const segment of path) {
    if (Array.isArray(value)) value = value[indexOf(segment, value.length - 1)];
    else if (isJsonObject(value) && Object.hasOwn(value, segment)) value = value[segment];
    else throw patchRejected();
  }
  return value;
}

/** A test for null also holds where the last key is missing. */
function lookUpOrNull(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return document;
  const parent = lookUp(document, path.slice(0, -1));
  if (isJsonObject(parent) && !Object.hasOwn(parent, last)) return null;
  return lookUp(parent, [last]);
}

/** Negative indexes count from the end, as the library of the real server allows. */
function indexOf(segment: string, indexMax: number): number {
  if (!/^(?:0|-?[1-9]\d{0,8})$/.test(segment)) throw patchRejected();
  const given = Number(segment);
  const index = given < 0 ? indexMax + 1 + given : given;
  if (index < 0 || index > indexMax) throw patchRejected();
  return index;
}

/** Copies along the path and lets `edit` change the copy of the last container. */
function editParent(
  document: unknown,
  path: readonly string[],
  edit: (parent: JsonObject | unknown[], last: string) => void,
): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) throw patchRejected();
  if (Array.isArray(document)) {
    const copy: unknown[] = [...document];
    if (rest.length === 0) edit(copy, segment);
    else {
      const index = indexOf(segment, copy.length - 1);
      copy[index] = editParent(copy[index], rest, edit);
    }
    return copy;
  }
  if (!isJsonObject(document)) throw patchRejected();
  const copy: JsonObject = {};
  for (const key of Object.keys(document)) setOwnField(copy, key, document[key]);
  if (rest.length === 0) edit(copy, segment);
  else if (Object.hasOwn(copy, segment)) setOwnField(copy, segment, editParent(copy[segment], rest, edit));
  else throw patchRejected();
  return copy;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return editParent(document, path, (parent, last) => {
    if (!Array.isArray(parent)) setOwnField(parent, last, value);
    else parent.splice(last === "-" ? parent.length : indexOf(last, parent.length), 0, value);
  });
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return editParent(document, path, (parent, last) => {
    if (!Array.isArray(parent)) setOwnField(parent, last, value);
    else parent[indexOf(last, parent.length - 1)] = value;
  });
}

function remove(document: unknown, path: readonly string[]): unknown {
  return editParent(document, path, (parent, last) => {
    if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
    else if (Object.hasOwn(parent, last)) delete parent[last];
    else throw patchRejected();
  });
}
