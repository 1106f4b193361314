import { isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from "yaml";
import { badRequest, StatusError, unsupportedMediaType } from "../status.ts";
import { duplicateKeys } from "./duplicate-keys.ts";

/** From the protobuf envelope to a plain JSON object, apiVersion and kind included. Throws StatusError. */
export type ProtobufDecoder = (bytes: Uint8Array) => unknown;

export interface ParsedBody {
  readonly value: unknown;
  /** Paths of keys given twice; empty when not looked for. */
  readonly duplicates: readonly string[];
}

/** JSON and YAML nest no deeper than this: what kubectl sends stays below 100, and parsers below us recurse. */
const NESTING_MAX = 1_000;
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const YAML = "application/yaml";

/** Reads a request body by its content type; none at all counts as JSON (kubectl's scale sends PUT without one). */
export function parseBody(
  body: Uint8Array | string,
  options: { readonly contentType: string; readonly findDuplicates: boolean; readonly protobuf: ProtobufDecoder },
): ParsedBody {
  switch (options.contentType) {
    case "":
    case "application/json":
    case "*/*":
      return parseJsonBody(body, options.findDuplicates);
    case YAML:
      return parseYamlBody(body, options.findDuplicates);
    case PROTOBUF:
      return { value: options.protobuf(typeof body === "string" ? Buffer.from(body) : body), duplicates: [] };
    default:
      throw unsupportedMediaType(["application/json", YAML, PROTOBUF]);
  }
}

function parseJsonBody(body: Uint8Array | string, findDuplicates: boolean): ParsedBody {
  const text = textOf(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type Object): couldn't get version/kind; json parse error: ${(error as Error).message}`,
    );
  }
  // A level takes two characters at least.
  if (text.length > 2 * NESTING_MAX) checkNesting(value);
  return { value, duplicates: findDuplicates ? duplicateKeys(text) : [] };
}

function parseYamlBody(body: Uint8Array | string, findDuplicates: boolean): ParsedBody {
  const document = parseDocument(textOf(body), { uniqueKeys: false, merge: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw badRequest(`error converting YAML to JSON: ${problem.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: ${(error as Error).message}`);
  }
  checkNesting(value);
  return { value, duplicates: findDuplicates ? yamlDuplicates(document.contents, "") : [] };
}

function yamlDuplicates(node: unknown, path: string): string[] {
  if (isSeq(node)) return node.items.flatMap((item, index) => yamlDuplicates(item, `${path}[${index}]`));
  if (!isMap<YamlNode, YamlNode>(node)) return [];
  const seen = new Set<string>();
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : "";
    const memberPath = path === "" ? name : `${path}.${name}`;
    const repeated = seen.has(name) ? [memberPath] : [];
    seen.add(name);
    return [...repeated, ...yamlDuplicates(value, memberPath)];
  });
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(body: Uint8Array | string): string {
  if (typeof body === "string") return body;
  try {
    return strictUtf8.decode(body);
  } catch (cause) {
    throw new StatusError(400, "BadRequest", "the body of the request is not valid UTF-8", { cause });
  }
}

function checkNesting(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > NESTING_MAX) throw badRequest(`the body is nested deeper than ${NESTING_MAX} levels`);
  if (Array.isArray(value)) for (const item of value) checkNesting(item, depth + 1);
  else for (const key in value) checkNesting((value as Readonly<Record<string, unknown>>)[key], depth + 1);
}

/** The body as an object with apiVersion and kind, or 400. */
export function typedObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("the object provided is unrecognized (must be of type Object): couldn't get version/kind");
  return value as Readonly<Record<string, unknown>>;
}
