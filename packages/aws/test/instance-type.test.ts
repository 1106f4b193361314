import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceType, Offering, Requirement, Requirements } from "@nodeless/scheduling";
import { machineFacts } from "../src/instance-types/machine-facts.ts";
import { chooseLaunch } from "../src/launch/launch-choice.ts";

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
const M5_LARGE_FACTS = {
  name: "m5.large",
  region: "us-east-1",
  vcpus: 2,
  memoryMiB: 8192,
  architecture: "amd64",
  cpuManufacturer: "intel",
  hypervisor: "nitro",
  enis: 3,
  ipv4PerEni: 10,
  networkMbps: 750,
  localNvmeGB: 0,
  clockSpeedMhz: 3100,
  ebsMbps: 4750,
  encryptionInTransit: false,
};

for (const { rule, info, facts } of [
  { rule: "a plain type is what EC2 says", info: {}, facts: {} },
  { rule: "bare metal has no hypervisor", info: { Hypervisor: undefined }, facts: { hypervisor: "" } },
  {
    rule: "arm64 is the architecture wherever it is supported",
    info: { ProcessorInfo: { SupportedArchitectures: ["arm64"], Manufacturer: "Ampere Computing" } },
    facts: { architecture: "arm64", cpuManufacturer: "ampere-computing", clockSpeedMhz: undefined },
  },
  {
    rule: "bandwidth that EC2 does not state is the catalogue's",
    info: { NetworkInfo: {} },
    facts: { enis: undefined, ipv4PerEni: undefined, encryptionInTransit: undefined, networkMbps: 750 },
  },
  {
    rule: "disks that are not NVMe count as storage only",
    info: { InstanceStorageInfo: { TotalSizeInGB: 850, NvmeSupport: "unsupported" } },
    facts: { localNvmeGB: 0, localStorageGB: 850 },
  },
  {
    rule: "GPUs, enclaves and elastic fabric adapters",
    info: {
      GpuInfo: { Gpus: [{ Name: "T4", Manufacturer: "NVIDIA", Count: 4, MemoryInfo: { SizeInMiB: 16384 } }] },
      NitroEnclavesSupport: "supported",
      NetworkInfo: { ...M5_LARGE.NetworkInfo, EfaInfo: { MaximumEfaInterfaces: 1 } },
    },
    facts: {
      gpus: { name: "T4", manufacturer: "NVIDIA", count: 4, memoryMiB: 16384 },
      nitroEnclaves: true,
      efaInterfaces: 1,
    },
  },
  {
    rule: "an accelerator is a Neuron device before anything else",
    info: {
      NeuronInfo: {
        NeuronDevices: [{ Name: "Inferentia2", Count: 6, CoreInfo: { Count: 2 }, MemoryInfo: { SizeInMiB: 32768 } }],
      },
      InferenceAcceleratorInfo: { Accelerators: [{ Name: "other", Count: 1 }] },
    },
    facts: {
      accelerators: { name: "Inferentia2", manufacturer: "aws", count: 6, memoryMiB: 32768, coresPerDevice: 2 },
    },
  },
] as const)
  test(rule, () => {
    const stated = Object.entries(machineFacts({ ...M5_LARGE, ...info } as InstanceTypeInfo, "us-east-1"));
    const want = Object.entries({ ...M5_LARGE_FACTS, ...facts }).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(stated.filter(([, value]) => value !== undefined)), Object.fromEntries(want));
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
