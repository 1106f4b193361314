import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event, KubernetesObject } from "@nodeless/api";
import { ManualClock, silentLogger } from "@nodeless/environment";
import { createEventRecorder, createKubernetesClient, updateCondition } from "@nodeless/runtime";
import { FakeApi } from "./fake-api.ts";

const pod: KubernetesObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    namespace: "shop",
    name: "web",
    uid: "u1",
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
};
const node: KubernetesObject = { ...pod, kind: "Node", metadata: { ...pod.metadata, name: "n1", uid: "u2" } };

function setUp() {
  const api = new FakeApi();
  const clock = new ManualClock();
  const stop = new AbortController();
  const client = createKubernetesClient({ transport: api.transport });
  const recorder = createEventRecorder({ client, clock, logger: silentLogger, component: "karpenter" });
  const running = recorder.run(stop.signal);
  const stored = () =>
    storedEvents(api).map(
      ({ involvedObject, reason, message, count }) => `${involvedObject.name} ${reason} x${count}: ${message}`,
    );
  return { api, clock, stop, recorder, running, stored };
}

function storedEvents(api: FakeApi): readonly Event[] {
  return api.under("/events/") as readonly Event[];
}

test("an event reads like client-go's: name, namespace, source, times; a repeat is counted by patch", async () => {
  const { api, clock, stop, recorder, running, stored } = setUp();
  recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message: "no pool" });
  await clock.advance(0);
  await clock.advance(30_000);
  recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message: "no pool" });
  await clock.advance(0);
  assert.deepEqual(stored(), ["web FailedScheduling x2: no pool"]);
  const [event] = storedEvents(api);
  assert.match(event?.metadata.name ?? "", /^web\.[0-9a-f]+$/);
  assert.equal(event?.metadata.namespace, "shop");
  assert.deepEqual(event?.source, { component: "karpenter" });
  assert.deepEqual([event?.firstTimestamp, event?.lastTimestamp], ["2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"]);
  assert.match(api.requests.at(-1) ?? "", /^PATCH/);
  stop.abort();
  await running;
});

test("dedupeMs drops repeats within the window; similar messages fold after ten; an object may say 25 things at once", async () => {
  const { clock, stop, recorder, running, stored } = setUp();
  const report = { type: "Normal", reason: "Nominated", message: "m", dedupeMs: 60_000 } as const;
  recorder.record(pod, report);
  recorder.record(pod, report);
  await clock.advance(60_000);
  recorder.record(pod, report);
  await clock.advance(0);
  assert.deepEqual(stored(), ["web Nominated x2: m"]);
  for (let index = 0; index < 40; index += 1)
    recorder.record(node, { type: "Normal", reason: "Noise", message: `m${index}` });
  await clock.advance(0);
  const noise = stored().filter((line) => line.startsWith("n1"));
  assert.equal(noise.length, 10);
  assert.match(noise.at(-1) ?? "", /^n1 Noise x16: \(combined from similar events\): m24$/);
  stop.abort();
  await running;
});

test("an unreachable server delays events and never fails the caller; a refused event is given up", async () => {
  const { api, clock, stop, recorder, running, stored } = setUp();
  api.failNext("POST", new Error("refused"));
  recorder.record(pod, { type: "Normal", reason: "A", message: "late" });
  await clock.advance(0);
  assert.deepEqual(stored(), []);
  await clock.advance(1_000);
  assert.deepEqual(stored(), ["web A x1: late"]);
  api.failNext("POST", { code: 403, reason: "Forbidden" });
  recorder.record(pod, { type: "Normal", reason: "B", message: "refused" });
  recorder.record(pod, { type: "Normal", reason: "C", message: "next" });
  await clock.advance(0);
  assert.deepEqual(stored(), ["web A x1: late", "web C x1: next"]);
  stop.abort();
  await running;
});

test("senders that had to wait rest twenty-five times as long, up to 400 ms; one that did not sends on at once", async () => {
  const api = new FakeApi();
  const clock = new ManualClock();
  const stop = new AbortController();
  let answerMs = 10;
  const client = createKubernetesClient({
    transport: async (request) => {
      if (answerMs > 0) await clock.sleep(answerMs, stop.signal);
      return api.transport(request);
    },
  });
  const recorder = createEventRecorder({ client, clock, logger: silentLogger, component: "c" });
  const running = recorder.run(stop.signal);
  for (let index = 0; index < 30; index += 1) {
    const subject = { ...pod, metadata: { ...pod.metadata, name: `p${index}`, uid: `u${index}` } };
    recorder.record(subject, { type: "Normal", reason: "R", message: "m" });
  }
  const sentAfter = async (ms: number): Promise<number> => {
    await clock.advance(ms);
    return storedEvents(api).length;
  };
  assert.deepEqual([await sentAfter(10), await sentAfter(249)], [8, 8]);
  answerMs = 0;
  assert.equal(await sentAfter(1), 30);
  stop.abort();
  await running;
});

test("at most 20,000 events wait", async () => {
  const { clock, stop, recorder, running, stored } = setUp();
  for (let index = 0; index < 20_100; index += 1)
    recorder.record(
      { ...pod, metadata: { ...pod.metadata, name: `p${index}`, uid: `u${index}` } },
      { type: "Normal", reason: "R", message: "m" },
    );
  await clock.advance(0);
  await clock.advance(0);
  for (let round = 0; round < 1_000 && stored().length < 20_000; round += 1) await clock.advance(0);
  assert.equal(stored().length, 20_000);
  stop.abort();
  await running;
});

test("a condition's transition time moves only with its status; no change keeps the very list", () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const ready = (status: string, message: string) => ({ type: "Ready", status, reason: "R", message });
  const first = updateCondition(undefined, ready("False", "a"), at(0));
  const reworded = updateCondition(first, ready("False", "b"), at(1));
  const flipped = updateCondition(reworded, ready("True", "b"), at(2));
  assert.equal(updateCondition(flipped, ready("True", "b"), at(3)), flipped);
  assert.deepEqual(
    [first, reworded, flipped].map((list) => list[0]?.lastTransitionTime.slice(17, 19)),
    ["00", "00", "02"],
  );
});
