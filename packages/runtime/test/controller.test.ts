import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, ManualClock, silentLogger } from "@nodeless/environment";
import { ApiStatusError, createWorkQueue, type ReconcileResult, runController } from "@nodeless/runtime";

test("a key waits once, is not handed out twice, and returns if added while being worked on", async () => {
  const queue = createWorkQueue({ clock: new ManualClock() });
  const { signal } = new AbortController();
  for (const key of ["a", "a", "b"]) queue.add(key);
  assert.equal(queue.length, 2);
  assert.equal(await queue.take(signal), "a");
  queue.add("a");
  queue.add("a");
  assert.equal(await queue.take(signal), "b");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(await queue.take(signal), "a");
  queue.done("a");
  assert.equal(queue.length, 0);
});

test("of several waits the earliest counts; failures double the wait from 5 ms to 1,000 s until forgotten", async () => {
  const clock = new ManualClock();
  const queue = createWorkQueue({ clock });
  const { signal } = new AbortController();
  const waitOf = async (): Promise<number> => {
    const startMs = clock.monotonicMs();
    queue.addRateLimited("k");
    const taken = queue.take(signal);
    while (queue.length === 0 && clock.pendingTimers > 0) await clock.advance(1);
    assert.equal(await taken, "k");
    queue.done("k");
    return clock.monotonicMs() - startMs;
  };
  queue.addAfter("w", 100);
  queue.addAfter("w", 10);
  queue.addAfter("w", 50);
  await clock.advance(10);
  assert.equal(await queue.take(signal), "w");
  assert.equal(clock.pendingTimers, 0);
  assert.deepEqual([await waitOf(), await waitOf(), await waitOf()], [5, 10, 20]);
  queue.forget("k");
  assert.equal(await waitOf(), 5);
  for (let index = 0; index < 40; index += 1) {
    queue.addRateLimited("max");
    await clock.advance(1_000_000);
    assert.equal(await queue.take(signal), "max");
    queue.done("max");
  }
});

test("shut down and abort release waiting workers and leave no timer", async () => {
  const clock = new ManualClock();
  const queue = createWorkQueue({ clock });
  const stop = new AbortController();
  const byAbort = queue.take(stop.signal);
  stop.abort();
  assert.equal(await byAbort, undefined);
  const byShutDown = queue.take(new AbortController().signal);
  queue.addAfter("late", 1_000);
  queue.shutDown();
  assert.equal(await byShutDown, undefined);
  assert.equal(clock.pendingTimers, 0);
});

test("a key whose look took long rests twenty times as long, and one turn answers what came meanwhile; waiting earns no rest", async () => {
  const manual = new ManualClock();
  let workedMs = 0;
  const clock: Clock = {
    now: () => manual.now(),
    monotonicMs: () => manual.monotonicMs() + workedMs,
    sleep: (ms, signal) => manual.sleep(ms, signal),
    setTimer: (ms, callback) => manual.setTimer(ms, callback),
  };
  const stop = new AbortController();
  const calls: string[] = [];
  let enqueue = (_key: string): void => {};
  const running = runController({
    name: "test",
    reconcile: async (key) => {
      calls.push(key);
      if (key === "large") workedMs += 5;
      else await manual.sleep(5);
      return {};
    },
    sources: [
      {
        synced: async () => {},
        subscribe(add) {
          enqueue = add;
        },
      },
    ],
    clock,
    logger: silentLogger,
    signal: stop.signal,
  });
  enqueue("large");
  await manual.advance(0);
  for (let event = 0; event < 9; event += 1) enqueue("large");
  await manual.advance(99);
  assert.deepEqual(calls, ["large"]);
  await manual.advance(1);
  assert.deepEqual(calls, ["large", "large"]);
  enqueue("waits");
  await manual.advance(5);
  enqueue("waits");
  await manual.advance(5);
  assert.deepEqual(calls.slice(2), ["waits", "waits"]);
  enqueue("large");
  await manual.advance(100);
  assert.equal(calls.filter((key) => key === "large").length, 3);
  stop.abort();
  await running;
  assert.equal(manual.pendingTimers, 0);
});

test("a controller retries throws with backoff, requeues on demand, bounds its workers and stops cleanly", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const calls: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<ReconcileResult>>();
  let running = 0;
  let peak = 0;
  let enqueue: (key: string) => void = () => {};
  const controller = runController({
    name: "test",
    clock,
    logger: silentLogger,
    signal: stop.signal,
    concurrency: 2,
    sources: [
      {
        subscribe: (add) => {
          enqueue = add;
        },
        synced: async () => {},
      },
    ],
    async reconcile(key) {
      calls.push(`${key}@${clock.monotonicMs()}`);
      running += 1;
      peak = Math.max(peak, running);
      try {
        if (key === "fails" && calls.filter((call) => call.startsWith("fails")).length < 3) throw new Error("not yet");
        if (key === "conflicts" && calls.filter((call) => call.startsWith("conflicts")).length < 3)
          throw new ApiStatusError({ code: 409, reason: "Conflict", message: "the object has been modified" });
        if (key === "again" && calls.filter((call) => call.startsWith("again")).length < 2)
          return { requeueAfterMs: 100 };
        return (await gates.get(key)?.promise) ?? {};
      } finally {
        running -= 1;
      }
    },
  });
  enqueue("fails");
  await clock.advance(50);
  enqueue("again");
  await clock.advance(200);
  assert.deepEqual(calls.splice(0), ["fails@0", "fails@5", "fails@15", "again@50", "again@150"]);
  // A conflict waits for the newer object, which brings the key back; without one it is tried again after 50 ms, always.
  enqueue("conflicts");
  await clock.advance(20);
  enqueue("conflicts");
  await clock.advance(200);
  assert.deepEqual(calls.splice(0), ["conflicts@250", "conflicts@270", "conflicts@300"]);
  for (const key of ["1", "2", "3"]) {
    gates.set(key, Promise.withResolvers());
    enqueue(key);
  }
  await clock.advance(0);
  assert.equal(calls.length, 2);
  assert.equal(peak, 2);
  for (const gate of gates.values()) gate.resolve({});
  await clock.advance(0);
  assert.equal(calls.length, 3);
  stop.abort();
  await controller;
  assert.equal(clock.pendingTimers, 0);
});
