import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  catalogInfo,
  eniPodLimit,
  fargatePrices,
  findInstanceType,
  hasFargate,
  type InstanceTypeFacts,
  instanceTypeFacts,
  kubeletResources,
  regionInfo,
  zonesOf,
} from "@nodeless/catalog";

/** The facts as committed, read with the rules of the table and not with the catalog's code. */
interface RawFamily {
  readonly f: string;
  readonly sizes: string;
  readonly x?: Readonly<Record<string, readonly [number | null, number | null]>>;
  readonly gibPerVcpu: number;
  readonly eni: number;
  readonly usd: readonly (number | null)[];
  readonly px?: Readonly<Record<string, readonly (number | null)[]>>;
  readonly az: string;
  readonly azx?: Readonly<Record<string, string>>;
}
const raw = JSON.parse(readFileSync(new URL("../data/instance-facts.json", import.meta.url), "utf8")) as {
  readonly regions: readonly string[];
  readonly eniRows: readonly Readonly<Record<string, string>>[];
  readonly families: readonly RawFamily[];
};

function known(region: string, name: string): InstanceTypeFacts {
  const facts = findInstanceType(region, name);
  assert.ok(facts, `${name} in ${region}`);
  return facts;
}

test("every family and size of the facts is in the catalog with its zones, interfaces and known price", () => {
  assert.deepEqual(catalogInfo().regions, raw.regions);
  let sizes = 0;
  let pairs = 0;
  let prices = 0;
  for (const family of raw.families) {
    for (const size of family.sizes.split(" ")) {
      sizes += 1;
      for (const [index, region] of raw.regions.entries()) {
        pairs += 1;
        const letters = (family.azx?.[size] ?? family.az).split(" ")[index];
        const facts = findInstanceType(region, `${family.f}.${size}`);
        assert.equal(facts?.zones.map((zone) => zone.slice(region.length)).join("") ?? "-", letters);
        if (facts === undefined) continue;
        assert.equal(`${facts.enis}x${facts.ipv4PerEni}`, raw.eniRows[family.eni]?.[size], facts.name);
        const memory = family.x?.[size]?.[1] ?? facts.vcpus * family.gibPerVcpu * 1024;
        assert.ok(Math.abs(facts.memoryMiB - memory) < 1, facts.name);
        const usd = family.usd[index];
        const price = family.px?.[size]?.[index] ?? (usd === null || usd === undefined ? undefined : usd * facts.vcpus);
        if (price === undefined) continue;
        prices += 1;
        assert.ok(Math.abs((facts.onDemandUsdPerHour ?? 0) - price) < 0.00006, `${facts.name} in ${region}`);
        assert.equal(facts.priceIsEstimate, false);
      }
    }
  }
  assert.deepEqual({ families: raw.families.length, sizes, pairs }, { families: 151, sizes: 1282, pairs: 10256 });
  assert.ok(prices > 5800, `${prices} prices compared`);
});

for (const { type, want } of [
  { type: "m5.large", want: { vcpus: 2, memoryMiB: 8192, architecture: "amd64", hypervisor: "nitro", pods: 29 } },
  { type: "t3.micro", want: { vcpus: 2, memoryMiB: 1024, architecture: "amd64", hypervisor: "nitro", pods: 4 } },
  { type: "c6g.medium", want: { vcpus: 1, memoryMiB: 2048, architecture: "arm64", hypervisor: "nitro", pods: 8 } },
  { type: "m5.metal", want: { vcpus: 96, memoryMiB: 393216, architecture: "amd64", hypervisor: "", pods: 737 } },
  { type: "x1.16xlarge", want: { vcpus: 64, memoryMiB: 999424, architecture: "amd64", hypervisor: "xen", pods: 234 } },
])
  test(`${type} has the shape EC2 publishes`, () => {
    const { vcpus, memoryMiB, architecture, hypervisor, ...facts } = known("us-east-1", type);
    assert.deepEqual({ vcpus, memoryMiB, architecture, hypervisor, pods: eniPodLimit(facts) }, want);
  });

test("families split into category, generation and flags", () => {
  const parts = (name: string): unknown[] => {
    const { category, generation, size, flex, burstable, localNvmeGB } = known("us-east-1", name);
    return [category, generation, size, flex, burstable, localNvmeGB];
  };
  assert.deepEqual(parts("im4gn.large"), ["im", 4, "large", false, false, 937]);
  assert.deepEqual(parts("m7i-flex.large"), ["m", 7, "large", true, false, 0]);
  assert.deepEqual(parts("t4g.nano"), ["t", 4, "nano", false, true, 0]);
  assert.equal(known("us-east-1", "g5.12xlarge").gpus?.count, 4);
  assert.equal(known("us-east-1", "g6f.large").gpus?.memoryMiB, 2861);
  assert.deepEqual(known("us-east-1", "inf2.24xlarge").accelerators, {
    name: "Inferentia2",
    manufacturer: "aws",
    count: 6,
    memoryMiB: 32768,
    coresPerDevice: 2,
  });
});

test("an unknown price is an estimate from us-east-1, and says so", () => {
  const seoul = known("ap-northeast-2", "m8i.large");
  assert.equal(seoul.priceIsEstimate, true);
  assert.equal(
    seoul.onDemandUsdPerHour,
    Number(((known("us-east-1", "m8i.large").onDemandUsdPerHour ?? 0) * 1.229).toFixed(5)),
  );
  assert.equal(known("us-west-2", "p5e.48xlarge").onDemandUsdPerHour, undefined);
});

