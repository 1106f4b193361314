/** What a resource URL names. */
export interface ResourceRequest {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  /** Undefined for all namespaces and for cluster-scoped resources. */
  readonly namespace: string | undefined;
  /** Empty for a collection. */
  readonly name: string;
  readonly subresource: string;
  /** The deprecated `/watch/` path form. */
  readonly legacyWatch: boolean;
}

export interface ParsedUrl {
  /** Decoded segments without empty ones. */
  readonly segments: readonly string[];
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Splits and decodes a path with query; undefined if an escape is malformed. */
export function parseUrl(target: string): ParsedUrl | undefined {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const query = new URLSearchParams(question < 0 ? "" : target.slice(question + 1));
  try {
    const segments = path
      .split("/")
      .filter((part) => part !== "")
      .map((part) => (part.includes("%") ? decodeURIComponent(part) : part));
    return { segments, path, query };
  } catch {
    return undefined;
  }
}

/**
 * Reads `/api/v1/...` and `/apis/<group>/<version>/...`. Undefined if the path names no resource (discovery, health, ...).
 * Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go.
 */
export function resourceRequest(segments: readonly string[]): ResourceRequest | undefined {
  const core = segments[0] === "api";
  if (!core && segments[0] !== "apis") return undefined;
  const [group, version] = core ? ["", segments[1]] : [segments[1], segments[2]];
  let rest = segments.slice(core ? 2 : 3);
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const legacyWatch = rest[0] === "watch";
  if (legacyWatch) rest = rest.slice(1);
  const base = { group, version, legacyWatch };
  // `namespaces/x/finalize` is a subresource of the namespace; `namespaces/x/pods` a collection in it.
  const inNamespace = rest[0] === "namespaces" && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? "");
  const [resource, name = "", ...more] = inNamespace ? rest.slice(2) : rest;
  if (resource === undefined || more.length > 1) return undefined;
  return { ...base, resource, namespace: inNamespace ? rest[1] : undefined, name, subresource: more[0] ?? "" };
}

const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

/** Query booleans: `true` and `1`; a bare parameter counts as given. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === "true" || value === "1";
}
