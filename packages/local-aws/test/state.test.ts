import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@nodeless/environment";
import { openMemoryStore, type Store, type StoreRecord } from "@nodeless/storage";
import { LocalState } from "../src/state/local-state.ts";
import { pageOf } from "../src/state/pages.ts";

interface Thing {
  readonly size: number;
}

test("what was put and flushed is there in the next process; what was deleted is not", async () => {
  const store = openMemoryStore();
  const clock = new ManualClock();
  const state = new LocalState({ store, clock });
  const things = state.collection<Thing>("test/thing");
  things.put("a/b", { size: 1 });
  things.put("gone", { size: 2 });
  things.update("a/b", (thing) => ({ size: thing.size + 1 }));
  things.delete("gone");
  await state.flush();
  const reopened = new LocalState({ store, clock }).collection<Thing>("test/thing");
  assert.deepEqual([...reopened.entries()], [["a/b", { size: 2 }]]);
});

test("changes of one synchronous section are one batch; flush waits for it and reports a refusal", async () => {
  const batches: (readonly StoreRecord[])[] = [];
  const inner = openMemoryStore();
  let refuse = false;
  const store: Store = {
    contents: inner.contents,
    append: async (records) => {
      if (refuse) throw new Error("disk full");
      batches.push(records);
    },
    close: () => inner.close(),
  };
  const state = new LocalState({ store, clock: new ManualClock() });
  const things = state.collection<Thing>("test/thing");
  things.put("a", { size: 1 });
  state.transitions.schedule({ kind: "grow", id: "a", afterMs: 1 });
  await Promise.resolve();
  things.put("b", { size: 1 });
  await state.flush();
  assert.deepEqual(
    batches.map((batch) => batch.map(({ key, revision }) => `${revision} ${key}`)),
    [["1 test/thing/a", "2 state/transition/grow/a"], ["3 test/thing/b"]],
  );
  refuse = true;
  things.put("c", { size: 1 });
  await assert.rejects(state.flush(), /disk full/);
  await assert.rejects(state.flush(), /disk full/, "a lost write stays lost");
});

test("a transition happens once, at its time, also when the process was down meanwhile", async () => {
  const store = openMemoryStore();
  const clock = new ManualClock();
  const run = (): { readonly state: LocalState; readonly done: string[] } => {
    const state = new LocalState({ store, clock });
    const done: string[] = [];
    state.transitions.on("grow", (id) => void done.push(id));
    state.transitions.arm();
    return { state, done };
  };
  const first = run();
  first.state.transitions.schedule({ kind: "grow", id: "early", afterMs: 10 });
  first.state.transitions.schedule({ kind: "grow", id: "late", afterMs: 1000 });
  first.state.transitions.schedule({ kind: "grow", id: "cancelled", afterMs: 10 });
  first.state.transitions.schedule({ kind: "grow", id: "moved", afterMs: 5 });
  first.state.transitions.schedule({ kind: "grow", id: "moved", afterMs: 2000 });
  first.state.transitions.cancel("grow", "cancelled");
  await clock.advance(10);
  assert.deepEqual(first.done, ["early"]);
  await first.state.close();
  await clock.advance(990);
  assert.deepEqual(first.done, ["early"], "a closed state does nothing");
  const second = run();
  await clock.advance(0);
  assert.deepEqual(second.done, ["late"]);
  await clock.advance(1000);
  assert.deepEqual(second.done, ["late", "moved"]);
});

test("a token answers its first result for an hour; other input under it is refused; failures are not remembered", async () => {
  const clock = new ManualClock();
  const { tokens } = new LocalState({ store: openMemoryStore(), clock });
  let runs = 0;
  const call = (token: string | undefined, input: object): number =>
    tokens.once(
      { operation: "o", token, input: { ...input, clientToken: token } },
      () => (runs += 1),
      () => new Error("mismatch"),
    );
  assert.deepEqual(
    [call("t", { a: 1, b: 2 }), call("t", { b: 2, a: 1 }), call("u", {}), call(undefined, {})],
    [1, 1, 2, 3],
  );
  assert.throws(() => call("t", { a: 2 }), /mismatch/);
  await clock.advance(3_600_000);
  assert.equal(call("t", { a: 2 }), 4);
  const failing = { operation: "f", token: "t", input: {} };
  assert.throws(
    () =>
      tokens.once(
        failing,
        () => {
          throw new Error("no");
        },
        () => new Error("mismatch"),
      ),
    /no/,
  );
  assert.equal(
    tokens.once(
      failing,
      () => 1,
      () => new Error("mismatch"),
    ),
    1,
  );
});

test("tokens are bounded: the oldest is forgotten", () => {
  const { tokens } = new LocalState({ store: openMemoryStore(), clock: new ManualClock() });
  let runs = 0;
  const call = (token: number): number =>
    tokens.once(
      { operation: "o", token: String(token), input: {} },
      () => (runs += 1),
      () => new Error("mismatch"),
    );
  for (let token = 0; token <= 10_000; token += 1) call(token);
  assert.equal(call(10_000), 10_001);
  assert.equal(call(0), 10_002);
});

test("pages neither repeat nor skip while items come and go; a foreign or forged token is refused", () => {
  const page = (items: string[], token: string | undefined, query: unknown = "q") =>
    pageOf(items, { key: (item) => item, token, size: 2, query, invalidToken: () => new Error("bad token") });
  const first = page(["d", "a", "c", "b"], undefined);
  assert.deepEqual(first.items, ["a", "b"]);
  const second = page(["d", "aa", "c"], first.nextToken);
  assert.deepEqual([second.items, second.nextToken], [["c", "d"], undefined]);
  assert.deepEqual(page([], first.nextToken).items, []);
  for (const forged of [Buffer.from('["b","x"]').toString("base64url"), "%", ""])
    assert.throws(() => page(["a"], forged), /bad token/);
  assert.throws(() => page(["a"], first.nextToken, "other"), /bad token/);
});