test("spot prices are stable, below on-demand and spread by zone", () => {
  for (const facts of instanceTypeFacts("ap-northeast-2"))
    for (const zone of facts.zones) {
      const spot = facts.spotUsdPerHour(zone);
      if (spot === undefined) continue;
      assert.equal(facts.spotUsdPerHour(zone), spot);
      assert.ok(spot > 0 && spot < (facts.onDemandUsdPerHour ?? 0), `${facts.name} in ${zone}`);
    }
  const m5 = known("ap-northeast-2", "m5.large");
  assert.equal(new Set(m5.zones.map((zone) => m5.spotUsdPerHour(zone))).size, m5.zones.length);
  assert.equal(m5.spotUsdPerHour("us-east-1a"), undefined);
  assert.equal(known("us-east-2", "hpc7a.96xlarge").spotUsdPerHour("us-east-2b"), undefined);
});

test("zones have names, global ids, and cover every offer", () => {
  assert.deepEqual(zonesOf("ap-northeast-2")[0], { name: "ap-northeast-2a", id: "apne2-az1" });
  assert.deepEqual(zonesOf("mars-1"), []);
  const withoutFargate = zonesOf("us-east-1").filter(({ id }) => !hasFargate(id));
  assert.deepEqual(withoutFargate, [{ name: "us-east-1e", id: "use1-az3" }], "whatever an account calls it");
  for (const region of catalogInfo().regions) {
    const names = new Set(zonesOf(region).map((zone) => zone.name));
    assert.equal(new Set(zonesOf(region).map((zone) => zone.id)).size, names.size);
    for (const facts of instanceTypeFacts(region))
      for (const zone of facts.zones) assert.ok(names.has(zone), `${facts.name} in ${zone}`);
  }
});

test("a kubelet reports less memory than nominal, more than Karpenter assumes, and keeps its own share", () => {
  const { capacity, allocatable } = kubeletResources(known("us-east-1", "m5.large"));
  assert.deepEqual(capacity, {
    cpu: "2",
    memory: "7969177Ki",
    "ephemeral-storage": "20959212Ki",
    pods: "29",
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
  });
  assert.equal(allocatable["cpu"], "1930m");
  assert.equal(allocatable["memory"], `${7969177 - (574 + 100) * 1024}Ki`);
  assert.equal(allocatable["ephemeral-storage"], "18242267955");
  assert.equal(kubeletResources(known("us-east-1", "m5.large"), { maxPods: 110 }).allocatable["pods"], "110");
  for (const facts of instanceTypeFacts("us-east-1")) {
    if (facts.memoryMiB < 2048) continue;
    const reported = Number.parseInt(kubeletResources(facts).capacity["memory"] ?? "", 10) / 1024;
    const cma = facts.architecture === "arm64" ? 64 : 0;
    assert.ok(reported < facts.memoryMiB && reported >= (facts.memoryMiB - cma) * 0.925, facts.name);
  }
  assert.equal(kubeletResources(known("us-east-1", "g5.12xlarge")).allocatable["nvidia.com/gpu"], "4");
  assert.equal(kubeletResources(known("us-east-1", "inf2.xlarge")).allocatable["aws.amazon.com/neuroncore"], "2");
});

/** USD per vCPU-hour, GB-hour and GB-hour of storage above 20 GB. Source: the AWS price list of 2025-10-28 (fargate.md §10). */
for (const { region, want } of [
  { region: "us-east-1", want: [0.04048, 0.004445, 0.000111] },
  { region: "us-west-2", want: [0.04048, 0.004445, 0.000111] },
  { region: "us-east-2", want: [0.04048, 0.004445, 0.000111] },
  { region: "eu-west-1", want: [0.04048, 0.004445, 0.000122] },
  { region: "eu-central-1", want: [0.04656, 0.00511, 0.000132] },
  { region: "ap-northeast-2", want: [0.04656, 0.00511, 0.000127] },
  { region: "ap-northeast-1", want: [0.05056, 0.00553, 0.000133] },
  { region: "ap-southeast-1", want: [0.05056, 0.00553, 0.000133] },
])
  test(`Fargate in ${region} costs ${want.join(", ")}`, () => {
    const [vcpuHour, gbHour, storageGbHour] = want;
    assert.deepEqual(fargatePrices(region), { vcpuHour, gbHour, storageGbHour });
  });

test("a month of the smallest useful Fargate sizes in Seoul", () => {
  const { vcpuHour = 0, gbHour = 0 } = fargatePrices("ap-northeast-2") ?? {};
  const month = (vcpus: number, gb: number): string => (730 * (vcpus * vcpuHour + gb * gbHour)).toFixed(2);
  assert.deepEqual([month(0.25, 0.5), month(1, 2)], ["10.36", "41.45"]);
});

test("every region says how old its prices are and how many are estimates", () => {
  for (const region of ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-2"])
    assert.ok(catalogInfo().regions.includes(region));
  for (const region of catalogInfo().regions) {
    const info = regionInfo(region);
    assert.equal(info?.types, instanceTypeFacts(region).length);
    assert.ok((info?.types ?? 0) > 600 && (info?.withoutPrice ?? 0) < 35, `${region} ${JSON.stringify(info)}`);
    assert.equal(info?.dates.onDemandPrices, region === "us-east-1" ? "2026-07-20" : "2025-10-28");
    assert.ok(region === "us-east-1" ? info?.estimatedPrices === 0 : (info?.estimatedPrices ?? 0) > 100, region);
  }
  assert.equal(regionInfo("mars-1"), undefined);
  assert.equal(fargatePrices("mars-1"), undefined);
});

test("names from users find nothing unexpected", () => {
  for (const name of ["", "m5", "m5.", ".large", "__proto__.large", "m5.constructor"])
    assert.equal(findInstanceType("us-east-1", name), undefined);
  assert.deepEqual(instanceTypeFacts("mars-1"), []);
});
