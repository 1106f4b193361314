/** One HTTP exchange with an API server, independent of who carries it: a TLS socket, or the embedded server in process. */
export interface TransportRequest {
  readonly method: string;
  /** Path with query, e.g. `/api/v1/pods?watch=true`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8; a server in this process takes it as it is. */
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole bodies are bytes; streams (watch, log follow) are iterables that end when the server ends them. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * A server in this process may know the value that these bytes (the whole body, or one chunk of the stream) are the JSON of. It is shared
   * with the server and with other clients: read-only. Undefined: decode the bytes.
   */
  readonly decoded?: (bytes: Uint8Array) => unknown;
}

/** Structurally equal to the embedded server's `handle`, so that either can stand behind a client. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/**
 * A transport that calls a server in the same process, acting as `user`. `handle` is matched by shape, so that this package knows no server.
 */
export function transportOf<User>(
  handle: (request: TransportRequest & { readonly user: User }) => Promise<TransportResponse>,
  user: User,
): Transport {
  return (request) => handle({ ...request, user });
}

/** A transport that calls a server in the same process, as a client that has only a bearer token. `token` is asked for each request. */
export function tokenTransportOf(
  handle: (request: TransportRequest) => Promise<TransportResponse>,
  token: () => Promise<string> | string,
): Transport {
  return async (request) =>
    await handle({ ...request, headers: { ...request.headers, authorization: `Bearer ${await token()}` } });
}
