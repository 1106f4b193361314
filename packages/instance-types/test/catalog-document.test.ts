import assert from "node:assert/strict";
import { test } from "node:test";
import {
  builtInCatalog,
  builtInInstanceTypes,
  catalogDocument,
  formatCatalogDocument,
  forNodeClass,
  InvalidCatalogError,
  type NodeClassResources,
  parseCatalogDocument,
} from "@nodeless/instance-types";

const TYPE = {
  name: "small",
  labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" },
  capacity: { cpu: "2", memory: "4Gi", pods: "10" },
  overhead: { cpu: "100m", memory: "512Mi" },
  offerings: [{ zone: "z-a", capacityType: "on-demand", usdPerHour: 0.1 }],
};
const parse = (change: object, type: object = {}) =>
  parseCatalogDocument(
    JSON.stringify({ date: "2026-01-01", region: "here", instanceTypes: [{ ...TYPE, ...type }], ...change }),
    "mine.json",
  );

for (const region of ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-2"])
  test(`the built-in catalogue of ${region} survives its JSON exactly`, () => {
    const catalog = builtInCatalog(region);
    assert.ok(catalog.instanceTypes.length > 600);
    const text = formatCatalogDocument(catalogDocument(catalog));
    const parsed = parseCatalogDocument(text, "built-in");
    assert.deepEqual(parsed.instanceTypes, catalog.instanceTypes);
    assert.deepEqual([parsed.date, parsed.region, parsed.exactness], [catalog.date, catalog.region, catalog.exactness]);
    for (const { name, offerings } of catalog.instanceTypes)
      for (const { capacityType } of offerings)
        assert.equal(parsed.isEstimate(name, capacityType), catalog.isEstimate(name, capacityType));
    assert.equal(formatCatalogDocument(catalogDocument(parsed)), text);
  });

test("one line holds one type", () => {
  const catalog = builtInCatalog("ap-northeast-2");
  const lines = formatCatalogDocument(catalogDocument(catalog)).split("\n");
  const m5 = lines.filter((line) => line.includes('"name":"m5.large"'));
  assert.equal(m5.length, 1);
  const { capacity, overhead, labels } = JSON.parse((m5[0] ?? "").replace(/,$/, ""));
  assert.deepEqual(capacity, { cpu: "2", memory: "7577Mi", "ephemeral-storage": "20Gi", pods: "29" });
  assert.deepEqual(overhead, { cpu: "70m", memory: "674Mi", "ephemeral-storage": "3Gi" });
  assert.equal(labels["kubernetes.io/arch"], "amd64");
});

test("a catalogue of one's own: quantities, defaults, overhead as it stands", () => {
  const { instanceTypes, date, region, exactness, isEstimate } = parse(
    {},
    { capacity: { cpu: 1.5, memory: "1.5Gi", pods: "10", "nvidia.com/gpu": 2 }, overhead: undefined },
  );
  const [type] = instanceTypes;
  assert.deepEqual([date, region, exactness], ["2026-01-01", "here", []]);
  assert.deepEqual(Object.fromEntries(type?.capacity ?? []), {
    cpu: 1500,
    memory: 1.5 * 1024 ** 3,
    pods: 10,
    "nvidia.com/gpu": 2,
  });
  assert.deepEqual(type?.overhead, new Map());
  assert.deepEqual(type?.offerings, [
    { zone: "z-a", capacityType: "on-demand", priceUsdPerHour: 0.1, available: true },
  ]);
  assert.deepEqual([...(type?.requirements.get("node.kubernetes.io/instance-type")?.values ?? [])], ["small"]);
  assert.equal(isEstimate("small", "on-demand"), false);
});

test("what is finer than a unit is never counted in favour of a node", () => {
  const finer = { cpu: "1999.5m", memory: "1000.5", pods: "10" };
  const [type] = parse({}, { capacity: finer, overhead: finer }).instanceTypes;
  assert.deepEqual([type?.capacity.get("cpu"), type?.capacity.get("memory")], [1999, 1000]);
  assert.deepEqual([type?.overhead.get("cpu"), type?.overhead.get("memory")], [2000, 1001]);
});

test("a label that a type lacks is unknown, unless the catalogue says that it is absent", () => {
  const key = "karpenter.k8s.aws/instance-gpu-count";
  const [unknown] = parse({}).instanceTypes;
  assert.equal(unknown?.requirements.get(key), undefined);
  const [absent] = parse({ absentLabels: [key] }).instanceTypes;
  assert.deepEqual(absent?.requirements.get(key), { key, complement: false, values: new Set() });
});

test("older label keys are today's", () => {
  const [type] = parse({}, { labels: { "beta.kubernetes.io/arch": "arm64" } }).instanceTypes;
  assert.deepEqual([...(type?.requirements.get("kubernetes.io/arch")?.values ?? [])], ["arm64"]);
});

const offering = TYPE.offerings[0];
for (const { wrong, change = {}, type = {}, want } of [
  { wrong: "no date", change: { date: undefined }, want: "date: is missing" },
  {
    wrong: "a strange date",
    change: { date: "yesterday" },
    want: "date: must be a date such as 2026-08-06, not yesterday",
  },
  { wrong: "a region that is a number", change: { region: 7 }, want: "region: must be text, not a number (7)" },
  {
    wrong: "types that are an object",
    change: { instanceTypes: {} },
    want: "instanceTypes: must be a list, not an object",
  },
  {
    wrong: "a type that is null",
    change: { instanceTypes: [null] },
    want: "instanceTypes[0]: must be an object, not null",
  },
  {
    wrong: "the same name twice",
    change: { instanceTypes: [TYPE, TYPE] },
    want: "instanceTypes[1].name: small stands twice in the catalogue",
  },
  {
    wrong: "a mistyped field",
    type: { overheads: {} },
    want: "instanceTypes[0].overheads: is not a field: did you mean overhead?",
  },
  {
    wrong: "labels that are null",
    type: { labels: null },
    want: "instanceTypes[0].labels: must be an object, not null",
  },
  {
    wrong: "several values of a label",
    type: { labels: { a: ["x", "y"] } },
    want: 'instanceTypes[0].labels.a: must be one label value as text, not ["x","y"]',
  },
  {
    wrong: "a comma list",
    type: { labels: { a: "x,y" } },
    want: 'instanceTypes[0].labels.a: must be one label value as text, not "x,y"',
  },
  {
    wrong: "a key that is none",
    type: { labels: { "a b": "x" } },
    want: 'instanceTypes[0].labels["a b"]: is not a label key',
  },
  {
    wrong: "another name in the labels",
    type: { labels: { "node.kubernetes.io/instance-type": "big" } },
    want: 'instanceTypes[0].labels["node.kubernetes.io/instance-type"]: must be the type\'s name, small',
  },
  {
    wrong: "two keys of one label",
    type: { labels: { "kubernetes.io/arch": "amd64", "beta.kubernetes.io/arch": "arm64" } },
    want: 'instanceTypes[0].labels["beta.kubernetes.io/arch"]: is arm64, but kubernetes.io/arch has another value: they are the same label',
  },
  {
    wrong: "no pods",
    type: { capacity: { cpu: 1, memory: "1Gi" } },
    want: "instanceTypes[0].capacity.pods: is missing",
  },
  {
    wrong: "an impossible quantity",
    type: { overhead: { cpu: "1 core" } },
    want: 'instanceTypes[0].overhead.cpu: must be a quantity such as 250m or 2Gi, not "1 core"',
  },
  {
    wrong: "a negative quantity",
    type: { overhead: { cpu: "-1" } },
    want: "instanceTypes[0].overhead.cpu: must not be negative: -1",
  },
  {
    wrong: "more than any machine has",
    type: { overhead: { memory: "9Ei" } },
    want: "instanceTypes[0].overhead.memory: is more than any machine has: 9Ei",
  },
  {
    wrong: "another capacity type",
    type: { offerings: [{ ...offering, capacityType: "free" }] },
    want: 'instanceTypes[0].offerings[0].capacityType: must be spot, on-demand or reserved, not "free"',
  },
  {
    wrong: "a price in text",
    type: { offerings: [{ ...offering, usdPerHour: "1" }] },
    want: 'instanceTypes[0].offerings[0].usdPerHour: must be a number from 0 to 1000000, not "1"',
  },
  {
    wrong: "a negative price",
    type: { offerings: [{ ...offering, usdPerHour: -1 }] },
    want: "instanceTypes[0].offerings[0].usdPerHour: must be a number from 0 to 1000000, not -1",
  },
  {
    wrong: "availability that is no flag",
    type: { offerings: [{ ...offering, available: null }] },
    want: "instanceTypes[0].offerings[0].available: must be true or false, not null",
  },
  {
    wrong: "the same offering twice",
    type: { offerings: [offering, offering] },
    want: "instanceTypes[0].offerings[1]: on-demand in z-a stands twice",
  },
])
  test(`${wrong} is refused with its path`, () => {
    assert.throws(
      () => parse(change, type),
      (error: unknown) => {
        assert.ok(error instanceof InvalidCatalogError);
        assert.equal(error.message, `mine.json: ${want}`);
        return true;
      },
    );
  });

test("keys of a hostile file are only keys", () => {
  const text = `{"date":"2026-01-01","region":"x","__proto__":{"absentLabels":[7]},"instanceTypes":[]}`;
  assert.deepEqual(parseCatalogDocument(text, "x").instanceTypes, []);
  assert.throws(
    () => parse({}, { labels: JSON.parse('{"__proto__":"x"}') }),
    /labels\["__proto__"\]: is not a label key/,
  );
});

for (const { wrong, text, want } of [
  { wrong: "no text", text: "", want: /^f: is not JSON/ },
  { wrong: "half a text", text: '{\n"date": ', want: /^f: is not JSON/ },
  { wrong: "a list", text: "[]", want: /^f: must be an object, not a list$/ },
  {
    wrong: "too many types",
    text: `{"date":"2026-01-01","region":"x","instanceTypes":[${"0,".repeat(20_000)}0]}`,
    want: /^f: instanceTypes: has 20001 entries; at most 20000$/,
  },
])
  test(`${wrong} is refused`, () => assert.throws(() => parseCatalogDocument(text, "f"), { message: want }));

test("all problems are told, the first of them in the message", () => {
  const instanceTypes = Array.from({ length: 50 }, (_, index) => ({ ...TYPE, name: `t${index}`, labels: 1 }));
  assert.throws(
    () => parse({ instanceTypes }),
    (error: unknown) => {
      assert.ok(error instanceof InvalidCatalogError);
      assert.equal(error.problems.length, 50);
      assert.equal(error.message.split("\n").length, 21);
      assert.match(error.message, /mine\.json: 30 more problems/);
      return true;
    },
  );
});

for (const nodeClass of [
  { family: "AL2023" },
  { family: "Bottlerocket", kubelet: { maxPods: 40 } },
  { family: "Windows2022" },
  { family: "AL2023", instanceStorePolicy: "RAID0", kubelet: { podsPerCore: 10, kubeReserved: { memory: "1Gi" } } },
] satisfies readonly NodeClassResources[])
  test(`types read from JSON fit another node class as the facts do: ${JSON.stringify(nodeClass)}`, () => {
    const region = "ap-northeast-2";
    const { instanceTypes } = parseCatalogDocument(formatCatalogDocument(catalogDocument(builtInCatalog(region))), "x");
    const zones = new Map([[`${region}a`, "apne2-az1"]]);
    const fromFacts = builtInInstanceTypes(region, { nodeClass, zones });
    const fromJson = forNodeClass(instanceTypes, { nodeClass, zones });
    assert.ok(fromFacts.length > 300);
    assert.equal(fromJson.length, fromFacts.length);
    const windowsAddresses = "vpc.amazonaws.com/PrivateIPv4Address"; // needs the interfaces, which no label holds
    for (const [index, type] of fromJson.entries()) {
      const other = fromFacts[index];
      const capacity = new Map([...(other?.capacity ?? [])].filter(([name]) => name !== windowsAddresses));
      assert.deepEqual(
        { ...type, capacity: new Map([...type.capacity].filter(([name]) => name !== windowsAddresses)) },
        { ...other, capacity },
      );
    }
  });
