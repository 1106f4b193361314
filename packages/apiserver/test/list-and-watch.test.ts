import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallOptions, CONFIG_MAPS, configMap, type Json, PODS, pod, TestServer } from "./harness.ts";

const names = (list: Json): readonly string[] => list.items.map((item: Json) => item.metadata.name);
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

test("readers in this process share the server's objects: one object for an answer and for every watch, none for a table", async () => {
  const server = await TestServer.start();
  const stop = new AbortController();
  const firstEvent = async (options: CallOptions = {}): Promise<Json> => {
    const { body, decoded } = await server.request("GET", `${PODS}?watch=true`, undefined, {
      ...options,
      signal: stop.signal,
    });
    for await (const chunk of body as AsyncIterable<Uint8Array>) return decoded?.(chunk);
  };
  const events = [firstEvent(), firstEvent(), firstEvent({ headers: TABLE })];
  const created = await server.request("POST", PODS, pod("p"));
  const [one, other, table] = await Promise.all(events);
  assert.equal(one.type, "ADDED");
  assert.equal(one.object, other.object);
  assert.equal(one.object, created.decoded?.(created.body as Uint8Array));
  assert.equal(table, undefined);
  stop.abort();
});

test("pages show the snapshot of the first page, in order of namespace and name", async () => {
  const server = await TestServer.start();
  for (const name of ["d", "a", "c", "b", "e"]) await server.ok("POST", CONFIG_MAPS, configMap(name));
  await server.ok("POST", "/api/v1/namespaces/kube-system/configmaps", configMap("a"));
  const first = await server.ok("GET", "/api/v1/configmaps?limit=2");
  assert.deepEqual([names(first), first.metadata.remainingItemCount], [["a", "b"], 4]);
  await server.ok("DELETE", `${CONFIG_MAPS}/d`);
  await server.ok("POST", CONFIG_MAPS, configMap("bb"));
  const token = (page: Json): string => encodeURIComponent(page.metadata.continue);
  const second = await server.ok("GET", `/api/v1/configmaps?limit=2&continue=${token(first)}`);
  const third = await server.ok("GET", `/api/v1/configmaps?limit=2&continue=${token(second)}`);
  assert.deepEqual(
    [names(second), names(third)],
    [
      ["c", "d"],
      ["e", "a"],
    ],
  );
  assert.equal(third.metadata.continue, undefined);
  assert.equal(third.metadata.resourceVersion, first.metadata.resourceVersion);
  await server.ok("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default-2" },
  });
  await server.ok("POST", "/api/v1/namespaces/default-2/configmaps", configMap("a"));
  const at = first.metadata.resourceVersion;
  const old = await server.ok("GET", `/api/v1/configmaps?resourceVersion=${at}&resourceVersionMatch=Exact`);
  assert.deepEqual(names(old), ["a", "b", "c", "d", "e", "a"]);
  const spaces = (await server.ok("GET", "/api/v1/configmaps")).items.map((item: Json) => item.metadata.namespace);
  assert.deepEqual([...new Set(spaces)], ["default", "default-2", "kube-system"]);
  const selected = await server.ok("GET", "/api/v1/configmaps?limit=1&fieldSelector=metadata.name%3Da");
  assert.equal(selected.metadata.remainingItemCount, undefined);
  assert.equal((await server.call("GET", "/api/v1/configmaps?continue=nonsense")).status, 400);
});

test("selectors choose by label and field, also unset fields", async () => {
  const server = await TestServer.start();
  await server.ok("POST", PODS, pod("bound", { metadata: { labels: { app: "a" } }, spec: { nodeName: "n1" } }));
  await server.ok("POST", PODS, pod("free", { metadata: { labels: { app: "b" } } }));
  for (const [query, want] of [
    ["labelSelector=app%3Da", ["bound"]],
    ["labelSelector=app%20in%20(a,b),app!%3Da", ["free"]],
    ["fieldSelector=spec.nodeName%3Dn1", ["bound"]],
    ["fieldSelector=spec.nodeName%3D", ["free"]],
    ["fieldSelector=spec.nodeName!%3Dn1,metadata.namespace%3Ddefault", ["free"]],
    ["fieldSelector=metadata.name%3Dfree&labelSelector=app%3Da", []],
  ] as const)
    assert.deepEqual(names(await server.ok("GET", `/api/v1/pods?${query}`)), want, query);
  await server.ok("POST", `${PODS}/free/binding`, { target: { kind: "Node", name: "n1" } });
  assert.deepEqual(names(await server.ok("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1")), ["bound", "free"]);
});

