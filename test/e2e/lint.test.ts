import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { example } from "../support/example.ts";
import { type CommandResult, newHome, runNodeless } from "../support/nodeless.ts";
import type { CatalogJson } from "../support/plan-checker.ts";

const CATEGORY = "karpenter.k8s.aws/instance-category";

describe("nodeless lint, as it is typed", () => {
  let home = "";
  before(async () => {
    home = await newHome();
  });
  after(() => rm(home, { recursive: true, force: true }));
  const lint = (args: readonly string[], input?: string): Promise<CommandResult> =>
    runNodeless(home, ["lint", ...args], input);

  test("what is clean exits 0, what is piped may have errors and exits 2", async () => {
    const text = await example("everyday/web-shop.yaml");
    const clean = await lint(["-f", "-"], text);
    assert.equal(clean.exitCode, 0, clean.stdout);
    assert.match(clean.stdout, /^no findings in 1 file \(\d+ objects, 0 commands\)\n$/);
    const elsewhere = text.replace(
      "containers:",
      "nodeSelector: { topology.kubernetes.io/zone: ap-northeast-2z }\n      containers:",
    );
    const broken = await lint(["-f", "-", "-o", "json"], elsewhere);
    assert.deepEqual([broken.exitCode, broken.stderr], [2, "1 error\n"]);
    const [finding] = JSON.parse(broken.stdout).findings;
    assert.deepEqual([finding.rule, finding.severity, finding.file], ["no-node", "error", "standard input"]);
  });

  test("a plan and lint agree about what no node can run", async () => {
    const pod = (cpu: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: large }\nspec: { containers: [{ name: a, image: a, resources: { requests: { cpu: ${cpu}, memory: 1Gi } } }] }\n`;
    const file = join(home, "pod.yaml");
    const catalog = join(home, "catalog.json");
    const { stdout } = await runNodeless(home, ["catalog", "show", "-o", "json"]);
    await writeFile(catalog, stdout);
    const { instanceTypes } = JSON.parse(stdout) as CatalogJson;
    const free = instanceTypes
      .filter(({ labels }) => labels["kubernetes.io/arch"] === "amd64" && /^[cmr]$/.test(labels[CATEGORY] ?? ""))
      .map(
        ({ capacity, overhead }) =>
          Number(capacity["cpu"]) * 1000 - Number.parseInt(String(overhead?.["cpu"] ?? "0"), 10),
      );
    const largest = Math.max(...free);
    for (const { millicores, args, fits } of [
      { millicores: largest - 100, args: [], fits: false },
      { millicores: largest - 100, args: ["--catalog", catalog], fits: true },
      { millicores: largest - 125, args: [], fits: true },
    ]) {
      await writeFile(file, pod(`${millicores}m`));
      const plan = await runNodeless(home, ["plan", "-f", file, "-o", "json", ...args]);
      assert.equal(JSON.parse(plan.stdout).unplaced.length === 0, fits, `${millicores} ${args}`);
      assert.equal(
        (await lint(["-f", file, "--only", "no-node", ...args])).exitCode === 0,
        fits,
        `${millicores} ${args}`,
      );
    }
  });
});
