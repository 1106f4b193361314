import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_MAPS, type ConfigMap } from "@nodeless/api";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { createInformer, createKubernetesClient } from "@nodeless/runtime";
import { FakeApi } from "./fake-api.ts";

const MAPS = "/api/v1/configmaps";

function setUp(indexes?: Record<string, (object: ConfigMap) => readonly string[]>) {
  const api = new FakeApi();
  const clock = new ManualClock();
  const client = createKubernetesClient({ transport: api.transport }).resource(CONFIG_MAPS);
  const informer = createInformer({
    client,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    ...(indexes && { indexes }),
  });
  const seen: string[] = [];
  informer.subscribe({
    onAdd: (object) => seen.push(`add ${object.metadata.name}`),
    onUpdate: (object, previous) =>
      seen.push(`update ${object.metadata.name} ${previous.data?.["v"]}>${object.data?.["v"]}`),
    onDelete: (object) => seen.push(`delete ${object.metadata.name}`),
  });
  const stop = new AbortController();
  const put = (name: string, v = "1") =>
    api.put(`${MAPS}/${name}`, { metadata: { name, labels: { team: v } }, data: { v } });
  const take = () => seen.splice(0);
  return { api, clock, informer, stop, put, take };
}

test("list, then watch: handlers hear adds, updates and deletes in order; a late handler hears what is there", async () => {
  const { api, clock, informer, stop, put, take } = setUp();
  put("a");
  const running = informer.run(stop.signal);
  await informer.synced();
  await clock.advance(0);
  assert.deepEqual(take(), ["add a"]);
  put("b");
  put("a", "2");
  api.remove(`${MAPS}/b`);
  await clock.advance(0);
  assert.deepEqual(take(), ["add b", "update a 1>2", "delete b"]);
  const late: string[] = [];
  informer.subscribe({ onAdd: (object) => late.push(object.metadata.name) });
  assert.deepEqual(late, ["a"]);
  stop.abort();
  await running;
  assert.equal(api.watches, 0);
});

test("a broken watch resumes from the last version, bookmarks included, without listing again", async () => {
  const { api, clock, informer, stop, put, take } = setUp();
  const running = informer.run(stop.signal);
  await clock.advance(0);
  put("a");
  await clock.advance(0);
  api.bookmark();
  await clock.advance(0);
  api.endWatches(new Error("reset"));
  put("b");
  await clock.advance(1_000);
  assert.deepEqual(take(), ["add a", "add b"]);
  assert.equal(api.requests.filter((request) => !request.includes("watch")).length, 1);
  assert.match(api.requests.at(-1) ?? "", /resourceVersion=2/);
  stop.abort();
  await running;
});

test("410 relists with a consistent read and reports what was missed as changes, not as a new world", async () => {
  const { api, clock, informer, stop, put, take } = setUp();
  put("keep");
  put("gone");
  put("changed");
  const running = informer.run(stop.signal);
  await clock.advance(0);
  take();
  api.failNext("watch=true", new Error("reset"));
  api.endWatches();
  await clock.advance(0);
  api.remove(`${MAPS}/gone`);
  put("changed", "2");
  put("new");
  api.compact();
  await clock.advance(5_000);
  assert.deepEqual(take(), ["update changed 1>2", "add new", "delete gone"]);
  const lists = api.requests.filter((request) => !request.includes("watch"));
  assert.deepEqual(lists, [`GET ${MAPS}?resourceVersion=0`, `GET ${MAPS}?limit=500`]);
  stop.abort();
  await running;
});

test("an object deleted and made again unseen is a delete and an add", async () => {
  const { api, clock, informer, stop, put, take } = setUp();
  put("a");
  const running = informer.run(stop.signal);
  await clock.advance(0);
  take();
  api.failNext("watch=true", new Error("reset"));
  api.endWatches();
  await clock.advance(0);
  api.remove(`${MAPS}/a`);
  put("a");
  api.compact();
  await clock.advance(5_000);
  assert.deepEqual(take(), ["delete a", "add a"]);
  stop.abort();
  await running;
});

test("a server that refuses is retried with growing, jittered waits up to 30 s, and honours Retry-After", async () => {
  const { api, clock, informer, stop } = setUp();
  for (let index = 0; index < 12; index += 1) api.failNext("GET", new Error("refused"));
  const running = informer.run(stop.signal);
  await clock.advance(3_000);
  const early = api.requests.length;
  assert.ok(early >= 3 && early <= 5, `${early} attempts in 3 s`);
  assert.equal(informer.hasSynced, false);
  await clock.advance(600_000);
  assert.equal(informer.hasSynced, true);
  stop.abort();
  await running;
});

test("indexes follow changes and deletions", async () => {
  const { api, clock, informer, stop, put } = setUp({ team: (object) => [object.metadata.labels?.["team"] ?? ""] });
  put("a", "x");
  put("b", "x");
  const running = informer.run(stop.signal);
  await clock.advance(0);
  const names = (team: string) => informer.byIndex("team", team).map((object) => object.metadata.name);
  assert.deepEqual(names("x"), ["a", "b"]);
  put("a", "y");
  api.remove(`${MAPS}/b`);
  await clock.advance(0);
  assert.deepEqual([names("x"), names("y")], [[], ["a"]]);
  assert.throws(() => informer.byIndex("nope", "x"), /no index/);
  stop.abort();
  await running;
});
