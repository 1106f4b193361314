import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { type EC2NodeClassSpec, type KubeletConfiguration, parseMilli, parseUnits } from "@nodeless/api";
import { eniPodLimit, kubeReservedMemoryMiB, kubeReservedMillicores } from "@nodeless/catalog";
import type { AwsCloudSettings } from "../options.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** The kernel of arm64 images sets contiguous memory aside that it does not report. */
const ARM64_CMA_MIB = 64;
const PODS_WITHOUT_ENI_DATA = 110;
const DEFAULT_VOLUME_BYTES = 20 * GIB;
const DEFAULT_EVICTION_MEMORY_BYTES = 100 * MIB;
const DEFAULT_EVICTION_STORAGE_SHARE = 0.1;

export interface InstanceTypeResources {
  readonly capacity: ReadonlyMap<string, number>;
  readonly overhead: ReadonlyMap<string, number>;
}

/** What of a node class changes what a node offers. */
export type ResourceSettings = Pick<EC2NodeClassSpec, "kubelet" | "blockDeviceMappings" | "instanceStorePolicy"> & {
  readonly family: string;
};

/**
 * Capacity and overhead as Karpenter predicts them before it has seen a node of the type. Millicores, bytes, counts. Source: Karpenter AWS
 * provider 1.14, instancetype/types.go (karpenter.md §3.13).
 */
export function instanceTypeResources(
  info: InstanceTypeInfo,
  nodeClass: ResourceSettings,
  settings: AwsCloudSettings,
): InstanceTypeResources {
  const vcpus = info.VCpuInfo?.DefaultVCpus ?? 0;
  const memory = memoryBytes(info, settings);
  const storage = storageBytes(info, nodeClass);
  const addressLimit = addressPodLimit(info, settings);
  const pods = podLimit(addressLimit, vcpus, nodeClass);
  const capacity = new Map([
    ["cpu", vcpus * 1000],
    ["memory", memory],
    ["ephemeral-storage", storage],
    ["pods", pods],
    ...deviceCapacity(info),
  ]);
  const { kubelet } = nodeClass;
  const reservedPods = nodeClass.family === "Bottlerocket" ? pods : addressLimit;
  const overhead = sum(
    kubeReserved(vcpus, reservedPods, kubelet),
    systemReserved(kubelet),
    evictionThreshold(memory, storage, kubelet),
  );
  return { capacity, overhead };
}

function memoryBytes(info: InstanceTypeInfo, settings: AwsCloudSettings): number {
  const arm = info.ProcessorInfo?.SupportedArchitectures?.includes("arm64") === true;
  const mib = (info.MemoryInfo?.SizeInMiB ?? 0) - (arm ? ARM64_CMA_MIB : 0);
  return (mib - Math.ceil(mib * settings.vmMemoryOverheadPercent)) * MIB;
}

function storageBytes(info: InstanceTypeInfo, nodeClass: ResourceSettings): number {
  const localGB = info.InstanceStorageInfo?.TotalSizeInGB;
  if (nodeClass.instanceStorePolicy === "RAID0" && localGB !== undefined) return localGB * 1e9;
  const mappings = nodeClass.blockDeviceMappings ?? [];
  const device = nodeClass.family === "Bottlerocket" ? "/dev/xvdb" : "/dev/xvda";
  const root =
    mappings.find((mapping) => mapping.rootVolume === true) ??
    mappings.find((mapping) => mapping.deviceName === device) ??
    (nodeClass.family === "Custom" ? mappings.at(-1) : undefined);
  const size = root?.ebs?.volumeSize;
  return size === undefined ? DEFAULT_VOLUME_BYTES : parseUnits(size);
}

function addressPodLimit(info: InstanceTypeInfo, settings: AwsCloudSettings): number {
  const interfaces = info.NetworkInfo?.MaximumNetworkInterfaces;
  const ipv4PerEni = info.NetworkInfo?.Ipv4AddressesPerInterface;
  if (interfaces === undefined || ipv4PerEni === undefined) return PODS_WITHOUT_ENI_DATA;
  const enis = interfaces - settings.reservedEnis;
  return enis <= 0 ? 0 : eniPodLimit({ enis, ipv4PerEni });
}

