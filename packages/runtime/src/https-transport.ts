import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { ConnectionError } from "./errors.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** How to reach an API server over TLS. */
export interface HttpsTransportOptions {
  /** `https://host:port`, optionally with a path prefix. */
  readonly url: string;
  /** PEM of the certificate authorities to trust; the system's when undefined. */
  readonly ca?: string | undefined;
  /** Called for each request, so that rotated tokens are picked up. */
  readonly token?: (() => Promise<string> | string) | undefined;
  /** PEM. */
  readonly clientCertificate?: string | undefined;
  /** PEM. */
  readonly clientKey?: string | undefined;
  /** Concurrent connections. Default 64: watches keep one each, writes need a few more. */
  readonly socketsMax?: number;
}

const SOCKETS_MAX = 64;
/** Kubernetes answers or gives up within 60 s; longer silence on a plain request is a dead connection. */
const ANSWER_SILENCE_MS = 65_000;
/** Bookmarks come about every minute, so ten minutes of silence on a watch is a dead connection. */
const STREAM_SILENCE_MS = 600_000;

/** A transport over TLS with kept-alive connections. Rejects with ConnectionError, or with `signal.reason` on abort. */
export function httpsTransport(options: HttpsTransportOptions): Transport & AsyncDisposable {
  const base = new URL(options.url);
  if (base.protocol !== "https:") throw new TypeError(`the API server URL must be https: ${options.url}`);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: options.socketsMax ?? SOCKETS_MAX,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
  });
  const transport: Transport = async (request) => {
    request.signal?.throwIfAborted();
    const token = await options.token?.();
    const headers: Record<string, string> = { ...request.headers };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (request.body !== undefined) headers["content-length"] = String(Buffer.byteLength(request.body));
    const wire: RequestOptions = {
      agent,
      method: request.method,
      hostname: base.hostname.replace(/^\[|\]$/g, ""),
      port: base.port === "" ? 443 : Number(base.port),
      path: `${base.pathname.replace(/\/$/, "")}${request.path}`,
      headers,
      timeout: isStream(request) ? STREAM_SILENCE_MS : ANSWER_SILENCE_MS,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    const response = await exchange(wire, request);
    return isStream(request) && (response.statusCode ?? 0) < 400
      ? answer(response, response)
      : await collect(response, request);
  };
  return Object.assign(transport, { [Symbol.asyncDispose]: async () => agent.destroy() });
}

const isStream = ({ path }: TransportRequest): boolean => /[?&](watch|follow)=(true|1)(&|$)/.test(path);

/** One exchange; a kept-alive connection that the server had just closed is replaced once, as nothing was processed on it. */
function exchange(wire: RequestOptions, request: TransportRequest, retry = true): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(wire, resolve);
    outgoing.once("timeout", () => outgoing.destroy(new ConnectionError("the connection fell silent")));
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      if (request.signal?.aborted === true) reject(request.signal.reason);
      else if (retry && outgoing.reusedSocket && error.code === "ECONNRESET")
        exchange(wire, request, false).then(resolve, reject);
      else reject(new ConnectionError(`no answer to ${request.method} ${request.path}`, { cause: error }));
    });
    outgoing.end(request.body);
  });
}

async function collect(response: IncomingMessage, request: TransportRequest): Promise<TransportResponse> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Uint8Array);
  } catch (error) {
    if (request.signal?.aborted === true) throw request.signal.reason;
    throw new ConnectionError(`the answer to ${request.method} ${request.path} was cut off`, { cause: error });
  }
  return answer(response, Buffer.concat(chunks));
}

function answer(response: IncomingMessage, body: TransportResponse["body"]): TransportResponse {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body };
}
