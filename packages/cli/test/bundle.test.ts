import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { currentBundle } from "../bin/bundle.js";

/** A checkout with one source, and a bundle of it. */
async function checkout(context: TestContext): Promise<{ root: URL; bundle: URL; source: string }> {
  const directory = await mkdtemp(join(tmpdir(), "nodeless-bundle-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const source = join(directory, "main.ts");
  await writeFile(source, "export {};\n");
  await mkdir(join(directory, "bundle"));
  await writeFile(join(directory, "bundle/main.js"), "");
  const { mtimeMs, size } = await stat(source);
  await writeFile(join(directory, "bundle/inputs.json"), JSON.stringify({ "main.ts": [mtimeMs, size] }));
  return { root: pathToFileURL(`${directory}/`), bundle: pathToFileURL(`${directory}/bundle/`), source };
}

test("a bundle is current until one of its sources changes or goes", async (context) => {
  const { root, bundle, source } = await checkout(context);
  const main = new URL("main.js", bundle).href;
  assert.equal(currentBundle(bundle, root)?.href, main);
  const { atime, mtime } = await stat(source);
  await utimes(source, atime, new Date(mtime.getTime() - 1_000));
  assert.equal(currentBundle(bundle, root), undefined, "another time, be it an earlier one");
  await utimes(source, atime, mtime);
  await writeFile(source, "export { };\n");
  assert.equal(currentBundle(bundle, root), undefined, "another content");
  await rm(source);
  assert.equal(currentBundle(bundle, root), undefined, "no source any more");
  assert.equal(currentBundle(bundle, undefined)?.href, main, "outside a checkout there are no sources to compare with");
});

test("without its list of sources a bundle is not whole, and not used", async (context) => {
  const { root, bundle } = await checkout(context);
  await writeFile(new URL("inputs.json", bundle), '{"main.ts":[17');
  assert.equal(currentBundle(bundle, root), undefined, "cut off while it was written");
  await rm(new URL("inputs.json", bundle));
  assert.equal(currentBundle(bundle, root), undefined);
  assert.equal(currentBundle(bundle, undefined), undefined);
});
