import assert from "node:assert/strict";
import { test } from "node:test";
import { WELL_KNOWN_LABELS } from "@nodeless/api";
import { findInstanceType, type InstanceTypeFacts } from "@nodeless/catalog";
import {
  builtInInstanceTypes,
  DEFAULT_RESOURCE_MODEL,
  imageFamily,
  imageFamilyBoots,
  instanceTypeOf,
  instanceTypeRequirements,
  instanceTypeResources,
  type MachineFacts,
  type NodeClassResources,
} from "@nodeless/instance-types";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

function facts(name: string, region = "us-east-1"): InstanceTypeFacts {
  const found = findInstanceType(region, name);
  assert.ok(found, name);
  return found;
}

function resources(
  machine: MachineFacts,
  nodeClass: NodeClassResources,
  settings = DEFAULT_RESOURCE_MODEL,
): { capacity: Record<string, number>; overhead: Record<string, number> } {
  const { capacity, overhead } = instanceTypeResources(machine, nodeClass, settings);
  return { capacity: Object.fromEntries(capacity), overhead: Object.fromEntries(overhead) };
}

const AL2023: NodeClassResources = { family: "AL2023" };
const BOTTLEROCKET: NodeClassResources = { family: "Bottlerocket" };
const WINDOWS: NodeClassResources = { family: "Windows2022" };

test("m5.large has the capacity and overhead of Karpenter's model", () => {
  assert.deepEqual(resources(facts("m5.large"), AL2023), {
    capacity: { cpu: 2000, memory: 7577 * MIB, "ephemeral-storage": 20 * GIB, pods: 29 },
    overhead: { cpu: 70, memory: (574 + 100) * MIB, "ephemeral-storage": 3 * GIB },
  });
});