function podLimit(addressLimit: number, vcpus: number, { kubelet, family }: ResourceSettings): number {
  const limit = kubelet?.maxPods ?? addressLimit;
  const perCore = kubelet?.podsPerCore ?? 0;
  return perCore > 0 && family !== "Bottlerocket" ? Math.min(limit, perCore * vcpus) : limit;
}

function deviceCapacity(info: InstanceTypeInfo): [resource: string, count: number][] {
  const gpus = (manufacturer: string): number =>
    (info.GpuInfo?.Gpus ?? [])
      .filter((gpu) => gpu.Manufacturer?.toUpperCase() === manufacturer)
      .reduce((count, gpu) => count + (gpu.Count ?? 0), 0);
  const devices = info.NeuronInfo?.NeuronDevices ?? [];
  const neuron = devices.reduce((count, device) => count + (device.Count ?? 0), 0);
  const cores = devices.reduce((count, device) => count + (device.Count ?? 0) * (device.CoreInfo?.Count ?? 0), 0);
  const amounts: [string, number][] = [
    ["nvidia.com/gpu", gpus("NVIDIA")],
    ["amd.com/gpu", gpus("AMD")],
    ["habana.ai/gaudi", gpus("HABANA")],
    ["aws.amazon.com/neuron", neuron],
    ["aws.amazon.com/neuroncore", cores],
    ["vpc.amazonaws.com/efa", info.NetworkInfo?.EfaInfo?.MaximumEfaInterfaces ?? 0],
  ];
  return amounts.filter(([, count]) => count > 0);
}

function kubeReserved(vcpus: number, pods: number, kubelet: KubeletConfiguration | undefined): Map<string, number> {
  const reserved = new Map([
    ["cpu", kubeReservedMillicores(vcpus)],
    ["memory", kubeReservedMemoryMiB(pods) * MIB],
    ["ephemeral-storage", GIB],
  ]);
  for (const [name, amount] of quantities(kubelet?.kubeReserved)) reserved.set(name, amount);
  return reserved;
}

function systemReserved(kubelet: KubeletConfiguration | undefined): Map<string, number> {
  return new Map(quantities(kubelet?.systemReserved));
}

/** Process ids are reserved too, but pods do not ask for them. */
function quantities(list: Readonly<Record<string, string>> | undefined): [name: string, amount: number][] {
  return Object.entries(list ?? {})
    .filter(([name]) => name !== "pid")
    .map(([name, quantity]) => [name, name === "cpu" ? parseMilli(quantity) : parseUnits(quantity)]);
}

/** The larger of hard and soft thresholds, per resource. */
function evictionThreshold(
  memory: number,
  storage: number,
  kubelet: KubeletConfiguration | undefined,
): Map<string, number> {
  const threshold = (signal: string, capacity: number, fallback: number): number => {
    const hard = signalBytes(kubelet?.evictionHard?.[signal], capacity) ?? fallback;
    return Math.max(hard, signalBytes(kubelet?.evictionSoft?.[signal], capacity) ?? 0);
  };
  return new Map([
    ["memory", threshold("memory.available", memory, DEFAULT_EVICTION_MEMORY_BYTES)],
    ["ephemeral-storage", threshold("nodefs.available", storage, Math.ceil(storage * DEFAULT_EVICTION_STORAGE_SHARE))],
  ]);
}

/** A percentage of the capacity or a quantity; `100%` switches the signal off. */
function signalBytes(text: string | undefined, capacity: number): number | undefined {
  if (text === undefined) return undefined;
  if (!text.endsWith("%")) return parseUnits(text);
  const percent = Number(text.slice(0, -1));
  return percent >= 100 || Number.isNaN(percent) ? 0 : Math.ceil((capacity * percent) / 100);
}

function sum(...parts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const part of parts) for (const [name, amount] of part) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}
