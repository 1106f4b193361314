import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "@nodeless/environment";
import { openFileStore, StoreCorruptError } from "@nodeless/storage";
import { describe, put, remove, testStoreConformance } from "./store.conformance.ts";

async function temporaryDirectory(context: { after(fn: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "nodeless-storage-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const conformanceDirectories: string[] = [];
testStoreConformance("file", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nodeless-storage-"));
  conformanceDirectories.push(directory);
  return openFileStore({ directory, recordBytesMax: 1_000 });
});
test("file: clean up", async () => {
  for (const directory of conformanceDirectories) await rm(directory, { recursive: true, force: true });
});

test("what was acknowledged is there after reopening, without a close", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory });
  await store.append([put(1, "a", "ä"), put(2, "b", "two")]);
  await store.append([remove(9, "b")]);
  const again = await openFileStore({ directory });
  assert.equal(describe(again), "9: a=ä@1");
  await again.append([put(10, "c", "")]);
  await again.close();
  await store.close();
  const third = await openFileStore({ directory });
  assert.equal(describe(third), "10: a=ä@1 c=@10");
  await third.close();
});

test("a log cut at any byte reopens with whole batches, a prefix of what was written, and takes writes", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory });
  // Each state with the length of the log at which it became durable.
  const log = join(directory, "log-00000000");
  const states = [{ size: (await readFile(log)).length, text: describe(store) }];
  for (const batch of [[put(1, "a", "1"), put(2, "b", "2")], [remove(3, "a"), put(4, "c", "4")], [put(5, "b", "5")]]) {
    await store.append(batch);
    states.push({ size: (await readFile(log)).length, text: describe(store) });
  }
  await store.close();
  const whole = await readFile(log);
  for (let size = 0; size <= whole.length; size += 1) {
    await writeFile(log, whole.subarray(0, size));
    const cut = await openFileStore({ directory });
    const expected = states.findLast((state) => state.size <= size) ?? states[0];
    assert.equal(describe(cut), expected?.text, `cut at ${size}`);
    await cut.append([put(100, "new", "n")]);
    await cut.close();
    const again = await openFileStore({ directory });
    assert.match(describe(again), /^100: .*new=n@100$/, `cut at ${size}`);
    await again.close();
  }
});

test("a tail whose pages never reached the disk is cut", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory });
  await store.append([put(1, "a", "1")]);
  await store.close();
  const log = join(directory, "log-00000000");
  await writeFile(log, Buffer.concat([await readFile(log), Buffer.alloc(5_000)]));
  const again = await openFileStore({ directory });
  assert.equal(describe(again), "1: a=1@1");
  await again.close();
});

test("any damaged byte before an acknowledged record is refused with file and offset, and nothing is changed", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory });
  await store.append([put(1, "a", "first")]);
  const log = join(directory, "log-00000000");
  const end = (await readFile(log)).length;
  await store.append([put(2, "b", "second")]);
  await store.close();
  const whole = await readFile(log);
  for (let at = 0; at < end; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    await writeFile(log, damaged);
    await assert.rejects(openFileStore({ directory }), (error) => {
      assert.ok(error instanceof StoreCorruptError, `byte ${at}`);
      assert.equal(error.file, log);
      assert.ok(error.offset <= at);
      assert.match(error.message, /log-00000000: .* at byte \d+; .*restore the directory from a backup/);
      return true;
    });
    assert.ok((await readFile(log)).equals(damaged));
  }
});

test("a power cut may tear what the disk had not got, and the start keeps what is before; what it had got is never cut", async (context) => {
  const directory = await temporaryDirectory(context);
  const clock = new ManualClock();
  const store = await openFileStore({ directory, clock });
  const log = join(directory, "log-00000000");
  const ends: number[] = [];
  const appendOne = async (revision: number): Promise<void> => {
    await store.append([put(revision, `k${revision}`, "x")]);
    ends.push((await readFile(log)).length);
  };
  for (const revision of [1, 2, 3]) await appendOne(revision);
  const beforeSync = await readFile(log);
  clock.advance(1_000);
  // The disk answers in its own time; a write that follows says that it has.
  const isMarked = async (): Promise<boolean> => {
    const before = (await readFile(log)).length;
    await appendOne(ends.length + 1);
    return (ends.at(-1) ?? 0) - before > (ends[1] ?? 0) - (ends[0] ?? 0) + 10;
  };
  while (!(await isMarked()));
  const afterSync = await readFile(log);
  await store.close();

  const damaged = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[(ends[1] ?? 0) - 1] = 0;
    return copy;
  };
  await writeFile(log, damaged(beforeSync));
  const torn = await openFileStore({ directory });
  assert.equal(describe(torn), "1: k1=x@1");
  await torn.close();
  await writeFile(log, damaged(afterSync));
  await assert.rejects(openFileStore({ directory }), StoreCorruptError);
});

test("garbage is compacted beside further writes; a crash in it loses nothing", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory, compactionBytesMin: 2_000 });
  const pending: Promise<void>[] = [];
  for (let revision = 1; revision <= 400; revision += 1) {
    pending.push(store.append([put(revision, `k${revision % 3}`, "x".repeat(50))]));
    if (revision % 20 === 0) await Promise.all(pending);
  }
  await store.append([remove(401, "k0")]);
  const before = describe(store);
  await store.close();
  const files = (await readdir(directory)).sort();
  assert.equal(files.length, 2, files.join());
  assert.match(files.join(), /^log-(\d+),snapshot-\1$/);
  assert.ok((await readFile(join(directory, files[0] ?? ""))).length < 10_000);

  // A crash between writing and renaming the next snapshot leaves this behind.
  await writeFile(join(directory, "snapshot-99999999.partial"), "half");
  const again = await openFileStore({ directory });
  assert.equal(describe(again), before);
  await again.close();
  assert.deepEqual((await readdir(directory)).sort(), files);
});

test("a snapshot is whole or the store does not open", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory, compactionBytesMin: 100 });
  for (let revision = 1; revision <= 20; revision += 1) await store.append([put(revision, "k", "x".repeat(50))]);
  await store.close();
  const name = (await readdir(directory)).find((file) => file.startsWith("snapshot")) ?? "";
  const snapshot = await readFile(join(directory, name));
  for (let size = 0; size < snapshot.length; size += 1) {
    await writeFile(join(directory, name), snapshot.subarray(0, size));
    await assert.rejects(openFileStore({ directory }), StoreCorruptError, `cut at ${size}`);
  }
});

test("a missing log between two others is refused", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await openFileStore({ directory });
  await store.append([put(1, "a", "1")]);
  await store.close();
  await writeFile(join(directory, "log-00000002"), await readFile(join(directory, "log-00000000")));
  await assert.rejects(openFileStore({ directory }), /log-00000002: log-1 before it is missing/);
});
