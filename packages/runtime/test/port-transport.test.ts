import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { CONFIG_MAPS } from "@nodeless/api";
import {
  ConnectionError,
  createKubernetesClient,
  isForbidden,
  portTransport,
  servePort,
  type Transport,
  type TransportRequest,
} from "@nodeless/runtime";

const encoder = new TextEncoder();

/** A client whose server is `handle`, at the two ends of one port. */
function connected(t: TestContext, handle: Transport): { transport: Transport; closeServer: () => void } {
  const { port1, port2 } = new MessageChannel();
  const transport = portTransport(port1);
  const server = servePort(port2, handle);
  t.after(() => transport[Symbol.dispose]());
  return { transport, closeServer: () => server[Symbol.dispose]() };
}

const eventLine = (name: string): Uint8Array =>
  encoder.encode(`{"type":"ADDED","object":{"metadata":{"name":"${name}","resourceVersion":"1"}}}\n`);

/** Resolves when the signal fires. */
const fired = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));

test("a request arrives whole, and so does its answer", async (t) => {
  const seen: TransportRequest[] = [];
  const { transport } = connected(t, async (request) => {
    seen.push(request);
    return { status: 201, headers: { "content-type": "application/json" }, body: Buffer.from(request.body ?? "{}") };
  });
  const body = encoder.encode('{"a":"ü"}');
  const answer = await transport({ method: "POST", path: "/x?dryRun=All", headers: { accept: "text/plain" }, body });
  const [request] = seen;
  assert.deepEqual(
    { method: request?.method, path: request?.path, headers: request?.headers },
    { method: "POST", path: "/x?dryRun=All", headers: { accept: "text/plain" } },
  );
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.headers, { "content-type": "application/json" });
  assert.equal(new TextDecoder().decode(answer.body as Uint8Array), '{"a":"ü"}');
  assert.equal(body.byteLength, 10, "the caller keeps its bytes");
  const text = await transport({ method: "POST", path: "/x", body: '{"a":"ü"}' });
  assert.equal(new TextDecoder().decode(text.body as Uint8Array), '{"a":"ü"}', "text goes as UTF-8");
});

test("bytes that the server shares stay the server's", async (t) => {
  const shared = eventLine("shared");
  const { transport } = connected(t, async ({ path }) => ({
    status: 200,
    headers: {},
    body:
      path === "/whole"
        ? shared
        : (async function* () {
            yield shared;
          })(),
  }));
  await transport({ method: "GET", path: "/whole" });
  const { body } = await transport({ method: "GET", path: "/stream" });
  for await (const chunk of body as AsyncIterable<Uint8Array>)
    assert.deepEqual(Buffer.from(chunk), Buffer.from(shared));
  assert.notEqual(shared.byteLength, 0);
});

test("a watch streams events as they come and ends with the signal, whose reason it keeps; the server hears of it", async (t) => {
  let ended: Promise<void> | undefined;
  const { transport } = connected(t, async ({ signal }) => {
    ended = fired(signal);
    return { status: 200, headers: {}, body: lines(signal) };
  });
  async function* lines(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    yield eventLine("a");
    await fired(signal);
  }
  const stop = new AbortController();
  const reason = new Error("stopping");
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of createKubernetesClient({ transport })
      .resource(CONFIG_MAPS)
      .watch({ signal: stop.signal })) {
      seen.push(event.type);
      stop.abort(reason);
    }
  }, reason);
  assert.deepEqual(seen, ["ADDED"]);
  await ended;
});

test("a reader that leaves a stream ends it for the server", async (t) => {
  let ended: Promise<void> | undefined;
  const { transport } = connected(t, async ({ signal }) => {
    ended = fired(signal);
    return {
      status: 200,
      headers: {},
      body: (async function* () {
        for (;;) {
          yield eventLine("a");
          await new Promise((resolve) => setImmediate(resolve));
        }
      })(),
    };
  });
  const { body } = await transport({ method: "GET", path: "/x?watch=true" });
  for await (const _ of body as AsyncIterable<Uint8Array>) break;
  await ended;
});

test("a reader that takes nothing holds the server back", async (t) => {
  const chunk = new Uint8Array(1024 * 1024);
  const chunks = 40;
  let sent = 0;
  const { transport } = connected(t, async ({ path }) => ({
    status: 200,
    headers: {},
    body:
      path === "/y"
        ? encoder.encode("{}")
        : (async function* () {
            for (; sent < chunks; sent += 1) yield chunk;
          })(),
  }));
  const { body } = await transport({ method: "GET", path: "/x?watch=true" });
  // Another exchange: all that could be sent meanwhile has been sent.
  await transport({ method: "GET", path: "/y" });
  assert.ok(sent < 10, `${sent} MiB were sent unread`);
  let read = 0;
  for await (const { byteLength } of body as AsyncIterable<Uint8Array>) read += byteLength;
  assert.equal(read, chunks * chunk.byteLength);
});

test("refusals are the server's; a server that fails, a stream that breaks and a port that closes are connection errors", async (t) => {
  const refused = { kind: "Status", code: 403, reason: "Forbidden", message: "no" };
  const { transport, closeServer } = connected(t, async ({ path, signal }) => {
    if (path.startsWith("/fails")) throw new Error("out of order");
    if (path.startsWith("/never")) await fired(signal);
    if (path.startsWith("/breaks"))
      return {
        status: 200,
        headers: {},
        body: (async function* () {
          yield eventLine("a");
          throw new Error("cut");
        })(),
      };
    return {
      status: 403,
      headers: { "content-type": "application/json" },
      body: encoder.encode(JSON.stringify(refused)),
    };
  });
  const get = (path: string) => transport({ method: "GET", path });
  await assert.rejects(createKubernetesClient({ transport }).resource(CONFIG_MAPS).list(), isForbidden);
  await assert.rejects(
    get("/fails"),
    (error) => error instanceof ConnectionError && /out of order/.test(error.message),
  );
  const breaking = await get("/breaks");
  await assert.rejects(async () => {
    for await (const _ of breaking.body as AsyncIterable<Uint8Array>);
  }, ConnectionError);
  const never = assert.rejects(get("/never"), ConnectionError);
  closeServer();
  await never;
  await assert.rejects(get("/after"), ConnectionError);
});
