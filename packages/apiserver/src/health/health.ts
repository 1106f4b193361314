import { textResponse } from "../request/responses.ts";
import type { ApiResponse } from "../server.ts";

const CHECKS: ReadonlyMap<string, readonly string[]> = new Map([
  ["healthz", ["ping", "log", "store"]],
  ["livez", ["ping", "log", "store"]],
  ["readyz", ["ping", "log", "store", "informer-sync", "poststarthook/bootstrap", "shutdown"]],
]);

/** `/healthz`, `/livez` and `/readyz` with their subpaths and `?verbose`; undefined for other paths. `failing` names failed checks. */
export function healthResponse(
  segments: readonly string[],
  options: { readonly query: URLSearchParams; readonly failing: ReadonlySet<string> },
): ApiResponse | undefined {
  const [endpoint = "", only, ...more] = segments;
  const checks = CHECKS.get(endpoint);
  if (checks === undefined) return undefined;
  const { query, failing } = options;
  if (only !== undefined) {
    const name = [only, ...more].join("/");
    if (!checks.includes(name)) return textResponse(404, "404 page not found\n");
    return failing.has(name) ? textResponse(500, "internal server error: not ok\n") : textResponse(200, "ok");
  }
  const excluded = new Set(query.getAll("exclude"));
  const failed = checks.filter((name) => failing.has(name) && !excluded.has(name));
  const lines = checks.map((name) =>
    excluded.has(name) ? `[+]${name} excluded: ok` : failing.has(name) ? `[-]${name} failed: not ok` : `[+]${name} ok`,
  );
  if (failed.length > 0) return textResponse(500, `${lines.join("\n")}\n${endpoint} check failed\n`);
  return query.has("verbose")
    ? textResponse(200, `${lines.join("\n")}\n${endpoint} check passed\n`)
    : textResponse(200, "ok");
}
