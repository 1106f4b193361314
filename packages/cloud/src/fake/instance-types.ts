import type { CapacityType, InstanceType, Offering, Requirement } from "@nodeless/scheduling";

/** What a made-up instance type is made of. */
export interface FakeInstanceTypeOptions {
  /** E.g. `m5.large`; family, size, category and generation labels are read from it. */
  readonly name: string;
  readonly cpu: number;
  readonly memoryGib: number;
  /** Default 110. */
  readonly pods?: number;
  /** Default amd64. */
  readonly arch?: "amd64" | "arm64";
  /** Default `zone-a`, `zone-b`, `zone-c`. */
  readonly zones?: readonly string[];
  /** On-demand; spot costs 30 % of it. Default: 0.024 USD per cpu + 0.003 USD per GiB. */
  readonly priceUsdPerHour?: number;
  /** Default both. */
  readonly capacityTypes?: readonly CapacityType[];
}

const ZONES = ["zone-a", "zone-b", "zone-c"] as const;
const GIB = 1024 ** 3;
const SPOT_SHARE = 0.3;

/** An instance type with the labels, reserved amounts and prices that real ones have, in round numbers. */
export function fakeInstanceType(options: FakeInstanceTypeOptions): InstanceType {
  const { name, cpu, memoryGib, pods = 110, arch = "amd64", zones = ZONES } = options;
  const capacityTypes = options.capacityTypes ?? ["on-demand", "spot"];
  const price = options.priceUsdPerHour ?? 0.024 * cpu + 0.003 * memoryGib;
  const [family = name, size = ""] = name.split(".");
  const generation = /\d+/.exec(family)?.[0] ?? "1";
  const labels: Readonly<Record<string, string>> = {
    "node.kubernetes.io/instance-type": name,
    "kubernetes.io/arch": arch,
    "kubernetes.io/os": "linux",
    "karpenter.k8s.aws/instance-category": /^[a-z]+/.exec(family)?.[0]?.slice(0, 1) ?? "m",
    "karpenter.k8s.aws/instance-family": family,
    "karpenter.k8s.aws/instance-generation": generation,
    "karpenter.k8s.aws/instance-size": size,
    "karpenter.k8s.aws/instance-cpu": String(cpu),
    "karpenter.k8s.aws/instance-memory": String(memoryGib * 1024),
  };
  const requirements = new Map(Object.entries(labels).map(([key, value]) => entry(key, value)));
  const offerings = zones.flatMap((zone) =>
    capacityTypes.map(
      (capacityType): Offering => ({
        zone,
        capacityType,
        priceUsdPerHour: capacityType === "spot" ? price * SPOT_SHARE : price,
        available: true,
      }),
    ),
  );
  return {
    name,
    requirements,
    offerings,
    capacity: new Map([
      ["cpu", cpu * 1000],
      ["memory", memoryGib * GIB],
      ["ephemeral-storage", 20 * GIB],
      ["pods", pods],
    ]),
    overhead: new Map([
      ["cpu", 100],
      ["memory", GIB / 4],
    ]),
  };
}

function entry(key: string, value: string): [string, Requirement] {
  return [key, { key, complement: false, values: new Set([value]) }];
}

/** Three sizes of three families. */
export const FAKE_INSTANCE_TYPES: readonly InstanceType[] = [
  { family: "c5", memoryPerCpuGib: 2 },
  { family: "m5", memoryPerCpuGib: 4 },
  { family: "r5", memoryPerCpuGib: 8 },
].flatMap(({ family, memoryPerCpuGib }) =>
  [
    { size: "large", cpu: 2 },
    { size: "xlarge", cpu: 4 },
    { size: "4xlarge", cpu: 16 },
  ].map(({ size, cpu }) => fakeInstanceType({ name: `${family}.${size}`, cpu, memoryGib: cpu * memoryPerCpuGib })),
);
