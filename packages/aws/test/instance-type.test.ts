import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceType, Offering, Requirement, Requirements } from "@nodeless/scheduling";
import { instanceTypeRequirements } from "../src/instance-types/instance-type-requirements.ts";
import { instanceTypeResources, type ResourceSettings } from "../src/instance-types/instance-type-resources.ts";
import { chooseLaunch } from "../src/launch/launch-choice.ts";
import { DEFAULT_AWS_CLOUD_SETTINGS } from "../src/options.ts";

const MIB = 1024 * 1024;

const M5_LARGE: InstanceTypeInfo = {
  InstanceType: "m5.large",
  ProcessorInfo: { SupportedArchitectures: ["x86_64"], Manufacturer: "Intel", SustainedClockSpeedInGhz: 3.1 },
  VCpuInfo: { DefaultVCpus: 2 },
  MemoryInfo: { SizeInMiB: 8192 },
  Hypervisor: "nitro",
  EbsInfo: { EbsOptimizedInfo: { MaximumBandwidthInMbps: 4750 } },
  NetworkInfo: {
    MaximumNetworkInterfaces: 3,
    Ipv4AddressesPerInterface: 10,
    EncryptionInTransitSupported: false,
    NetworkCards: [{ BaselineBandwidthInGbps: 0.75 }],
  },
};
const AL2023: ResourceSettings = { family: "AL2023" };

function resources(nodeClass: ResourceSettings, info = M5_LARGE): { capacity: object; overhead: object } {
  const { capacity, overhead } = instanceTypeResources(info, nodeClass, DEFAULT_AWS_CLOUD_SETTINGS);
  return { capacity: Object.fromEntries(capacity), overhead: Object.fromEntries(overhead) };
}

test("m5.large has the capacity and overhead of Karpenter's model", () => {
  assert.deepEqual(resources(AL2023), {
    capacity: { cpu: 2000, memory: 7577 * MIB, "ephemeral-storage": 20 * 1024 * MIB, pods: 29 },
    overhead: { cpu: 70, memory: (574 + 100) * MIB, "ephemeral-storage": 3 * 1024 * MIB },
  });
});

