import assert from "node:assert/strict";
import { test } from "node:test";
import type { EC2NodeClass, EC2NodeClassSpec } from "@nodeless/api";
import { builtInCatalog, catalogDocument, formatCatalogDocument, InvalidCatalogError } from "@nodeless/instance-types";
import { planCatalog, UnknownRegionError, UnknownZoneError } from "../src/catalog/index.ts";

const REGION = "ap-northeast-2";
const MIB = 1024 * 1024;

function nodeClass(spec: Partial<EC2NodeClassSpec>, zones: readonly string[] = []): EC2NodeClass {
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      amiSelectorTerms: [{ alias: "al2023@latest" }],
      subnetSelectorTerms: [],
      securityGroupSelectorTerms: [],
      ...spec,
    },
    ...(zones.length > 0 && { status: { subnets: zones.map((zone) => ({ id: `subnet-${zone}`, zone })) } }),
  };
}

const small = (zone: string) => ({
  name: "small",
  labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" },
  capacity: { cpu: "2", memory: "4Gi", pods: "10" },
  overhead: { cpu: "100m" },
  offerings: [{ zone, capacityType: "spot", usdPerHour: 0.1, estimate: true }],
});
const MINE = {
  name: "mine.json",
  text: JSON.stringify({
    date: "2026-01-01",
    region: "here",
    instanceTypes: [small("here-b"), { ...small("here-a"), name: "tiny" }],
  }),
};
/** What AWS might say of Seoul: one type, at another price. */
const ASKED = {
  name: "asked.json",
  text: formatCatalogDocument(
    catalogDocument({
      ...builtInCatalog(REGION),
      date: "2026-11-01",
      instanceTypes: builtInCatalog(REGION)
        .instanceTypes.filter(({ name }) => ["m5.large", "m6g.large"].includes(name))
        .map((type) => ({ ...type, offerings: type.offerings.map((one) => ({ ...one, priceUsdPerHour: 0.01 })) })),
      isEstimate: () => false,
    }),
  ),
};

test("without anything else the built-in catalogue is meant; spot and unpublished prices are estimates", () => {
  const catalog = planCatalog({ region: REGION });
  assert.deepEqual(
    [catalog.source, catalog.date, catalog.region, catalog.zones.length],
    ["built-in", "2026-08-06", REGION, 4],
  );
  assert.ok(catalog.instanceTypes(undefined).length > 600);
  assert.ok(catalog.exactness.some((sentence) => sentence.startsWith("spot prices: ")));
  assert.equal(catalog.isEstimate("m5.large", "on-demand"), false);
  assert.equal(catalog.isEstimate("m5.large", "spot"), true);
  assert.equal(catalog.isEstimate("m8i.large", "on-demand"), true);
});

test("equal node classes get the same list, others get their own", () => {
  const catalog = planCatalog({ region: REGION });
  const plain = catalog.instanceTypes(undefined);
  assert.equal(catalog.instanceTypes(nodeClass({})), plain);
  assert.equal(catalog.instanceTypes(nodeClass({ tags: { team: "a" } })), plain);
  const few = catalog.instanceTypes(nodeClass({ kubelet: { maxPods: 8 } }));
  assert.deepEqual(new Set(few.map(({ capacity }) => capacity.get("pods"))), new Set([8]));
  assert.ok(
    catalog
      .instanceTypes(nodeClass({ amiFamily: "Windows2022" }))
      .every((type) => type.requirements.get("kubernetes.io/arch")?.values.has("amd64") === true),
  );
});

test("subnets that a cluster resolved limit the zones", () => {
  const types = planCatalog({ region: REGION }).instanceTypes(nodeClass({}, [`${REGION}a`, `${REGION}c`]));
  const zones = new Set(types.flatMap(({ offerings }) => offerings.map(({ zone }) => zone)));
  assert.deepEqual([...zones].sort(), [`${REGION}a`, `${REGION}c`]);
});

