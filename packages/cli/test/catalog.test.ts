import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInCatalog, catalogDocument, formatCatalogDocument, parseCatalogDocument } from "@nodeless/instance-types";
import { parse } from "yaml";
import { forgetRefreshed, storeRefreshed } from "../src/commands/catalog-choice.ts";
import { newWorld } from "./command-world.ts";

const REGION = "ap-northeast-2";

test("catalog show prints the types of a family by size, estimates marked, and says how old and exact that is", async () => {
  using world = newWorld();
  const { exitCode, stdout, stderr } = await world.run("catalog show --family t3,m8i");
  assert.deepEqual([exitCode, stderr], [0, ""]);
  const [table = "", notes = ""] = stdout.split("\n\n");
  const rows = table.split("\n").map((line) => line.split(/ {3,}/));
  assert.deepEqual(rows[0], ["TYPE", "VCPU", "MEMORY", "ARCH", "ZONES", "ON-DEMAND", "SPOT"]);
  assert.deepEqual(
    rows.slice(-7).map(([name]) => name),
    ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"].map((size) => `t3.${size}`),
  );
  const large = rows.find(([name]) => name === "m8i.large");
  assert.deepEqual(large?.slice(1, 4), ["2", "8Gi", "amd64"]);
  assert.match(large?.[5] ?? "", /^~0\.\d{4}$/);
  const t3 = rows.find(([name]) => name === "t3.large");
  assert.match(t3?.[5] ?? "", /^0\.\d{4}$/);
  assert.match(t3?.[6] ?? "", /^~0\.\d{4}$/);
  assert.match(notes, /^built-in catalogue of 2026-08-06, ap-northeast-2: \d+ types/);
  assert.match(notes, /spot prices: estimates, a typical share of on-demand/);
});

test("the wide table adds what a node has and every zone's spot price", async () => {
  using world = newWorld();
  const { stdout } = await world.run("catalog show --family g5 --region us-east-1 -o wide");
  const row = stdout.split("\n").find((line) => line.startsWith("g5.xlarge "));
  assert.match(row ?? "", / 1 gpu +250 GB .* a ~0\.\d{4}, b ~0\.\d{4}/);
});

test("json is the document that --catalog reads, yaml the same", async () => {
  using world = newWorld({}, { environment: { AWS_REGION: "us-west-2", NODELESS_HOME: "/nonexistent/x" } });
  const json = await world.run("catalog show -o json");
  const catalog = parseCatalogDocument(json.stdout, "stdout");
  assert.deepEqual([catalog.region, catalog.instanceTypes], ["us-west-2", builtInCatalog("us-west-2").instanceTypes]);
  const one = await world.run("catalog show --family m7g -o json");
  const again = await world.run("catalog show --catalog - -o json", one.stdout);
  assert.equal(again.stdout, one.stdout);
  const yaml = await world.run("catalog show --catalog - -o yaml", one.stdout);
  assert.deepEqual(parse(yaml.stdout), JSON.parse(one.stdout));
});

test("what was refreshed is used and named, until it is forgotten", async () => {
  using world = newWorld();
  const document = catalogDocument({ ...builtInCatalog(REGION), date: "2026-11-21", exactness: ["as told"] });
  await storeRefreshed(world.terminal, { region: REGION, text: formatCatalogDocument(document) });
  assert.match(
    (await world.run("catalog show --family t3")).stdout,
    /\n\nrefreshed catalogue of 2026-11-21, .*\nas told\n$/,
  );
  assert.match((await world.run("catalog show --family t3 --region us-east-1")).stdout, /built-in catalogue/);
  const { exitCode, stderr } = await world.run("catalog refresh --reset");
  assert.deepEqual([exitCode, stderr], [0, `forgotten for ${REGION}: the built-in catalogue is in use again\n`]);
  assert.match((await world.run("catalog show --family t3")).stdout, /built-in catalogue/);
  assert.match((await world.run("catalog refresh --reset")).stderr, /nothing was refreshed/);
});

test("only the region named is forgotten", async () => {
  using world = newWorld();
  for (const region of [REGION, "us-east-1"]) await storeRefreshed(world.terminal, { region, text: "{}" });
  assert.deepEqual(await forgetRefreshed(world.terminal, "us-east-1"), ["us-east-1"]);
  assert.deepEqual(await forgetRefreshed(world.terminal, undefined), [REGION]);
});

for (const { args, exitCode, message } of [
  { args: "catalog show --region mars-1", exitCode: 1, message: /region "mars-1": known are us-east-1, .*--catalog/ },
  { args: "catalog show --region ../x", exitCode: 64, message: /"\.\.\/x" is not a region such as ap-northeast-2/ },
  { args: "catalog show --family m5,zz", exitCode: 1, message: /no family zz in ap-northeast-2: it has c5, / },
  { args: "catalog show --catalog missing.json", exitCode: 1, message: /cannot read missing\.json: / },
  {
    args: "catalog show --catalog -",
    exitCode: 1,
    message: /^error: standard input: date: is missing\nstandard input: region: /,
  },
  { args: "catalog show -o name", exitCode: 64, message: /Allowed choices are table, wide, json, yaml/ },
])
  test(`nodeless ${args} says what is wrong`, async () => {
    using world = newWorld();
    const result = await world.run(args, "{}");
    assert.deepEqual([result.exitCode, result.stdout], [exitCode, ""]);
    assert.match(result.stderr, message);
  });

test("a broken refreshed catalogue is told with the remedy", async () => {
  using world = newWorld();
  await storeRefreshed(world.terminal, { region: REGION, text: "half a" });
  const { exitCode, stderr } = await world.run("catalog show");
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /ap-northeast-2\.json: is not JSON: .*\nforget what was refreshed with `nodeless catalog refresh --reset`/,
  );
});
