import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { InvalidKubeconfigError, mergeKubeconfig, removeFromKubeconfig } from "../src/kubeconfig.ts";

const ENTRY = {
  context: "nodeless-demo",
  server: "https://127.0.0.1:6443",
  certificateAuthorityPem: "ca",
  clientCertificatePem: "cert",
  clientKeyPem: "key",
};
const FOREIGN = `# my clusters
apiVersion: v1
kind: Config
clusters:
  - name: prod # do not touch
    cluster: { server: https://prod }
users: []
contexts:
  - name: prod
    context: { cluster: prod, user: me }
current-context: prod
`;

let directory = "";
let path = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "nodeless-kubeconfig-"));
  path = join(directory, "sub/config");
});
afterEach(() => rm(directory, { recursive: true }));

test("a missing file is made, with the new context current", async () => {
  await mergeKubeconfig(path, ENTRY, { setCurrent: true });
  const text = await readFile(path, "utf8");
  assert.match(text, /current-context: nodeless-demo/);
  assert.match(text, /certificate-authority-data: Y2E=/);
});

test("foreign entries and comments stay; merging twice changes nothing more; removing restores", async () => {
  const own = join(directory, "config");
  await writeFile(own, FOREIGN);
  await mergeKubeconfig(own, ENTRY, { setCurrent: false });
  const once = await readFile(own, "utf8");
  assert.match(once, /# my clusters/);
  assert.match(once, /# do not touch/);
  assert.match(once, /current-context: prod/);
  await mergeKubeconfig(own, ENTRY, { setCurrent: false });
  assert.equal(await readFile(own, "utf8"), once);
  await removeFromKubeconfig(own, ENTRY.context);
  assert.doesNotMatch(await readFile(own, "utf8"), /nodeless-demo/);
});

test("a file that is not a kubeconfig is left alone", async () => {
  const own = join(directory, "config");
  await writeFile(own, "{ broken");
  await assert.rejects(mergeKubeconfig(own, ENTRY, { setCurrent: true }), InvalidKubeconfigError);
  assert.equal(await readFile(own, "utf8"), "{ broken");
});