test("what AWS said counts in its region, for every node class", () => {
  const catalog = planCatalog({ region: REGION, refreshed: ASKED });
  assert.deepEqual([catalog.source, catalog.date, catalog.zones.length], ["refreshed", "2026-11-01", 4]);
  assert.deepEqual(catalog.instanceTypes(undefined), catalog.catalog.instanceTypes);
  assert.equal(catalog.isEstimate("m5.large", "spot"), false);
  const [m5] = catalog.instanceTypes(
    nodeClass({ amiSelectorTerms: [{ alias: "bottlerocket@latest" }], kubelet: { maxPods: 10 } }, [`${REGION}a`]),
  );
  assert.deepEqual(
    [m5?.name, m5?.capacity.get("pods"), m5?.overhead.get("memory"), m5?.offerings.length],
    ["m5.large", 10, (11 * 10 + 255 + 100) * MIB, 2],
  );
  assert.equal(planCatalog({ region: "us-east-1", refreshed: ASKED }).source, "built-in");
});

test("a catalogue of one's own wins, says its region, and ignores node classes", () => {
  const catalog = planCatalog({ region: REGION, refreshed: ASKED, file: MINE });
  assert.deepEqual(
    [catalog.source, catalog.region, catalog.zones, catalog.exactness],
    ["mine.json", "here", ["here-a", "here-b"], []],
  );
  const types = catalog.instanceTypes(undefined);
  assert.deepEqual(
    types.map(({ name }) => name),
    ["small", "tiny"],
  );
  assert.equal(catalog.instanceTypes(nodeClass({ kubelet: { maxPods: 3 } })), types);
  assert.equal(catalog.isEstimate("small", "spot"), true);
});

test("an unknown region is refused with the known ones; a catalogue of one's own may have any", () => {
  assert.throws(
    () => planCatalog({ region: "mars-1" }),
    (error: unknown) => {
      assert.ok(error instanceof UnknownRegionError);
      assert.match(error.message, /"mars-1": known are us-east-1, us-west-2, eu-west-1, ap-northeast-2,.*--catalog/);
      return true;
    },
  );
  assert.equal(planCatalog({ region: "mars-1", file: MINE }).region, "here");
});

test("mistakes in a document are told with its name", () => {
  for (const options of [{ file: { name: "bad.json", text: "{}" } }, { refreshed: { name: "bad.json", text: "{}" } }])
    assert.throws(
      () => planCatalog({ region: REGION, ...options }),
      (error: unknown) => {
        assert.ok(error instanceof InvalidCatalogError);
        assert.match(error.message, /^bad\.json: date: is missing\n/);
        return true;
      },
    );
});

test("nodes are bought where the cluster has subnets", () => {
  const bought = (options: Parameters<typeof planCatalog>[0], of?: EC2NodeClass): string => {
    const types = planCatalog(options).instanceTypes(of);
    const zones = new Set(types.flatMap(({ offerings }) => offerings.map(({ zone }) => zone.at(-1))));
    return [...zones].sort().join("");
  };
  const some = [`${REGION}d`, `${REGION}a`];
  const refreshed = { region: REGION, refreshed: ASKED };
  const rows = [
    ["all of the region unless told", bought({ region: REGION }), "abcd"],
    ["the first three, as up takes them", bought({ region: REGION, availabilityZones: [] }), "abc"],
    ["not use1-az3, which has no Fargate", bought({ region: "us-east-1", availabilityZones: [] }), "abc"],
    ["those of the ClusterConfig", bought({ region: REGION, availabilityZones: some }), "ad"],
    ["what AWS said, too", bought({ ...refreshed, availabilityZones: [] }), "abc"],
    [
      "those of the node class's subnets before all others",
      bought({ region: REGION, availabilityZones: some }, nodeClass({}, [`${REGION}b`])),
      "b",
    ],
    ["all of a catalogue of one's own", bought({ region: REGION, file: MINE, availabilityZones: some }), "ab"],
  ] as const;
  for (const [rule, is, want] of rows) assert.equal(is, want, rule);
  const catalog = planCatalog({ region: REGION, availabilityZones: some });
  assert.deepEqual(catalog.zones, [`${REGION}a`, `${REGION}d`]);
  for (const [region, zone] of [
    ["us-east-1", "us-east-1e"],
    [REGION, "us-east-1a"],
  ] as const)
    assert.throws(() => planCatalog({ region, availabilityZones: [zone] }), UnknownZoneError);
});
