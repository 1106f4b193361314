import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceTypeFacts } from "@nodeless/catalog";
import { usageClasses } from "./instance-types.ts";

const MAKERS = { intel: "Intel", amd: "AMD", aws: "AWS" } as const;

/** A type as DescribeInstanceTypes shows it. What the catalog does not know (clock speed, EBS bandwidth) is absent. */
export function instanceTypeView(type: InstanceTypeFacts): InstanceTypeInfo {
  return {
    InstanceType: type.name as "m5.large",
    CurrentGeneration: true,
    FreeTierEligible: false,
    SupportedUsageClasses: usageClasses(type),
    SupportedRootDeviceTypes: ["ebs"],
    SupportedVirtualizationTypes: ["hvm"],
    BareMetal: type.bareMetal,
    ...(type.hypervisor !== "" && { Hypervisor: type.hypervisor }),
    ProcessorInfo: {
      SupportedArchitectures: [type.architecture === "arm64" ? "arm64" : "x86_64"],
      Manufacturer: MAKERS[type.cpuManufacturer],
    },
    VCpuInfo: { DefaultVCpus: type.vcpus },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: type.localNvmeGB > 0,
    ...(type.localNvmeGB > 0 && {
      InstanceStorageInfo: {
        TotalSizeInGB: type.localNvmeGB,
        Disks: [{ Count: type.localDisks, SizeInGB: type.localNvmeGB / type.localDisks, Type: "ssd" as const }],
        NvmeSupport: "required" as const,
      },
    }),
    NetworkInfo: networkInfo(type),
    ...deviceInfo(type),
    BurstablePerformanceSupported: type.burstable,
    DedicatedHostsSupported: !type.burstable,
    AutoRecoverySupported: !type.bareMetal,
    HibernationSupported: false,
  };
}

function networkInfo(type: InstanceTypeFacts): NonNullable<InstanceTypeInfo["NetworkInfo"]> {
  const gbps = type.networkMbps === undefined ? undefined : type.networkMbps / 1000;
  return {
    MaximumNetworkInterfaces: type.enis,
    MaximumNetworkCards: 1,
    DefaultNetworkCardIndex: 0,
    Ipv4AddressesPerInterface: type.ipv4PerEni,
    Ipv6AddressesPerInterface: type.ipv4PerEni,
    Ipv6Supported: true,
    EnaSupport: type.hypervisor === "xen" ? "supported" : "required",
    EfaSupported: false,
    ...(gbps !== undefined && {
      NetworkPerformance: `${gbps} Gigabit`,
      NetworkCards: [
        {
          NetworkCardIndex: 0,
          MaximumNetworkInterfaces: type.enis,
          NetworkPerformance: `${gbps} Gigabit`,
          BaselineBandwidthInGbps: gbps,
        },
      ],
    }),
  };
}

function deviceInfo({ gpus, accelerators }: InstanceTypeFacts): InstanceTypeInfo {
  return {
    ...(gpus !== undefined && {
      GpuInfo: {
        Gpus: [
          {
            Name: gpus.name,
            Manufacturer: gpus.manufacturer,
            Count: gpus.count,
            MemoryInfo: { SizeInMiB: gpus.memoryMiB },
          },
        ],
        TotalGpuMemoryInMiB: Math.max(1, gpus.count) * gpus.memoryMiB,
      },
    }),
    ...(accelerators !== undefined && {
      NeuronInfo: {
        NeuronDevices: [
          {
            Name: accelerators.name,
            Count: accelerators.count,
            CoreInfo: { Count: accelerators.coresPerDevice, Version: 2 },
            MemoryInfo: { SizeInMiB: accelerators.memoryMiB },
          },
        ],
        TotalNeuronDeviceMemoryInMiB: accelerators.count * accelerators.memoryMiB,
      },
    }),
  };
}
