import { createHash } from "node:crypto";

/** One page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextToken: string | undefined;
}

/**
 * Cuts a page. Items are sorted by `key`, the token says after which key to go on: items created or deleted between pages neither
 * repeat nor hide others. A token is opaque and bound to `query` (the filters): with others, or forged, `invalidToken()` is thrown.
 */
export function pageOf<T>(
  items: readonly T[],
  options: {
    readonly key: (item: T) => string;
    readonly token: string | undefined;
    /** Items per page; undefined = all. */
    readonly size: number | undefined;
    readonly query: unknown;
    readonly invalidToken: () => Error;
  },
): Page<T> {
  const { key, token, size, query, invalidToken } = options;
  const sorted = items
    .map((item) => ({ key: key(item), item }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const after = token === undefined ? undefined : readToken(token, query, invalidToken);
  const from = after === undefined ? 0 : sorted.findIndex((entry) => entry.key > after);
  const rest = from < 0 ? [] : sorted.slice(from);
  const page = size === undefined ? rest : rest.slice(0, Math.max(1, size));
  const last = page.at(-1);
  const nextToken = last !== undefined && page.length < rest.length ? writeToken(last.key, query) : undefined;
  return { items: page.map((entry) => entry.item), nextToken };
}

function writeToken(key: string, query: unknown): string {
  return Buffer.from(JSON.stringify([key, digestOf(query)])).toString("base64url");
}

function readToken(token: string, query: unknown, invalidToken: () => Error): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (Array.isArray(parsed) && typeof parsed[0] === "string" && parsed[1] === digestOf(query)) return parsed[0];
  } catch {
    // Not one of ours.
  }
  throw invalidToken();
}

function digestOf(query: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(query) ?? "")
    .digest("base64url")
    .slice(0, 16);
}
