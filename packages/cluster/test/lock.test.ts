import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { AlreadyRunningError, acquireLock, lockHolder } from "../src/state/lock.ts";

const NOW = new Date("2026-01-01T00:00:00Z");
let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "nodeless-lock-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("a held lock refuses the second taker with the holder's pid, and is free after release", async () => {
  const path = join(directory, "demo/lock.json");
  const lock = await acquireLock(path, "demo", NOW);
  await assert.rejects(
    acquireLock(path, "demo", NOW),
    (error: unknown) => error instanceof AlreadyRunningError && error.holder.pid === process.pid,
  );
  assert.equal((await lockHolder(path))?.pid, process.pid);
  await lock.release();
  assert.equal(await lockHolder(path), undefined);
  await (await acquireLock(path, "demo", NOW)).release();
});

for (const { rule, content } of [
  {
    rule: "a dead process's lock is taken over",
    content: JSON.stringify({ pid: 2 ** 22 - 1, startedAt: "", processStart: "" }),
  },
  {
    rule: "a lock of a process whose pid was reused is taken over",
    content: JSON.stringify({ pid: process.pid, startedAt: "", processStart: "1" }),
  },
  { rule: "a lock cut off while being written is taken over", content: '{"pid":' },
]) {
  test(rule, async () => {
    const path = join(directory, "lock.json");
    await writeFile(path, content);
    const lock = await acquireLock(path, "demo", NOW);
    assert.equal((await lockHolder(path))?.pid, process.pid);
    await lock.release();
  });
}
