import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_MAPS, NODES, PODS } from "@nodeless/api";
import {
  ApiStatusError,
  ConnectionError,
  createKubernetesClient,
  isConflict,
  isExpired,
  isNotFound,
  transportOf,
} from "@nodeless/runtime";
import { FakeApi } from "./fake-api.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";

function setUp() {
  const api = new FakeApi();
  const client = createKubernetesClient({ transport: api.transport });
  return { api, client, maps: client.resource(CONFIG_MAPS) };
}

test("paths: core and named groups, namespaced and cluster-scoped, subresources and queries", async () => {
  const { api, client, maps } = setUp();
  await maps.create(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "default", name: "a" } },
    { fieldManager: "m", dryRun: true },
  );
  await client.resource(NODES).find({ name: "a/b" });
  await client.resource(PODS).createSubresource({ namespace: "x", name: "p" }, "eviction", { metadata: { name: "p" } });
  await maps.patch({ namespace: "default", name: "a" }, "apply", {}, { force: true, fieldManager: "me" });
  await maps.delete({ namespace: "default", name: "a" }, { propagationPolicy: "Background" });
  assert.deepEqual(api.requests, [
    `POST ${MAPS}?fieldManager=m&dryRun=All`,
    "GET /api/v1/nodes/a/b",
    "POST /api/v1/namespaces/x/pods/p/eviction",
    `PATCH ${MAPS}/a?fieldManager=me&force=true`,
    `DELETE ${MAPS}/a`,
  ]);
  await assert.rejects(maps.get({ name: "a" }), /configmaps are namespaced/);
});

test("a Status answer becomes an ApiStatusError that predicates recognize; find turns NotFound into undefined", async () => {
  const { api, maps } = setUp();
  const missing = { namespace: "default", name: "nope" };
  await assert.rejects(maps.get(missing), (error: unknown) => isNotFound(error) && error.code === 404);
  assert.equal(await maps.find(missing), undefined);
  const made = await maps.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "default", name: "a" },
  });
  await maps.update({ ...made, data: { k: "v" } });
  await assert.rejects(maps.update(made), isConflict);
  api.failNext("GET", { code: 500, reason: "InternalError", message: "boom" });
  await assert.rejects(
    maps.find(missing),
    (error: unknown) => error instanceof ApiStatusError && error.message === "boom",
  );
});

test("no answer is a ConnectionError with its cause; an abort keeps its reason", async () => {
  const { api, maps } = setUp();
  const cause = new Error("socket hang up");
  api.failNext("GET", cause);
  await assert.rejects(maps.list(), (error: unknown) => error instanceof ConnectionError && error.cause === cause);
  const reason = new Error("stopping");
  await assert.rejects(maps.list({ signal: AbortSignal.abort(reason) }), reason);
});

test("a list follows continue tokens, fills in kinds, and falls back to one unpaged read when a token expires", async () => {
  const { api, maps } = setUp();
  for (const name of ["a", "b", "c", "d", "e"])
    api.put(`${MAPS}/${name}`, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });
  const paged = await maps.list({ namespace: "default", limit: 2 });
  assert.deepEqual(
    paged.items.map((item) => `${item.kind}/${item.metadata.name}`),
    ["a", "b", "c", "d", "e"].map((name) => `ConfigMap/${name}`),
  );
  assert.equal(paged.metadata.continue, undefined);
  assert.equal(api.requests.length, 3);
  api.failNext("continue=", { code: 410, reason: "Expired" });
  assert.equal((await maps.list({ namespace: "default", limit: 2 })).items.length, 5);
  assert.equal(api.requests.at(-1), `GET ${MAPS}`);
});

test("a watch yields events and bookmarks, ends with the stream, and throws the Status of an ERROR event", async () => {
  const { api, maps } = setUp();
  api.put(`${MAPS}/a`, { metadata: { name: "a", namespace: "default" } });
  const seen: string[] = [];
  for await (const event of maps.watch({ namespace: "default", resourceVersion: "0" })) {
    seen.push(
      event.type === "BOOKMARK"
        ? `bookmark ${event.resourceVersion}`
        : `${event.type} ${event.object.kind}/${event.object.metadata.name}`,
    );
    if (seen.length === 1) api.bookmark();
    if (seen.length === 2) api.remove(`${MAPS}/a`);
    if (seen.length === 3) api.endWatches();
  }
  assert.deepEqual(seen, ["ADDED ConfigMap/a", "bookmark 2", "DELETED ConfigMap/a"]);
  api.compact();
  await assert.rejects(async () => {
    for await (const _ of maps.watch({ namespace: "default", resourceVersion: "1" }));
  }, isExpired);
  setImmediate(() => api.endWatches(new Error("reset")));
  await assert.rejects(async () => {
    for await (const _ of maps.watch({ namespace: "default", resourceVersion: "9" }));
  }, ConnectionError);
});

test("an in-process server gets the user with each request", async () => {
  let seen: unknown;
  const transport = transportOf(async (request: { readonly user: string; readonly path: string }) => {
    seen = request.user;
    return { status: 200, headers: {}, body: new TextEncoder().encode("ok") };
  }, "system:admin");
  assert.equal(await createKubernetesClient({ transport }).raw("GET", "/healthz"), "ok");
  assert.equal(seen, "system:admin");
});