for (const { rule, nodeClass, capacity, overhead } of [
  {
    rule: "maxPods replaces the pod count, not the reserved memory, on Amazon Linux",
    nodeClass: { ...AL2023, kubelet: { maxPods: 110 } },
    capacity: { pods: 110 },
    overhead: { memory: 674 * MIB },
  },
  {
    rule: "maxPods changes both on Bottlerocket",
    nodeClass: { family: "Bottlerocket", kubelet: { maxPods: 110 } },
    capacity: { pods: 110 },
    overhead: { memory: (11 * 110 + 255 + 100) * MIB },
  },
  {
    rule: "podsPerCore is a cap",
    nodeClass: { ...AL2023, kubelet: { podsPerCore: 4 } },
    capacity: { pods: 8 },
    overhead: {},
  },
  {
    rule: "podsPerCore does not count on Bottlerocket",
    nodeClass: { family: "Bottlerocket", kubelet: { podsPerCore: 4 } },
    capacity: { pods: 29 },
    overhead: {},
  },
  {
    rule: "reserved resources and thresholds are the node class's",
    nodeClass: {
      ...AL2023,
      kubelet: {
        kubeReserved: { cpu: "100m" },
        systemReserved: { memory: "1Gi" },
        evictionHard: { "memory.available": "200Mi" },
        evictionSoft: { "memory.available": "300Mi" },
      },
    },
    capacity: {},
    overhead: { cpu: 100, memory: (574 + 1024 + 300) * MIB },
  },
  {
    rule: "a threshold of 100% is none",
    nodeClass: { ...AL2023, kubelet: { evictionHard: { "memory.available": "100%" } } },
    capacity: {},
    overhead: { memory: 574 * MIB },
  },
  {
    rule: "storage is the root volume's",
    nodeClass: { ...AL2023, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi" } }] },
    capacity: { "ephemeral-storage": 100 * 1024 * MIB },
    overhead: { "ephemeral-storage": 11 * 1024 * MIB },
  },
] as const)
  test(rule, () => {
    const found = resources(nodeClass);
    assert.deepEqual({ ...found.capacity, ...capacity }, found.capacity);
    assert.deepEqual({ ...found.overhead, ...overhead }, found.overhead);
  });

test("a type carries the documented labels; those it has not must not exist", () => {
  const labels = new Map(
    [...instanceTypeRequirements(M5_LARGE, { region: "us-east-1", family: "AL2023" })].map(
      ([key, { values, complement }]) => {
        assert.equal(complement, false);
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
  });
  for (const absent of ["instance-gpu-count", "instance-accelerator-name", "instance-local-nvme"])
    assert.equal(labels.get(absent), "", absent);
});

const req = (key: string, ...values: string[]): [string, Requirement] => [
  key,
  { key, complement: false, values: new Set(values) },
];
const ZONES = new Set(["z-a", "z-b"]);

function type(
  name: string,
  prices: { readonly onDemand: number; readonly spot?: number },
  more: { readonly size?: string; readonly gpus?: number } = {},
): InstanceType {
  const { onDemand, spot } = prices;
  const offering = (capacityType: "spot" | "on-demand", priceUsdPerHour: number): Offering => ({
    zone: "z-a",
    capacityType,
    priceUsdPerHour,
    available: true,
  });
  return {
    name,
    requirements: new Map([req("karpenter.k8s.aws/instance-size", more.size ?? "large")]),
    offerings: [offering("on-demand", onDemand), ...(spot === undefined ? [] : [offering("spot", spot)])],
    capacity: new Map([["nvidia.com/gpu", more.gpus ?? 0]]),
    overhead: new Map(),
  };
}

const any: Requirements = new Map();
const onDemandOnly: Requirements = new Map([req("karpenter.sh/capacity-type", "on-demand")]);
const names = (types: readonly InstanceType[], requirements: Requirements): string =>
  (({ capacityType, options }) => `${capacityType} ${options.map((option) => option.type.name).join(" ")}`)(
    chooseLaunch(types, requirements, ZONES),
  );

const small = type("small", { onDemand: 1, spot: 0.4 });
const big = type("big", { onDemand: 4, spot: 1.6 });
const gpu = type("gpu", { onDemand: 0.5 }, { gpus: 1 });
const metal = type("metal", { onDemand: 0.5 }, { size: "metal" });

for (const { rule, types, requirements, want } of [
  {
    rule: "spot before on-demand, cheapest first",
    types: [big, small],
    requirements: new Map([req("karpenter.sh/capacity-type", "spot")]),
    want: "spot small big",
  },
  {
    rule: "spot dearer than the cheapest on-demand is left out",
    types: [small, big],
    requirements: any,
    want: "spot small",
  },
  {
    rule: "on-demand when only that is allowed",
    types: [big, small],
    requirements: onDemandOnly,
    want: "on-demand small big",
  },
  { rule: "on-demand when there is no spot", types: [gpu], requirements: any, want: "on-demand gpu" },
  {
    rule: "no accelerators or bare metal while plain types are left",
    types: [gpu, metal, small],
    requirements: onDemandOnly,
    want: "on-demand small",
  },
  {
    rule: "accelerators when nothing else is left",
    types: [gpu, metal],
    requirements: onDemandOnly,
    want: "on-demand gpu metal",
  },
  {
    rule: "minValues keeps everything",
    types: [gpu, small],
    requirements: new Map([
      ["x", { key: "x", complement: true, values: new Set<string>(), minValues: 2 }],
      req("karpenter.sh/capacity-type", "on-demand"),
    ]),
    want: "on-demand gpu small",
  },
  {
    rule: "nothing outside the subnets' zones",
    types: [{ ...small, offerings: small.offerings.map((offering) => ({ ...offering, zone: "z-x" })) }],
    requirements: any,
    want: "on-demand ",
  },
  {
    rule: "nothing that is marked unavailable",
    types: [
      {
        ...small,
        offerings: small.offerings.map((offering) => ({ ...offering, available: offering.capacityType !== "spot" })),
      },
    ],
    requirements: any,
    want: "on-demand small",
  },
])
  test(rule, () => assert.equal(names(types, requirements), want));

test("a launch names at most sixty types", () => {
  const many = Array.from({ length: 80 }, (_, index) =>
    type(`t${String(index).padStart(2, "0")}`, { onDemand: index + 1 }),
  );
  const { options } = chooseLaunch(many, any, ZONES);
  assert.deepEqual([options.length, options.at(-1)?.type.name], [60, "t59"]);
});
