import { type JsonSettings, readJson, writeJson } from "./json-shapes.ts";
import { formatScalar, malformed, parseScalar, REST_SCALARS } from "./scalars.ts";
import type { OperationModel, Schema, ServiceModel } from "./service-model.ts";

const REST_JSON: JsonSettings = { ...REST_SCALARS, jsonName: true };

/** A request line and body that matched an operation. */
export interface RestRequest {
  readonly labels: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface RestMatch {
  readonly operation: OperationModel;
  readonly labels: ReadonlyMap<string, string>;
}

/** Finds the operation of a method and raw path (still percent-encoded): the one with most literal segments. */
export function matchRest(model: ServiceModel, method: string, path: string): RestMatch | undefined {
  const segments = path.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  let best: (RestMatch & { readonly literals: number }) | undefined;
  for (const operation of model.operations.values()) {
    if (operation.http?.method !== method) continue;
    const match = matchPath(operation.http.path.split("?")[0] ?? "", segments);
    if (match !== undefined && (best === undefined || match.literals > best.literals)) best = { operation, ...match };
  }
  return best;
}

function matchPath(
  template: string,
  segments: readonly string[],
): { readonly labels: Map<string, string>; readonly literals: number } | undefined {
  const parts = template.split("/").slice(1);
  const greedy = parts.at(-1)?.endsWith("+}") === true;
  if (greedy ? segments.length < parts.length : segments.length !== parts.length) return undefined;
  const labels = new Map<string, string>();
  let literals = 0;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const segment = greedy && isLast ? segments.slice(index).join("/") : (segments[index] ?? "");
    if (!part.startsWith("{")) {
      if (part !== segment) return undefined;
      literals += 1;
      continue;
    }
    if (segment === "") return undefined;
    labels.set(part.replace(/[{}+]/g, ""), segment);
  }
  return { labels, literals };
}

/** Labels, query, headers and JSON body → input in SDK types. */
export function readRest(operation: OperationModel, request: RestRequest): object {
  const input: Record<string, unknown> = {};
  let bodyMembers = 0;
  for (const [name, member] of operation.input.structIterator()) {
    const traits = member.getMergedTraits();
    if (traits.httpLabel !== undefined) input[name] = parseScalar(member, decode(request.labels.get(name) ?? ""));
    else if (traits.httpQuery !== undefined)
      assign(input, name, readQueryMember(member, traits.httpQuery, request.query));
    else if (traits.httpHeader !== undefined) {
      const text = request.headers[traits.httpHeader.toLowerCase()];
      if (typeof text === "string") input[name] = parseScalar(member, text);
    } else if (traits.httpPayload !== undefined) assign(input, name, readPayload(member, request.body));
    else bodyMembers += 1;
  }
  if (bodyMembers === 0) return input;
  const body = readJson(operation.input, parseJson(request.body) ?? {}, REST_JSON) as Record<string, unknown>;
  return { ...body, ...input };
}

function assign(input: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) input[name] = value;
}

function readQueryMember(member: Schema, key: string, query: URLSearchParams): unknown {
  if (!query.has(key)) return undefined;
  if (!member.isListSchema()) return parseScalar(member, query.get(key) ?? "");
  const items = member.getValueSchema();
  return query.getAll(key).map((text) => parseScalar(items, text));
}

function readPayload(member: Schema, body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  if (member.isBlobSchema()) return body;
  return member.isStringSchema() ? new TextDecoder().decode(body) : readJson(member, parseJson(body), REST_JSON);
}

/** Parses a JSON body; undefined for an empty one. */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw malformed(`the body is not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw malformed("the path is not valid percent-encoding");
  }
}

export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Output in SDK types → status, bound headers and JSON body. */
export function writeRest(operation: OperationModel, output: object): RestResponse {
  const source = output as Readonly<Record<string, unknown>>;
  const headers: Record<string, string> = {};
  let status = operation.http?.status ?? 200;
  let payload: string | Uint8Array | undefined;
  const rest: Record<string, unknown> = { ...source };
  if (operation.output.isStructSchema())
    for (const [name, member] of operation.output.structIterator()) {
      const { httpHeader, httpResponseCode, httpPayload } = member.getMergedTraits();
      const value = source[name];
      if (httpHeader === undefined && httpResponseCode === undefined && httpPayload === undefined) continue;
      delete rest[name];
      if (value === undefined || value === null) continue;
      if (httpHeader !== undefined) headers[httpHeader.toLowerCase()] = formatScalar(member, value, REST_SCALARS);
      else if (httpResponseCode !== undefined) status = Number(value);
      else payload = member.isStructSchema() ? JSON.stringify(writeJson(member, value, REST_JSON)) : (value as string);
    }
  return { status, headers, body: payload ?? writeRestBody(operation.output, rest) };
}

/** A shape as a REST JSON body; `{}` for none. */
export function writeRestBody(schema: Schema, value: object): string {
  return schema.isStructSchema() ? JSON.stringify(writeJson(schema, value, REST_JSON)) : "{}";
}