test("resourceVersion says how fresh or how old a list must be", async () => {
  const server = await TestServer.start();
  const old = await server.ok("POST", CONFIG_MAPS, configMap("a"));
  await server.ok("POST", CONFIG_MAPS, configMap("b"));
  const at = old.metadata.resourceVersion;
  const exact = await server.ok("GET", `${CONFIG_MAPS}?resourceVersion=${at}&resourceVersionMatch=Exact`);
  assert.deepEqual([names(exact), exact.metadata.resourceVersion], [["a"], at]);
  assert.deepEqual(names(await server.ok("GET", `${CONFIG_MAPS}?resourceVersion=${at}`)), ["a", "b"]);
  assert.deepEqual(names(await server.ok("GET", `${CONFIG_MAPS}?resourceVersion=0`)), ["a", "b"]);
  const early = server.call("GET", `${CONFIG_MAPS}?resourceVersion=99999`);
  await server.clock.advance(3_000);
  const { status, body } = await early;
  assert.equal(status, 504);
  assert.match(body.message, /^Timeout: Too large resource version: 99999, current: \d+$/);
  for (const query of [
    "resourceVersionMatch=Exact",
    "sendInitialEvents=true",
    "resourceVersion=0&resourceVersionMatch=Exact",
  ])
    assert.equal((await server.call("GET", `${CONFIG_MAPS}?${query}`)).status, 422, query);
});

test("a watch from a revision sees every later change once, in order", async () => {
  const server = await TestServer.start();
  const start = (await server.ok("GET", CONFIG_MAPS)).metadata.resourceVersion;
  await server.ok("POST", CONFIG_MAPS, configMap("before"));
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${start}`);
  await server.ok("PATCH", `${CONFIG_MAPS}/before`, { data: { a: "1" } });
  await server.ok("PATCH", `${CONFIG_MAPS}/before`, { data: { a: "1" } });
  await server.ok("POST", "/api/v1/namespaces/kube-system/configmaps", configMap("elsewhere"));
  await server.ok("DELETE", `${CONFIG_MAPS}/before`);
  assert.deepEqual(await watch.take(3), ["ADDED before", "MODIFIED before", "DELETED before"]);
  watch.stop();
  assert.equal(await watch.next(), undefined);
});

test("a watch without a revision begins with what is there", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a"));
  for (const query of ["watch=true", "watch=1&resourceVersion=0"]) {
    const watch = await server.watch(`${CONFIG_MAPS}?${query}`);
    assert.deepEqual(await watch.take(1), ["ADDED a"]);
    watch.stop();
  }
  const legacy = await server.watch("/api/v1/watch/namespaces/default/configmaps/a");
  assert.deepEqual(await legacy.take(1), ["ADDED a"]);
  legacy.stop();
});

test("a selector turns changes into arrivals and departures", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a"));
  const start = (await server.ok("GET", CONFIG_MAPS)).metadata.resourceVersion;
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true&labelSelector=in%3Dyes&resourceVersion=${start}`);
  await server.ok("PATCH", `${CONFIG_MAPS}/a`, { metadata: { labels: { in: "yes" } } });
  await server.ok("PATCH", `${CONFIG_MAPS}/a`, { data: { x: "1" } });
  const left = await server.ok("PATCH", `${CONFIG_MAPS}/a`, { metadata: { labels: { in: "no" } } });
  await server.ok("PATCH", `${CONFIG_MAPS}/a`, { data: { x: "2" } });
  assert.deepEqual(await watch.take(2), ["ADDED a", "MODIFIED a"]);
  const departure = await watch.next();
  assert.equal(departure.type, "DELETED");
  assert.equal(departure.object.metadata.labels.in, "yes");
  assert.equal(departure.object.metadata.resourceVersion, left.metadata.resourceVersion);
  watch.stop();
});

test("a kubelet's watch sees its own pods only, from binding to deletion", async () => {
  const server = await TestServer.start();
  const watch = await server.watch("/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dn1");
  for (const [name, node] of [
    ["mine", "n1"],
    ["other", "n2"],
  ] as const) {
    await server.ok("POST", PODS, pod(name));
    await server.ok("POST", `${PODS}/${name}/binding`, { target: { kind: "Node", name: node } });
  }
  await server.ok("DELETE", `${PODS}/mine`, { gracePeriodSeconds: 0 });
  assert.deepEqual(await watch.take(2), ["ADDED mine", "DELETED mine"]);
  watch.stop();
});

test("a streaming list ends its first part with the annotated bookmark", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a"));
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const watch = await server.watch(`${CONFIG_MAPS}?${query}`);
  assert.deepEqual(await watch.take(1), ["ADDED a"]);
  const bookmark = await watch.next();
  assert.equal(bookmark.type, "BOOKMARK");
  assert.deepEqual(bookmark.object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
  assert.equal(bookmark.object.kind, "ConfigMap");
  await server.ok("POST", CONFIG_MAPS, configMap("b"));
  assert.deepEqual(await watch.take(1), ["ADDED b"]);
  watch.stop();
  for (const wrong of [
    "watch=true&sendInitialEvents=true&allowWatchBookmarks=true",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
    "watch=true&resourceVersionMatch=NotOlderThan",
  ])
    assert.equal((await server.call("GET", `${CONFIG_MAPS}?${wrong}`)).status, 422, wrong);
});

