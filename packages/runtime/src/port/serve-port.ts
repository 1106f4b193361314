import type { MessagePort } from "node:worker_threads";
import { describeError } from "@nodeless/environment";
import type { Transport, TransportResponse } from "../transport.ts";
import { STREAM_WINDOW_BYTES, type ToClient, type ToServer } from "./messages.ts";
import { Outbox, ownBytes } from "./outbox.ts";

/**
 * Answers the requests that come through a port of another thread, where a client has `portTransport`. Ends when either side closes
 * the port; what still runs is aborted then. The port alone does not keep the process alive.
 */
export function servePort(port: MessagePort, transport: Transport): Disposable {
  const server = new PortServer(port, transport);
  port.on("message", (messages: readonly ToServer[]) => {
    for (const message of messages) server.hear(message);
  });
  port.on("close", () => server.close());
  port.unref();
  return { [Symbol.dispose]: () => port.close() };
}

/** One request whose answer is not over. */
interface Running {
  readonly stop: AbortController;
  /** Chunks of the stream to be sent. */
  chunks: Uint8Array[];
  /** Bytes sent that the reader has not taken. */
  outstandingBytes: number;
  /** Set while the stream waits for the reader. */
  resume: (() => void) | undefined;
}

class PortServer {
  readonly #transport: Transport;
  readonly #outbox: Outbox<ToClient>;
  readonly #running = new Map<number, Running>();

  constructor(port: MessagePort, transport: Transport) {
    this.#transport = transport;
    this.#outbox = new Outbox(port);
  }

  hear(message: ToServer): void {
    if (message.type === "request") {
      void this.#answer(message);
      return;
    }
    const running = this.#running.get(message.id);
    if (running === undefined) return;
    if (message.type === "cancel")
      running.stop.abort(new DOMException("the client cancelled the request", "AbortError"));
    else running.outstandingBytes -= message.bytes;
    running.resume?.();
  }

  close(): void {
    this.#outbox.close();
    for (const { stop, resume } of this.#running.values()) {
      stop.abort(new DOMException("the client's thread is gone", "AbortError"));
      resume?.();
    }
  }

  async #answer({ id, method, path, headers, body }: ToServer & { readonly type: "request" }): Promise<void> {
    const running: Running = { stop: new AbortController(), chunks: [], outstandingBytes: 0, resume: undefined };
    this.#running.set(id, running);
    try {
      const { signal } = running.stop;
      const response = await this.#transport({
        method,
        path,
        headers,
        signal,
        ...(body === undefined ? {} : { body }),
      });
      if (response.body instanceof Uint8Array) this.#sayWhole(id, response, response.body);
      else await this.#stream(id, running, response, response.body);
    } catch (error) {
      this.#outbox.say({ type: "failed", id, error: describeError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #sayWhole(id: number, { status, headers }: TransportResponse, body: Uint8Array): void {
    const bytes = ownBytes([body]);
    this.#outbox.say({ type: "answer", id, status, headers, body: bytes }, bytes.buffer);
  }

  async #stream(
    id: number,
    running: Running,
    { status, headers }: TransportResponse,
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    this.#outbox.say({ type: "answer", id, status, headers });
    try {
      for await (const chunk of body) {
        if (running.stop.signal.aborted) break;
        running.outstandingBytes += chunk.byteLength;
        this.#sayChunk(id, running, chunk);
        while (running.outstandingBytes >= STREAM_WINDOW_BYTES && !running.stop.signal.aborted) await woken(running);
      }
      this.#sayChunks(id, running);
      this.#outbox.say({ type: "end", id });
    } catch (error) {
      this.#sayChunks(id, running);
      this.#outbox.say({ type: "end", id, error: describeError(error) });
    }
  }

  /** Chunks of one turn of the event loop go as one: a burst of writes makes thousands. */
  #sayChunk(id: number, running: Running, chunk: Uint8Array): void {
    if (running.chunks.length === 0) setImmediate(() => this.#sayChunks(id, running));
    running.chunks.push(chunk);
  }

  #sayChunks(id: number, running: Running): void {
    if (running.chunks.length === 0) return;
    // Copies: the server hands the same bytes to every watch of a resource.
    const bytes = ownBytes(running.chunks);
    running.chunks = [];
    this.#outbox.say({ type: "chunk", id, bytes }, bytes.buffer);
  }
}

function woken(running: Running): Promise<void> {
  return new Promise((resolve) => {
    running.resume = () => {
      running.resume = undefined;
      resolve();
    };
  });
}
