/** An HTTP request without its socket. */
export interface WireRequest {
  readonly method: string;
  /** Raw path, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A header that may come once; undefined if absent or repeated. */
export function headerOf(request: WireRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Parameters of a query-protocol call: those of the URL and of a form body. */
export function formParameters(request: WireRequest): URLSearchParams {
  const parameters = new URLSearchParams(request.query);
  if (request.body.length === 0 || !isForm(request)) return parameters;
  for (const [key, value] of new URLSearchParams(new TextDecoder().decode(request.body))) parameters.append(key, value);
  return parameters;
}

export function isForm(request: WireRequest): boolean {
  return headerOf(request, "content-type")?.startsWith("application/x-www-form-urlencoded") === true;
}
