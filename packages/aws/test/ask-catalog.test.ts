import assert from "node:assert/strict";
import { test } from "node:test";
import { askCatalog, type CatalogProgress } from "@nodeless/aws";
import { builtInCatalog } from "@nodeless/instance-types";
import { startAws } from "./aws-world.ts";

const REGION = "ap-northeast-2";
const AT = new Date("2026-11-21T08:00:00Z");

test("what AWS is asked becomes a catalogue: a local AWS repeats the built-in one, estimates included", async () => {
  await using world = await startAws();
  const progress: CatalogProgress[] = [];
  const asked = await askCatalog({
    clients: world.clients,
    region: REGION,
    at: AT,
    endpoint: "http://local",
    onProgress: (one) => progress.push(one),
  });
  const builtIn = builtInCatalog(REGION);
  assert.deepEqual(asked.instanceTypes, builtIn.instanceTypes);
  for (const { name } of asked.instanceTypes)
    for (const capacityType of ["on-demand", "spot"])
      assert.equal(asked.isEstimate(name, capacityType), builtIn.isEstimate(name, capacityType), name);
  assert.deepEqual([asked.date, asked.region], ["2026-11-21T08:00:00.000Z", REGION]);
  assert.match(asked.exactness[0] ?? "", /as http:\/\/local said at 2026-11-21.*repeats the built-in/);
  assert.deepEqual(
    new Set(progress.map(({ question }) => question)),
    new Set(["zones", "instance types", "zones of types", "on-demand prices", "spot prices"]),
  );
  assert.equal(progress.find(({ question }) => question === "zones")?.answers, 4);
});

test("prices of AWS itself are no estimates", async () => {
  await using world = await startAws();
  const asked = await askCatalog({ clients: world.clients, region: REGION, at: AT });
  assert.equal(asked.isEstimate("m5.large", "spot"), false);
  assert.match(asked.exactness[0] ?? "", /as AWS said/);
});

test("a type that the price list does not name has its built-in price as an estimate", async () => {
  await using world = await startAws();
  const pricing = { send: async () => ({ PriceList: [] }) } as unknown as typeof world.clients.pricing;
  const asked = await askCatalog({ clients: { ec2: world.clients.ec2, pricing }, region: REGION, at: AT });
  assert.deepEqual(asked.instanceTypes, builtInCatalog(REGION).instanceTypes);
  assert.equal(asked.isEstimate("m5.large", "on-demand"), true);
  assert.match(asked.exactness[1] ?? "", /^\d+ types have no price in the price list/);
});

test("an abort ends the questions with its reason", async () => {
  await using world = await startAws();
  const reason = new Error("enough");
  await assert.rejects(
    askCatalog({ clients: world.clients, region: REGION, at: AT }, AbortSignal.abort(reason)),
    (error: unknown) => error === reason,
  );
});

test("answers of another region are refused", async () => {
  await using world = await startAws();
  await assert.rejects(askCatalog({ clients: world.clients, region: "us-east-1", at: AT }), {
    message: `asked for us-east-1, but the answers are those of ${REGION}`,
  });
});