test("bookmarks come each minute and before the timeout ends the watch", async () => {
  const server = await TestServer.start();
  const start = (await server.ok("GET", CONFIG_MAPS)).metadata.resourceVersion;
  const watch = await server.watch(
    `${CONFIG_MAPS}?watch=true&resourceVersion=${start}&allowWatchBookmarks=true&timeoutSeconds=90`,
  );
  await server.ok("POST", "/api/v1/namespaces/default/secrets", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
  });
  await server.clock.advance(60_000);
  const bookmark = await watch.next();
  assert.deepEqual([bookmark.type, bookmark.object.metadata.resourceVersion], ["BOOKMARK", String(Number(start) + 1)]);
  await server.clock.advance(30_000);
  assert.deepEqual(await watch.take(2), ["BOOKMARK ConfigMap", "END"]);
});

/** At once, so that it takes a second and not a minute. */
async function createMany(server: TestServer, count: number): Promise<void> {
  const user = { username: "system:test", groups: [] };
  const create = (n: number): Promise<unknown> => server.ok("POST", CONFIG_MAPS, configMap(`many-${n}`), { user });
  await Promise.all(Array.from({ length: count }, (_, n) => create(n)));
}

test("a watch from a forgotten revision gets one 410 and the end", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a"));
  const first = (await server.ok("GET", CONFIG_MAPS)).metadata;
  await createMany(server, 16_500);
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${first.resourceVersion}`);
  const { type, object } = await watch.next();
  assert.deepEqual([type, object.code, object.reason], ["ERROR", 410, "Expired"]);
  assert.match(object.message, /^too old resource version: \d+ \(\d+\)$/);
  assert.equal(await watch.next(), undefined);
  const exact = `${CONFIG_MAPS}?resourceVersion=${first.resourceVersion}&resourceVersionMatch=Exact`;
  assert.deepEqual((await server.call("GET", exact)).body.reason, "Expired");
});

test("a watcher that does not read is cut off", async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true`);
  await server.ok("POST", CONFIG_MAPS, configMap("a"));
  assert.deepEqual(await watch.take(1), ["ADDED a"]);
  await createMany(server, 16_500);
  assert.equal(await watch.next(), undefined);
});

test("closing the server ends watches and refuses what comes later", async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true`);
  const next = watch.next();
  await server.api.close();
  assert.equal(await next, undefined);
  assert.equal((await server.call("GET", CONFIG_MAPS)).status, 503);
});

test("tables carry columns, cells and as much of the object as asked for", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a", { k: "v" }));
  await server.clock.advance(5_000);
  const table = await server.ok("GET", CONFIG_MAPS, undefined, { headers: TABLE });
  assert.deepEqual([table.kind, table.apiVersion], ["Table", "meta.k8s.io/v1"]);
  assert.equal(table.columnDefinitions[0].name, "Name");
  assert.equal(table.rows[0].cells[0], "a");
  assert.equal(table.rows[0].cells.length, table.columnDefinitions.length);
  assert.deepEqual([table.rows[0].object.kind, table.rows[0].object.data], ["PartialObjectMetadata", undefined]);
  const full = await server.ok("GET", `${CONFIG_MAPS}?includeObject=Object`, undefined, { headers: TABLE });
  assert.deepEqual(full.rows[0].object.data, { k: "v" });
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true`, { headers: TABLE });
  const event = await watch.next();
  assert.deepEqual([event.type, event.object.kind, event.object.rows[0].cells[0]], ["ADDED", "Table", "a"]);
  watch.stop();
});

test("metadata-only clients get PartialObjectMetadata, and what nobody can answer is 406", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("a", { k: "v" }));
  const accept = (as: string): object => ({ headers: { accept: `application/json;as=${as};g=meta.k8s.io;v=v1` } });
  const list = await server.ok("GET", CONFIG_MAPS, undefined, accept("PartialObjectMetadataList"));
  assert.deepEqual(
    [list.kind, list.items[0].kind, list.items[0].data],
    ["PartialObjectMetadataList", "PartialObjectMetadata", undefined],
  );
  const one = await server.ok("GET", `${CONFIG_MAPS}/a`, undefined, accept("PartialObjectMetadata"));
  assert.deepEqual([one.kind, one.metadata.name], ["PartialObjectMetadata", "a"]);
  assert.equal((await server.call("GET", CONFIG_MAPS, undefined, { headers: { accept: "text/html" } })).status, 406);
  const typed = { headers: { accept: "application/vnd.kubernetes.protobuf, application/json" } };
  assert.equal((await server.ok("GET", `${CONFIG_MAPS}/a`, undefined, typed)).kind, "ConfigMap");
});
