import type { Status } from "@nodeless/api";
import type { RequestOptions } from "./client.ts";
import { ApiStatusError, ConnectionError } from "./errors.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/** What one JSON exchange sends. */
export interface Exchange extends RequestOptions {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** A whole answer larger than this is not held in memory; the largest real list (100,000 pods) stays below it. */
const ANSWER_BYTES_MAX = 1024 * 1024 * 1024;

const utf8 = new TextDecoder();

/** JSON over a transport: the one place where bytes become objects and failures become errors. */
export class JsonExchanger {
  readonly #transport: Transport;
  readonly #userAgent: string;

  constructor({ transport, userAgent }: { readonly transport: Transport; readonly userAgent: string }) {
    this.#transport = transport;
    this.#userAgent = userAgent;
  }

  /** The decoded answer; text when it is not JSON (health endpoints), undefined when empty. */
  async exchange(exchange: Exchange): Promise<unknown> {
    const response = await this.#send(exchange);
    const { body, decoded } = response;
    const value = body instanceof Uint8Array && response.status < 400 ? decoded?.(body) : undefined;
    if (value !== undefined) return value;
    const text = utf8.decode(await wholeBody(response, exchange.signal));
    if (response.status >= 400) throw statusError(response, text);
    if (text === "") return undefined;
    return isJson(response) ? parseJson(text) : text;
  }

  /** The answer as a stream; failures are thrown before the first byte. */
  async stream(exchange: Exchange): Promise<Pick<TransportResponse, "decoded"> & { body: AsyncIterable<Uint8Array> }> {
    const response = await this.#send(exchange);
    if (response.status >= 400) throw statusError(response, utf8.decode(await wholeBody(response, exchange.signal)));
    const { body } = response;
    return { ...response, body: body instanceof Uint8Array ? once(body) : body };
  }

  async #send({ method, path, body, contentType = "application/json", signal }: Exchange): Promise<TransportResponse> {
    signal?.throwIfAborted();
    const headers: Record<string, string> = { accept: "application/json", "user-agent": this.#userAgent };
    if (body !== undefined) headers["content-type"] = contentType;
    try {
      return await this.#transport({
        method,
        path,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw connectionFailure(error, signal, `${method} ${path}`);
    }
  }
}

/** Aborts keep their reason; everything else a transport throws means that no answer came. */
export function connectionFailure(error: unknown, signal: AbortSignal | undefined, attempted: string): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof ConnectionError || error instanceof ApiStatusError) return error;
  return new ConnectionError(`no answer to ${attempted}`, { cause: error });
}

async function wholeBody({ body }: TransportResponse, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`the answer exceeds ${ANSWER_BYTES_MAX} bytes`);
    }
  } catch (error) {
    throw connectionFailure(error, signal, "the request: the answer was cut off");
  }
  return Buffer.concat(chunks);
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield body;
}

const isJson = ({ headers }: TransportResponse): boolean => (headers["content-type"] ?? "").includes("json");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConnectionError("the answer is not the JSON it claims to be", { cause: error });
  }
}

/** Load balancers and proxies answer in their own words; a Status is made up for those. */
function statusError(response: TransportResponse, text: string): ApiStatusError {
  const status = isJson(response) ? statusOf(text) : undefined;
  const retryAfterSeconds = Number.parseInt(response.headers["retry-after"] ?? "", 10);
  const details =
    Number.isFinite(retryAfterSeconds) && status?.details?.retryAfterSeconds === undefined
      ? { ...status?.details, retryAfterSeconds }
      : status?.details;
  return new ApiStatusError({
    message: status?.message ?? (text.trim().slice(0, 500) || `the server answered with status ${response.status}`),
    code: status?.code ?? response.status,
    ...(status?.reason === undefined ? {} : { reason: status.reason }),
    ...(details === undefined ? {} : { details }),
  });
}

function statusOf(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && (value as Partial<Status>).kind === "Status"
      ? (value as Status)
      : undefined;
  } catch {
    return undefined;
  }
}