for (const { rule, type = "m5.large", nodeClass, capacity = {}, overhead = {} } of [
  {
    rule: "maxPods replaces the pod count, not the reserved memory, on Amazon Linux",
    nodeClass: { ...AL2023, kubelet: { maxPods: 110 } },
    capacity: { pods: 110 },
    overhead: { memory: 674 * MIB },
  },
  {
    rule: "maxPods changes both on Bottlerocket",
    nodeClass: { ...BOTTLEROCKET, kubelet: { maxPods: 110 } },
    capacity: { pods: 110 },
    overhead: { memory: (11 * 110 + 255 + 100) * MIB },
  },
  { rule: "podsPerCore is a cap", nodeClass: { ...AL2023, kubelet: { podsPerCore: 4 } }, capacity: { pods: 8 } },
  {
    rule: "podsPerCore does not count on Bottlerocket",
    nodeClass: { ...BOTTLEROCKET, kubelet: { podsPerCore: 4 } },
    capacity: { pods: 29 },
  },
  {
    rule: "Windows runs 110 pods, each with an address from the resource controller, on a volume of 50Gi",
    nodeClass: WINDOWS,
    capacity: { pods: 110, "vpc.amazonaws.com/PrivateIPv4Address": 9, "ephemeral-storage": 50 * GIB },
    overhead: { memory: (11 * 110 + 255 + 100) * MIB },
  },
  {
    rule: "reserved resources and thresholds are the node class's",
    nodeClass: {
      ...AL2023,
      kubelet: {
        kubeReserved: { cpu: "100m", pid: "1000" },
        systemReserved: { memory: "1Gi" },
        evictionHard: { "memory.available": "200Mi" },
        evictionSoft: { "memory.available": "300Mi" },
      },
    },
    overhead: { cpu: 100, memory: (574 + 1024 + 300) * MIB },
  },
  {
    rule: "a threshold of 100% is none",
    nodeClass: { ...AL2023, kubelet: { evictionHard: { "memory.available": "100%" } } },
    overhead: { memory: 574 * MIB },
  },
  {
    rule: "a threshold in percent is of the capacity",
    nodeClass: { ...AL2023, kubelet: { evictionHard: { "memory.available": "10%" } } },
    overhead: { memory: 574 * MIB + Math.ceil(757.7 * MIB) },
  },
  {
    rule: "storage is the root volume's",
    nodeClass: { ...AL2023, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi" } }] },
    capacity: { "ephemeral-storage": 100 * GIB },
    overhead: { "ephemeral-storage": 11 * GIB },
  },
  {
    rule: "a volume of another device does not count",
    nodeClass: { ...BOTTLEROCKET, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi" } }] },
    capacity: { "ephemeral-storage": 20 * GIB },
  },
  {
    rule: "local disks as one are the storage",
    type: "m5d.large",
    nodeClass: { ...AL2023, instanceStorePolicy: "RAID0" },
    capacity: { "ephemeral-storage": 75e9 },
  },
  {
    rule: "arm64 kernels keep 64 MiB",
    type: "m6g.large",
    nodeClass: AL2023,
    capacity: { memory: (8128 - Math.ceil(8128 * 0.075)) * MIB },
  },
  { rule: "GPUs by manufacturer", type: "g4dn.12xlarge", nodeClass: AL2023, capacity: { "nvidia.com/gpu": 4 } },
  {
    rule: "Neuron devices and their cores",
    type: "inf2.24xlarge",
    nodeClass: AL2023,
    capacity: { "aws.amazon.com/neuron": 6, "aws.amazon.com/neuroncore": 12 },
  },
] satisfies readonly {
  rule: string;
  type?: string;
  nodeClass: NodeClassResources;
  capacity?: Record<string, number>;
  overhead?: Record<string, number>;
}[])
  test(rule, () => {
    const found = resources(facts(type), nodeClass);
    assert.deepEqual({ ...found.capacity, ...capacity }, found.capacity);
    assert.deepEqual({ ...found.overhead, ...overhead }, found.overhead);
  });

test("settings change memory and addresses; types without interface data have 110 pods", () => {
  const settings = { vmMemoryOverheadPercent: 0.1, reservedEnis: 1 };
  const { capacity } = resources(facts("m5.large"), AL2023, settings);
  assert.deepEqual([capacity["memory"], capacity["pods"]], [(8192 - 820) * MIB, 2 * 9 + 2]);
  const unknown = { ...facts("m5.large"), enis: undefined };
  assert.equal(resources(unknown, AL2023).capacity["pods"], 110);
  assert.equal(resources({ ...unknown, addressPodLimit: 17 }, AL2023).capacity["pods"], 17);
});

test("a type carries the documented labels; those it has not must not exist", () => {
  const stated = { clockSpeedMhz: 3100, ebsMbps: 4750, encryptionInTransit: false, nitroEnclaves: true };
  const labels = new Map(
    [...instanceTypeRequirements({ ...facts("m5.large"), ...stated }, "AL2023")].map(
      ([key, { values, complement }]) => {
        assert.equal(complement, false);
        assert.ok(WELL_KNOWN_LABELS.has(key), key);
        return [key.replace("karpenter.k8s.aws/", ""), [...values].join()];
      },
    ),
  );
  assert.deepEqual(Object.fromEntries([...labels].filter(([, value]) => value !== "")), {
    "node.kubernetes.io/instance-type": "m5.large",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
    "topology.kubernetes.io/region": "us-east-1",
    "instance-category": "m",
    "instance-family": "m5",
    "instance-generation": "5",
    "instance-size": "large",
    "instance-capability-flex": "false",
    "instance-tenancy": "default",
    "instance-cpu": "2",
    "instance-cpu-manufacturer": "intel",
    "instance-cpu-sustained-clock-speed-mhz": "3100",
    "instance-memory": "8192",
    "instance-ebs-bandwidth": "4750",
    "instance-network-bandwidth": "750",
    "instance-hypervisor": "nitro",
    "instance-encryption-in-transit-supported": "false",
    "nitro-sandbox": "true",
  });
  for (const absent of ["instance-gpu-count", "instance-accelerator-name", "instance-local-nvme"])
    assert.equal(labels.get(absent), "", absent);
});

for (const { type, family = "AL2023", want } of [
  {
    type: "g5.xlarge",
    want: { "instance-gpu-name": "a10g", "instance-gpu-manufacturer": "nvidia", "instance-gpu-count": "1" },
  },
  {
    type: "inf2.xlarge",
    want: { "instance-accelerator-name": "inferentia2", "instance-accelerator-manufacturer": "aws" },
  },
  { type: "m7i-flex.large", want: { "instance-capability-flex": "true", "instance-family": "m7i-flex" } },
  { type: "m5d.large", want: { "instance-local-nvme": "75" } },
  { type: "m5.metal", want: { "instance-hypervisor": "", "instance-size": "metal" } },
  {
    type: "m5.large",
    family: "Windows2022",
    want: { "kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348" },
  },
])
  test(`${type} with ${family} carries ${Object.values(want).join(", ")}`, () => {
    const requirements = instanceTypeRequirements(facts(type), family);
    for (const [name, value] of Object.entries(want)) {
      const found = requirements.get(name) ?? requirements.get(`karpenter.k8s.aws/${name}`);
      assert.deepEqual([...(found?.values ?? [])], [value], name);
    }
  });

test("offerings stand by zone, on-demand before spot, in allowed zones at known prices", () => {
  const seoul = facts("m5.large", "ap-northeast-2");
  const zones = new Map([
    ["ap-northeast-2c", undefined],
    ["ap-northeast-2a", "apne2-az1"],
    ["elsewhere", undefined],
  ]);
  const spotA = seoul.spotUsdPerHour("ap-northeast-2a");
  const spotC = seoul.spotUsdPerHour("ap-northeast-2c");
  const a = { zone: "ap-northeast-2a", zoneId: "apne2-az1", available: true };
  const c = { zone: "ap-northeast-2c", available: true };
  assert.deepEqual(instanceTypeOf(seoul, { zones }).offerings, [
    { ...a, capacityType: "on-demand", priceUsdPerHour: 0.118 },
    { ...a, capacityType: "spot", priceUsdPerHour: spotA },
    { ...c, capacityType: "on-demand", priceUsdPerHour: 0.118 },
    { ...c, capacityType: "spot", priceUsdPerHour: spotC },
  ]);
  const refused = instanceTypeOf(seoul, { zones, isAvailable: ({ zone }) => zone.endsWith("a") });
  assert.deepEqual(
    refused.offerings.map(({ available }) => available),
    [true, true, false, false],
  );
  const spotOnly = instanceTypeOf({ ...seoul, onDemandUsdPerHour: undefined }, { zones });
  assert.deepEqual(new Set(spotOnly.offerings.map(({ capacityType }) => capacityType)), new Set(["spot"]));
  assert.deepEqual(
    instanceTypeOf(seoul, { zones, capacityTypes: ["on-demand"] }).offerings.map(({ capacityType }) => capacityType),
    ["on-demand", "on-demand"],
  );
});

test("the built-in types of a region are all that it sells at a known price", () => {
  const seoul = builtInInstanceTypes("ap-northeast-2");
  assert.ok(seoul.length > 600);
  for (const { name, offerings, capacity, overhead } of seoul) {
    assert.ok(offerings.length > 0 && offerings.every(({ priceUsdPerHour }) => priceUsdPerHour > 0), name);
    if (name.endsWith(".nano")) continue; // 512 MiB are fewer than what the kubelet keeps on paper
    for (const [resource, amount] of overhead) assert.ok(amount < (capacity.get(resource) ?? 0), `${name} ${resource}`);
  }
  assert.deepEqual(builtInInstanceTypes("mars-1"), []);
});

for (const { family, boots, not } of [
  { family: "AL2023", boots: ["m5.large", "m6g.large", "g5.xlarge", "g5g.xlarge", "inf2.xlarge"], not: [] },
  { family: "AL2", boots: ["m5.large", "m6g.large", "g5.xlarge", "inf2.xlarge"], not: ["g5g.xlarge"] },
  { family: "Bottlerocket", boots: ["m5.large", "m6g.large", "g5g.xlarge"], not: ["inf2.xlarge"] },
  { family: "Windows2022", boots: ["m5.large"], not: ["m6g.large"] },
  { family: "Custom", boots: ["m5.large", "m6g.large", "inf2.xlarge"], not: [] },
])
  test(`images of ${family} boot on ${boots.join(", ")}${not.length === 0 ? "" : `, not on ${not.join(", ")}`}`, () => {
    for (const name of boots) assert.equal(imageFamilyBoots(family, facts(name)), true, name);
    for (const name of not) assert.equal(imageFamilyBoots(family, facts(name)), false, name);
  });

for (const { spec, want } of [
  { spec: { amiSelectorTerms: [{ alias: "al2023@latest" }] }, want: "AL2023" },
  { spec: { amiSelectorTerms: [{ alias: "Bottlerocket@v1.52.0" }] }, want: "Bottlerocket" },
  { spec: { amiFamily: "AL2" as const, amiSelectorTerms: [{ id: "ami-1" }] }, want: "AL2" },
  { spec: { amiSelectorTerms: [{ id: "ami-1" }] }, want: "Custom" },
  { spec: { amiSelectorTerms: [{ alias: "beos@latest" }] }, want: "Custom" },
])
  test(`the image family of ${JSON.stringify(spec)} is ${want}`, () => assert.equal(imageFamily(spec), want));
