import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CONFIG_MAPS } from "@nodeless/api";
import { ConnectionError, createKubernetesClient, httpsTransport, isForbidden } from "@nodeless/runtime";

// A key for these tests only; it protects nothing.
const pem = (name: string): string => readFileSync(new URL(`testdata/${name}.pem`, import.meta.url), "utf8");
const ca = pem("localhost-certificate");

interface Served {
  readonly url: string;
  readonly sockets: () => number;
}

/** A TLS server on a free port for the time of `use`. */
async function serving(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  use: (served: Served) => Promise<void>,
): Promise<void> {
  let sockets = 0;
  const server = createServer({ key: pem("localhost-key"), cert: ca }, handle);
  server.on("secureConnection", () => {
    sockets += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets: () => sockets });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("requests carry a fresh token and the body over one kept-alive connection", async () => {
  const seen: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
      response.setHeader("content-type", "application/json");
      response.end(body === "" ? "{}" : body);
    });
  };
  await serving(handle, async ({ url, sockets }) => {
    let issued = 0;
    await using transport = httpsTransport({ url: `${url}/prefix/`, ca, token: () => `t${++issued}` });
    const client = createKubernetesClient({ transport });
    await client.raw("GET", "/version");
    await client.raw("POST", "/x", { a: "ü" });
    assert.deepEqual(seen, ["GET /prefix/version Bearer t1 ", 'POST /prefix/x Bearer t2 {"a":"ü"}']);
    assert.equal(sockets(), 1);
  });
});

test("a watch streams events as they come and ends with the signal, whose reason it keeps", async () => {
  let closed = false;
  const handle = (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}\n');
    response.on("close", () => {
      closed = true;
    });
  };
  await serving(handle, async ({ url }) => {
    await using transport = httpsTransport({ url, ca });
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
    while (!closed) await new Promise((resolve) => setImmediate(resolve));
  });
});

test("a refusal of a watch is its Status; an unknown authority and a closed port are connection errors", async () => {
  const handle = (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(403, { "content-type": "application/json" });
    response.end('{"kind":"Status","code":403,"reason":"Forbidden","message":"no"}');
  };
  let closedUrl = "";
  await serving(handle, async ({ url }) => {
    closedUrl = url;
    await using transport = httpsTransport({ url, ca });
    await assert.rejects(async () => {
      for await (const _ of createKubernetesClient({ transport }).resource(CONFIG_MAPS).watch({}));
    }, isForbidden);
    await using untrusting = httpsTransport({ url });
    await assert.rejects(untrusting({ method: "GET", path: "/" }), ConnectionError);
  });
  await using transport = httpsTransport({ url: closedUrl, ca });
  await assert.rejects(transport({ method: "GET", path: "/" }), ConnectionError);
  assert.throws(() => httpsTransport({ url: "http://127.0.0.1" }), /must be https/);
});
