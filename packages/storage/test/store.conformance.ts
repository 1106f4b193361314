import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordTooLargeError, type Store, StoreFailedError, type StoreRecord } from "@nodeless/storage";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function put(revision: number, key: string, text: string): StoreRecord {
  return { revision, key, value: bytes(text) };
}

export function remove(revision: number, key: string): StoreRecord {
  return { revision, key, value: null };
}

/** `key=text@revision` of everything live, in order of key. */
export function describe(store: Store): string {
  const { revision, records } = store.contents;
  const live = [...records.values()].map(
    (record) => `${record.key}=${new TextDecoder().decode(record.value ?? bytes("?"))}@${record.revision}`,
  );
  return `${revision}: ${live.sort().join(" ")}`;
}

/** The rules every store keeps. `open` gives a new, empty one that takes records of up to 1,000 bytes. */
export function testStoreConformance(name: string, open: () => Promise<Store>): void {
  test(`${name}: a new store is empty at revision 0`, async () => {
    const store = await open();
    assert.equal(describe(store), "0: ");
    await store.close();
  });

  test(`${name}: the newest record of a key wins, a deletion removes it and keeps its revision`, async () => {
    const store = await open();
    await store.append([put(1, "a", "one"), put(2, "b", "two")]);
    await store.append([put(3, "a", "three")]);
    await store.append([remove(7, "b")]);
    assert.equal(describe(store), "7: a=three@3");
    await store.close();
  });

  test(`${name}: batches become durable in call order`, async () => {
    const store = await open();
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5].map((revision) =>
        store.append([put(revision, "a", String(revision))]).then(() => order.push(revision)),
      ),
    );
    assert.deepEqual(order, [1, 2, 3, 4, 5]);
    assert.equal(describe(store), "5: a=5@5");
    await store.close();
  });

  test(`${name}: a revision that does not grow is a bug of the owner`, async () => {
    const store = await open();
    await store.append([put(4, "a", "x")]);
    for (const revision of [4, 3, 4.5, Number.NaN])
      await assert.rejects(store.append([put(revision, "a", "y")]), RangeError);
    assert.equal(describe(store), "4: a=x@4");
    await store.close();
  });

  test(`${name}: a record above the limit is refused, its batch with it, and the store goes on`, async () => {
    const store = await open();
    await assert.rejects(store.append([put(1, "a", "x"), put(2, "b", "y".repeat(1_000))]), RecordTooLargeError);
    await store.append([put(3, "c", "z")]);
    assert.equal(describe(store), "3: c=z@3");
    await store.close();
  });

  test(`${name}: a closed store takes no writes`, async () => {
    const store = await open();
    await store.close();
    await assert.rejects(store.append([put(1, "a", "x")]), StoreFailedError);
  });
}
