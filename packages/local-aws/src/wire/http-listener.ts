import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "@nodeless/environment";
import type { WireRequest, WireResponse } from "./wire-message.ts";

/** An import would load Node's WebSocket client as well, which its list of exports names: 30 ms of every start. */
const { createServer } = process.getBuiltinModule("node:http");

/** The largest legal request is an SQS batch of 1 MiB; user data, policies and manifests stay under 64 KiB. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface HttpListenerOptions {
  /** Answers a request; must not reject. `localHost` is `host:port` of this listener. */
  readonly answer: (request: WireRequest, localHost: string) => Promise<WireResponse>;
  readonly logger: Logger;
}

/** HTTP on a socket around an answering function. */
export class HttpListener {
  readonly #server: Server;
  readonly #options: HttpListenerOptions;
  #url: string | undefined;

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        options.logger.warn("aws request ended early", { error });
        response.destroy();
      });
    });
  }

  /** `http://127.0.0.1:4566`. Throws before `listen`. */
  get url(): string {
    if (this.#url === undefined) throw new Error("the local AWS does not listen yet");
    return this.#url;
  }

  /** Binds; with `fallback` a taken port is replaced by a free one. Rejects with the socket's error. */
  async listen(options: { readonly host: string; readonly port: number; readonly fallback: boolean }): Promise<void> {
    const { host, port, fallback } = options;
    try {
      await this.#bind(host, port);
    } catch (error) {
      const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!fallback || !taken || port === 0) throw error;
      await this.#bind(host, 0);
    }
    const address = this.#server.address() as AddressInfo;
    this.#url = `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
  }

  /** Stops accepting, lets running requests end unless they wait for messages, and closes idle connections at once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) return resolve();
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  #bind(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) {
      response.writeHead(413, { connection: "close", "content-length": 0 }).end();
      return;
    }
    const target = request.url ?? "/";
    const mark = target.indexOf("?");
    const answer = await this.#options.answer(
      {
        method: request.method ?? "GET",
        path: mark < 0 ? target : target.slice(0, mark),
        query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)),
        headers: request.headers,
        body,
      },
      new URL(this.url).host,
    );
    const content = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
    const closing = this.#server.listening ? {} : { connection: "close" };
    response.writeHead(answer.status, { ...answer.headers, ...closing, "content-length": content.byteLength });
    response.end(content);
  }
}

/** The whole body, or undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
