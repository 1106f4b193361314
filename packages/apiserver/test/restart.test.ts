import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openFileStore } from "@nodeless/storage";
import { CONFIG_MAPS, configMap, type Json, TestServer } from "./harness.ts";

test("what was acknowledged survives a server that is simply gone; revisions go on from where they were", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "nodeless-apiserver-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const first = await TestServer.start({ store: await openFileStore({ directory }) });
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => first.ok("POST", CONFIG_MAPS, configMap(`c${n}`, { n: String(n) }))),
  );
  await first.ok("PATCH", `${CONFIG_MAPS}/c1`, { data: { n: "changed" } });
  await first.ok("DELETE", `${CONFIG_MAPS}/c2`);
  const before = await first.ok("GET", "/api/v1/configmaps");
  // Neither server nor store is closed: this is kill -9 as the directory sees it.
  const second = await TestServer.start({ store: await openFileStore({ directory }) });
  const after = await second.ok("GET", "/api/v1/configmaps");
  assert.deepEqual(after, before);
  const created = await second.ok("POST", CONFIG_MAPS, configMap("later"));
  assert.equal(Number(created.metadata.resourceVersion), Number(before.metadata.resourceVersion) + 1);
  const namespaces = await second.ok("GET", "/api/v1/namespaces");
  assert.deepEqual(
    namespaces.items.map((item: Json) => item.metadata.name),
    ["default", "kube-node-lease", "kube-public", "kube-system"],
  );
  // Watchers of the old process resume if nothing happened since, and list again otherwise.
  const resumed = await second.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${before.metadata.resourceVersion}`);
  assert.deepEqual(await resumed.take(1), ["ADDED later"]);
  resumed.stop();
  const stale = await second.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=3`);
  assert.equal((await stale.next()).object.code, 410);
});
