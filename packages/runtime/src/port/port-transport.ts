import type { MessagePort } from "node:worker_threads";
import { ConnectionError } from "../errors.ts";
import type { Transport, TransportRequest, TransportResponse } from "../transport.ts";
import type { ToClient, ToServer } from "./messages.ts";
import { Outbox, ownBytes } from "./outbox.ts";
import { PortStream } from "./port-stream.ts";

/**
 * A transport to a server in another thread of this process, which answers with `servePort` at the port's other end. Rejects with
 * ConnectionError when the server fails or the port closes, with `signal.reason` on abort. Disposing closes the port.
 */
export function portTransport(port: MessagePort): Transport & Disposable {
  const client = new PortClient(port);
  port.on("message", (messages: readonly ToClient[]) => {
    for (const message of messages) client.hear(message);
  });
  port.on("close", () => client.close());
  return Object.assign((request: TransportRequest) => client.send(request), { [Symbol.dispose]: () => port.close() });
}

/** A request that has no answer yet. */
interface Waiting {
  readonly resolve: (response: TransportResponse) => void;
  readonly reject: (reason: unknown) => void;
}

class PortClient {
  readonly #outbox: Outbox<ToServer>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Map<number, PortStream>();
  #lastId = 0;
  #closed = false;

  constructor(port: MessagePort) {
    this.#outbox = new Outbox(port);
  }

  async send({ method, path, headers = {}, body, signal }: TransportRequest): Promise<TransportResponse> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<TransportResponse>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const onAbort = (): void => this.#cancel(id, signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const own = body === undefined ? undefined : ownBytes([typeof body === "string" ? Buffer.from(body) : body]);
    const request = { type: "request", id, method, path, headers } as const;
    if (own === undefined) this.#outbox.say(request);
    else this.#outbox.say({ ...request, body: own }, own.buffer);
    const forget = (): void => signal?.removeEventListener("abort", onAbort);
    try {
      const response = await answer;
      const stream = this.#streams.get(id);
      if (stream === undefined) forget();
      else stream.onOver(forget);
      return response;
    } catch (error) {
      forget();
      throw error;
    }
  }

  hear(message: ToClient): void {
    const { id } = message;
    if (message.type === "answer") this.#answered(message);
    else if (message.type === "chunk") this.#streams.get(id)?.push(message.bytes);
    else if (message.type === "failed") this.#settle(id)?.reject(new ConnectionError(message.error));
    else {
      this.#streams.get(id)?.end(message.error === undefined ? undefined : new ConnectionError(message.error));
      this.#streams.delete(id);
    }
  }

  close(): void {
    this.#closed = true;
    this.#outbox.close();
    for (const { reject } of this.#waiting.values()) reject(closedError());
    for (const stream of this.#streams.values()) stream.end(closedError());
    this.#waiting.clear();
    this.#streams.clear();
  }

  #answered({ id, status, headers, body }: ToClient & { readonly type: "answer" }): void {
    const waiting = this.#settle(id);
    // Cancelled meanwhile: the server has been told.
    if (waiting === undefined) return;
    if (body !== undefined) {
      waiting.resolve({ status, headers, body });
      return;
    }
    const stream = new PortStream({
      taken: (bytes) => this.#outbox.say({ type: "taken", id, bytes }),
      left: () => this.#cancel(id, undefined),
    });
    this.#streams.set(id, stream);
    waiting.resolve({ status, headers, body: stream });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #cancel(id: number, reason: unknown): void {
    const waiting = this.#settle(id);
    const stream = this.#streams.get(id);
    if (waiting === undefined && stream === undefined) return;
    this.#outbox.say({ type: "cancel", id });
    waiting?.reject(reason);
    stream?.end(reason);
    this.#streams.delete(id);
  }
}

const closedError = (): ConnectionError => new ConnectionError("the thread of the API server is gone");
