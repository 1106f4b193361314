import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { findInstanceType } from "@nodeless/catalog";
import type { MachineFacts } from "@nodeless/instance-types";

/** What DescribeInstanceTypes says about a type, as the facts that labels and resources are made of. */
export function machineFacts(info: InstanceTypeInfo, region: string): MachineFacts {
  const { ProcessorInfo: processor, NetworkInfo: network, InstanceStorageInfo: storage } = info;
  const nvme = storage?.NvmeSupport !== undefined && storage.NvmeSupport !== "unsupported";
  return {
    name: info.InstanceType ?? "",
    region,
    vcpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: info.MemoryInfo?.SizeInMiB ?? 0,
    architecture: processor?.SupportedArchitectures?.includes("arm64") === true ? "arm64" : "amd64",
    cpuManufacturer: processor?.Manufacturer?.toLowerCase().replaceAll(" ", "-"),
    hypervisor: info.Hypervisor ?? "",
    enis: network?.MaximumNetworkInterfaces,
    ipv4PerEni: network?.Ipv4AddressesPerInterface,
    networkMbps: networkMbps(info, region),
    localNvmeGB: nvme ? (storage.TotalSizeInGB ?? 0) : 0,
    localStorageGB: storage?.TotalSizeInGB,
    gpus: gpus(info),
    accelerators: accelerators(info),
    clockSpeedMhz: clockSpeedMhz(info),
    ebsMbps: info.EbsInfo?.EbsOptimizedInfo?.MaximumBandwidthInMbps,
    encryptionInTransit: network?.EncryptionInTransitSupported,
    nitroEnclaves: info.NitroEnclavesSupport === undefined ? undefined : info.NitroEnclavesSupport === "supported",
    efaInterfaces: network?.EfaInfo?.MaximumEfaInterfaces,
  };
}

function clockSpeedMhz({ ProcessorInfo }: InstanceTypeInfo): number | undefined {
  const ghz = ProcessorInfo?.SustainedClockSpeedInGhz;
  return ghz === undefined ? undefined : Math.round(ghz * 1000);
}

/** The baseline of all network cards, else the catalog's figure. */
function networkMbps(info: InstanceTypeInfo, region: string): number | undefined {
  const cards = info.NetworkInfo?.NetworkCards ?? [];
  const gbps = cards.reduce((sum, card) => sum + (card.BaselineBandwidthInGbps ?? 0), 0);
  return gbps > 0 ? Math.round(gbps * 1000) : findInstanceType(region, info.InstanceType ?? "")?.networkMbps;
}

/** A type has GPUs of one kind. */
function gpus({ GpuInfo }: InstanceTypeInfo): MachineFacts["gpus"] {
  const [gpu] = GpuInfo?.Gpus ?? [];
  if (gpu === undefined) return undefined;
  return {
    name: gpu.Name ?? "",
    manufacturer: gpu.Manufacturer ?? "",
    count: gpu.Count ?? 0,
    memoryMiB: gpu.MemoryInfo?.SizeInMiB ?? 0,
  };
}

/** Neuron devices, which EC2 once listed as inference accelerators only. */
function accelerators({ NeuronInfo, InferenceAcceleratorInfo }: InstanceTypeInfo): MachineFacts["accelerators"] {
  const [neuron] = NeuronInfo?.NeuronDevices ?? [];
  const device = neuron ?? InferenceAcceleratorInfo?.Accelerators?.[0];
  if (device === undefined) return undefined;
  return {
    name: device.Name ?? "",
    manufacturer: "aws",
    count: device.Count ?? 0,
    memoryMiB: device.MemoryInfo?.SizeInMiB ?? 0,
    coresPerDevice: neuron?.CoreInfo?.Count ?? 0,
  };
}
