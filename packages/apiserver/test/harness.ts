import assert from "node:assert/strict";
import {
  type ApiRequest,
  type ApiResponse,
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
  generateServiceAccountKey,
  type UserInfo,
} from "@nodeless/apiserver";
import { ManualClock, seededRandom } from "@nodeless/environment";
import { openMemoryStore } from "@nodeless/storage";

export const ADMIN: UserInfo = { username: "kubernetes-admin", groups: ["system:masters"] };
export const ISSUER = "https://oidc.example/id/1";

let key: Promise<string> | undefined;
/** One key for all tests of a file: making one takes a while. */
export function signingKey(): Promise<string> {
  key ??= generateServiceAccountKey();
  return key;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, a wrong path fails the assertion.
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly user?: UserInfo | null;
  readonly signal?: AbortSignal;
}

/** An API server on a manual clock, and short ways to call it. */
export class TestServer {
  readonly clock: ManualClock;
  readonly api: ApiServer;

  private constructor(api: ApiServer, clock: ManualClock) {
    this.api = api;
    this.clock = clock;
  }

  static async start(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
    const clock = new ManualClock();
    const api = await createApiServer({
      store: openMemoryStore(),
      serviceAccountKey: await signingKey(),
      issuer: ISSUER,
      clock,
      random: seededRandom(1),
      ...options,
    });
    return new TestServer(api, clock);
  }

  request(method: string, path: string, body?: unknown, options: CallOptions = {}): ReturnType<ApiServer["handle"]> {
    const { headers = {}, user = ADMIN, signal } = options;
    const request: ApiRequest = {
      method,
      path,
      headers: { "content-type": PATCH_TYPES.get(method) ?? "application/json", ...headers },
      ...(user === null ? {} : { user }),
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) }),
    };
    return this.api.handle(request);
  }

  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const response = await this.request(method, path, body, options);
    if (!(response.body instanceof Uint8Array)) throw new Error(`${path} answered with a stream`);
    checkDecoded(response.decoded, response.body);
    const text = Buffer.from(response.body).toString();
    const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Like `call`, but anything but success fails the test with the server's message. */
  async ok(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Json> {
    const answer = await this.call(method, path, body, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async watch(path: string, options: CallOptions = {}): Promise<TestWatch> {
    const stop = new AbortController();
    const response = await this.request("GET", path, undefined, { ...options, signal: stop.signal });
    if (response.body instanceof Uint8Array)
      throw new Error(`${path}: ${response.status} ${Buffer.from(response.body).toString()}`);
    return new TestWatch(response, response.body, stop);
  }
}

const PATCH_TYPES = new Map([["PATCH", "application/merge-patch+json"]]);

/**
 * What readers in this process get instead of bytes is what the bytes say, to the last member; and since it is the server's own, it is
 * frozen here, so that a server (or a reader) that edits it fails its test.
 */
function checkDecoded(decoded: ApiResponse["decoded"], bytes: Uint8Array): void {
  const value = decoded?.(bytes);
  if (value === undefined) return;
  assert.deepEqual(value, JSON.parse(Buffer.from(bytes).toString()));
  freeze(value);
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}

/** A watch read line by line. */
export class TestWatch {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #response: ApiResponse;
  readonly #stop: AbortController;
  #rest = "";

  constructor(response: ApiResponse, body: AsyncIterable<Uint8Array>, stop: AbortController) {
    this.#response = response;
    this.#chunks = body[Symbol.asyncIterator]();
    this.#stop = stop;
  }

  /** The next event, or undefined at the end. */
  async next(): Promise<Json> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      checkDecoded(this.#response.decoded, value);
      this.#rest += Buffer.from(value).toString();
    }
  }

  /** `TYPE name` of the next `count` events. */
  async take(count: number): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const event = await this.next();
      lines.push(event === undefined ? "END" : `${event.type} ${event.object.metadata?.name ?? event.object.kind}`);
    }
    return lines;
  }

  stop(): void {
    this.#stop.abort();
  }
}

export function pod(name: string, more: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...more.metadata },
    spec: { containers: [{ name: "c", image: "nginx:1" }], ...more.spec },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}, metadata: Json = {}): Json {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

export const PODS = "/api/v1/namespaces/default/pods";
export const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
