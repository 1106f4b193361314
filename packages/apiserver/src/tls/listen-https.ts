import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { errorResponse } from "../request/responses.ts";
import { BODY_BYTES_MAX } from "../rest/resource-call.ts";
import type { ApiRequest, ApiResponse, UserInfo } from "../server.ts";
import { requestEntityTooLarge, unauthorized } from "../status.ts";

export interface HttpsOptions {
  readonly server: { handle(request: ApiRequest): Promise<ApiResponse> };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Take any free port when `port` is taken; default false: then it is an error (EADDRINUSE). */
  readonly fallback?: boolean;
  readonly tls: { readonly certificate: string; readonly key: string; readonly clientCa: string };
}

export interface HttpsListener {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly port: number;
  /** Ends every connection at once, watches included. */
  close(): Promise<void>;
}

/** Go clients keep idle connections for 90 s; a server that closes first gives them sporadic EOFs. */
const KEEP_ALIVE_MS = 120_000;
/** Selectors travel in URLs; 16 KiB, Node's default, is too small for `kubectl get` of many labels. */
const HEADER_BYTES_MAX = 64 * 1024;

/** Serves an API server over TLS and HTTP/1.1. A client certificate signed by `clientCa` says who calls: CN is the user, O the groups. */
export async function listenHttps(options: HttpsOptions): Promise<HttpsListener> {
  const { server: api, host = "127.0.0.1", port, fallback = false, tls } = options;
  const server = createServer(
    {
      key: tls.key,
      cert: tls.certificate,
      ca: tls.clientCa,
      requestCert: true,
      // A bad certificate gets a Status with 401, which clients can read, not a broken handshake.
      rejectUnauthorized: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: KEEP_ALIVE_MS + 5_000,
      requestTimeout: 0,
    },
    (request, response) => void serve(api, request, response),
  );
  await listen(server, { host, port, fallback });
  const actual = (server.address() as AddressInfo).port;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    port: actual,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(
  server: Server,
  { host, port, fallback }: { readonly host: string; readonly port: number; readonly fallback: boolean },
): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    if (!fallback || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    server.listen(0, host);
    await once(server, "listening");
  }
}

async function serve(api: HttpsOptions["server"], incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    const response = await answer(api, incoming, gone.signal);
    await send(response, outgoing, incoming.method === "HEAD");
  } catch {
    // The client went away, or a stream broke after its headers: nobody is left to be told.
    outgoing.destroy();
  }
}

async function answer(
  api: HttpsOptions["server"],
  incoming: IncomingMessage,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const caller = clientUser(incoming.socket as TLSSocket);
  if (caller === "untrusted") return errorResponse(unauthorized());
  const body = await readBody(incoming);
  if (body === undefined) return closing(errorResponse(requestEntityTooLarge(`limit is ${BODY_BYTES_MAX}`)));
  return api.handle({
    method: incoming.method ?? "GET",
    path: incoming.url ?? "/",
    headers: flatHeaders(incoming.headers),
    ...(body.length === 0 ? {} : { body }),
    ...(caller === undefined ? {} : { user: caller }),
    signal,
  });
}

/** The rest of an oversized body stays unread, so the connection cannot be used again. */
function closing(response: ApiResponse): ApiResponse {
  return { ...response, headers: { ...response.headers, connection: "close" } };
}

/** Undefined without a certificate. */
function clientUser(socket: TLSSocket): UserInfo | "untrusted" | undefined {
  const certificate = socket.getPeerCertificate();
  if (certificate === null || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) return "untrusted";
  // Types promise one string, but a subject may repeat a field: several organizations are several groups.
  const subject = certificate.subject as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const [username] = [subject.CN ?? []].flat();
  return username === undefined ? "untrusted" : { username, groups: [subject.O ?? []].flat() };
}

function flatHeaders(headers: IncomingMessage["headers"]): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  return flat;
}

/** Undefined if the body is larger than the limit. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(incoming.headers["content-length"] ?? 0) > BODY_BYTES_MAX) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] ?? new Uint8Array()) : Buffer.concat(chunks);
}

async function send({ status, headers, body }: ApiResponse, outgoing: ServerResponse, isHead: boolean): Promise<void> {
  if (body instanceof Uint8Array) {
    outgoing.writeHead(status, { ...headers, "content-length": body.length });
    outgoing.end(isHead ? undefined : body);
    return;
  }
  outgoing.writeHead(status, headers);
  // client-go's Watch() returns only when headers arrive; Node would hold them back until the first event.
  outgoing.flushHeaders();
  const gathered = new GatheredWrites(outgoing);
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    gathered.add(chunk);
    if (outgoing.writableNeedDrain) await drained(outgoing);
  }
  gathered.flush();
  outgoing.end();
}

/** More is written before the turn ends, so that a reader's slowness is felt. */
const GATHERED_BYTES_MAX = 256 * 1024;

/** What is added in one turn of the event loop leaves as one: each write is a chunk of HTTP and a record of TLS, and a burst makes thousands of events. */
class GatheredWrites {
  readonly #outgoing: ServerResponse;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
  }

  add(chunk: Uint8Array): void {
    if (this.#chunks.length === 0) setImmediate(() => this.flush());
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes >= GATHERED_BYTES_MAX) this.flush();
  }

  flush(): void {
    const [first, ...more] = this.#chunks;
    if (first === undefined) return;
    this.#chunks = [];
    this.#bytes = 0;
    if (!this.#outgoing.destroyed) this.#outgoing.write(more.length === 0 ? first : Buffer.concat([first, ...more]));
  }
}

/** Waits for room in the socket, or for its end: a vanished reader must not hold the stream. */
async function drained(outgoing: ServerResponse): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([
      once(outgoing, "drain", { signal: settled.signal }),
      once(outgoing, "close", { signal: settled.signal }),
    ]);
  } finally {
    settled.abort();
  }
}
