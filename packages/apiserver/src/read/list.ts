import type { StoredObject } from "../cache/stored-object.ts";
import { parseStorageKey } from "../cache/stored-object.ts";
import type { FieldError, KindDefinition } from "../kinds/kind.ts";
import type { ServerContext } from "../server-context.ts";
import { badRequest, expired, invalid, StatusError } from "../status.ts";
import type { ListMetadata } from "./encode.ts";
import { parseRevision, waitForRevision } from "./revision-wait.ts";
import type { Selection } from "./selection.ts";

export interface ListResult {
  readonly items: readonly StoredObject[];
  readonly metadata: ListMetadata;
}

/** Where a page starts: after this object, in the state of this revision (-1: whatever is current). */
interface ContinueToken {
  readonly revision: number;
  readonly namespace: string;
  readonly name: string;
}

const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";

/** One page of a collection. Source: k8s.io/apiserver pkg/storage/etcd3/store.go GetList and pkg/storage/continue.go. */
export async function listObjects(
  server: ServerContext,
  definition: KindDefinition,
  options: { readonly selection: Selection; readonly query: URLSearchParams },
): Promise<ListResult> {
  const { selection, query } = options;
  checkListOptions(query);
  const limit = parseLimit(query.get("limit"));
  const token = query.get("continue") ?? "";
  const page = token === "" ? undefined : decodeContinue(token);
  const { source, revision } = await sourceOf(server, definition, { selection, query, page });
  const rest = page === undefined ? source : source.slice(firstAfter(source, page));
  if (limit === 0 || rest.length <= limit) {
    const items = selection.everything ? rest : rest.filter((stored) => selection.matches(stored.object));
    if (limit === 0 || items.length <= limit) return { items, metadata: { resourceVersion: String(revision) } };
  }
  return firstPage(rest, { selection, limit, revision });
}

/** The objects to choose from, in order, and the revision they show. */
async function sourceOf(
  server: ServerContext,
  definition: KindDefinition,
  options: { readonly selection: Selection; readonly query: URLSearchParams; readonly page: ContinueToken | undefined },
): Promise<{ readonly source: readonly StoredObject[]; readonly revision: number }> {
  const { selection, query, page } = options;
  const collection = server.cache.collection(definition.storagePrefix);
  const wanted = parseRevision(query.get("resourceVersion"));
  if (page === undefined && wanted !== undefined) await waitForRevision(server, wanted);
  const exact = query.get("resourceVersionMatch") === "Exact" ? wanted : undefined;
  const revision = page !== undefined && page.revision > 0 ? page.revision : (exact ?? server.cache.revision);
  if (revision === server.cache.revision) return { source: currentSource(server, definition, selection), revision };
  const source = collection.listAt(revision, selection.namespace);
  if (source !== undefined) return { source, revision };
  if (page === undefined) throw expired();
  throw new StatusError(410, "Expired", CONTINUE_EXPIRED, {
    // The rest of an inconsistent list, for clients that prefer it over starting again.
    metadata: { continue: encodeContinue({ ...page, revision: -1 }) },
  });
}

function currentSource(
  server: ServerContext,
  definition: KindDefinition,
  selection: Selection,
): readonly StoredObject[] {
  const collection = server.cache.collection(definition.storagePrefix);
  const { name, nodeName, namespace } = selection;
  if (name !== undefined && (namespace !== undefined || !definition.namespaced))
    return [collection.get(namespace ?? "", name) ?? []].flat();
  if (nodeName !== undefined) {
    const indexed = collection.indexed(nodeName);
    if (indexed !== undefined) return indexed;
  }
  return collection.list(selection.namespace);
}

function firstPage(
  rest: readonly StoredObject[],
  options: { readonly selection: Selection; readonly limit: number; readonly revision: number },
): ListResult {
  const { selection, limit, revision } = options;
  const items: StoredObject[] = [];
  let next = 0;
  for (; next < rest.length && items.length < limit; next += 1) {
    const stored = rest[next];
    if (stored !== undefined && (selection.everything || selection.matches(stored.object))) items.push(stored);
  }
  const last = rest[next - 1];
  const metadata = { resourceVersion: String(revision) };
  const moreMatch = selection.everything
    ? next < rest.length
    : rest.slice(next).some((stored) => selection.matches(stored.object));
  if (last === undefined || !moreMatch) return { items, metadata };
  return {
    items,
    metadata: {
      ...metadata,
      continue: encodeContinue({ revision, ...parseStorageKey(last.key) }),
      // Only without selectors: counting what would match is what paging is there to avoid.
      ...(selection.everything ? { remainingItemCount: rest.length - next } : {}),
    },
  };
}

function firstAfter(source: readonly StoredObject[], { namespace, name }: ContinueToken): number {
  let low = 0;
  let high = source.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = parseStorageKey(source[middle]?.key ?? "");
    const isAfter = key.namespace === namespace ? key.name > name : key.namespace > namespace;
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  return low;
}

function encodeContinue({ revision, namespace, name }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "nodeless/v1", rv: revision, start: `${namespace}/${name}` })).toString(
    "base64url",
  );
}

function decodeContinue(token: string): ContinueToken {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, "base64url").toString()) as { rv: number; start: string };
    const slash = start.indexOf("/");
    if (!Number.isSafeInteger(rv) || slash < 0) throw new RangeError("not a position in a list");
    return { revision: rv, namespace: start.slice(0, slash), name: start.slice(slash + 1) };
  } catch {
    throw badRequest(`continue key is not valid: ${token.slice(0, 64)}`);
  }
}

function parseLimit(text: string | null): number {
  if (text === null || text === "") return 0;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return limit;
}

function checkListOptions(query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string): void => {
    errors.push({ field, reason: "FieldValueForbidden", message: `Forbidden: ${why}` });
  };
  if (query.has("sendInitialEvents")) forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (match !== "") {
    if (version === "")
      forbid("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if ((query.get("continue") ?? "") !== "")
      forbid("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan") errors.push(unsupportedMatch(match));
    if (match === "Exact" && version === "0")
      forbid("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
}

function unsupportedMatch(match: string): FieldError {
  return {
    field: "resourceVersionMatch",
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan"`,
  };
}
