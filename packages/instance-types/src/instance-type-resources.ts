import { type EC2NodeClassSpec, type KubeletConfiguration, parseMilli, parseUnits } from "@nodeless/api";
import { eniPodLimit, kubeReservedMemoryMiB, kubeReservedMillicores } from "@nodeless/catalog";
import type { MachineFacts } from "./machine-facts.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** The kernel of arm64 images sets contiguous memory aside that it does not report. */
const ARM64_CMA_MIB = 64;
/** Of types without interface data, and of Windows nodes. */
const FIXED_POD_LIMIT = 110;
const DEFAULT_EVICTION_MEMORY_BYTES = 100 * MIB;
const DEFAULT_EVICTION_STORAGE_SHARE = 0.1;

/** Karpenter's settings that change what it predicts, with Karpenter's defaults. */
export interface ResourceModelSettings {
  /** Share of memory that the hypervisor is assumed to keep. Default 0.075. */
  readonly vmMemoryOverheadPercent: number;
  /** Network interfaces that pods cannot use. Default 0. */
  readonly reservedEnis: number;
}

export const DEFAULT_RESOURCE_MODEL: ResourceModelSettings = { vmMemoryOverheadPercent: 0.075, reservedEnis: 0 };

/** What of a node class changes what a node offers. */
export type NodeClassResources = Pick<EC2NodeClassSpec, "kubelet" | "blockDeviceMappings" | "instanceStorePolicy"> & {
  /** Image family: `AL2023`, `Bottlerocket`, `Windows2022`, … */
  readonly family: string;
};

/** Millicores, bytes, counts. */
export interface InstanceTypeResources {
  readonly capacity: ReadonlyMap<string, number>;
  readonly overhead: ReadonlyMap<string, number>;
}

/**
 * Capacity and overhead as Karpenter predicts them before it has seen a node of the type. Source: Karpenter AWS provider 1.14,
 * instancetype/types.go (karpenter.md §3.13).
 */
export function instanceTypeResources(
  facts: MachineFacts,
  nodeClass: NodeClassResources,
  settings: ResourceModelSettings,
): InstanceTypeResources {
  const { kubelet } = nodeClass;
  const memory = memoryBytes(facts, settings);
  const storage = storageBytes(facts, nodeClass);
  const addressLimit = isWindows(nodeClass) ? FIXED_POD_LIMIT : addressPodLimit(facts, settings);
  const pods = podLimit(addressLimit, facts.vcpus, nodeClass);
  const capacity = new Map([
    ["cpu", facts.vcpus * 1000],
    ["memory", memory],
    ["ephemeral-storage", storage],
    ["pods", pods],
    ...deviceCapacity(facts, nodeClass),
  ]);
  const reservedPods = nodeClass.family === "Bottlerocket" || isWindows(nodeClass) ? pods : addressLimit;
  const overhead = sum(
    kubeReserved(facts.vcpus, reservedPods, kubelet),
    new Map(quantities(kubelet?.systemReserved)),
    evictionThreshold(memory, storage, kubelet),
  );
  return { capacity, overhead };
}

function isWindows({ family }: NodeClassResources): boolean {
  return family.startsWith("Windows");
}

function memoryBytes({ memoryMiB, architecture }: MachineFacts, settings: ResourceModelSettings): number {
  const mib = memoryMiB - (architecture === "arm64" ? ARM64_CMA_MIB : 0);
  return (mib - Math.ceil(mib * settings.vmMemoryOverheadPercent)) * MIB;
}

/** The volume that holds containers, by image family. Source: karpenter.md §3.13. */
function familyVolume(nodeClass: NodeClassResources): { readonly device: string; readonly bytes: number } {
  if (nodeClass.family === "Bottlerocket") return { device: "/dev/xvdb", bytes: 20 * GIB };
  if (isWindows(nodeClass)) return { device: "/dev/sda1", bytes: 50 * GIB };
  return { device: "/dev/xvda", bytes: 20 * GIB };
}

function storageBytes({ localStorageGB, localNvmeGB }: MachineFacts, nodeClass: NodeClassResources): number {
  const localGB = localStorageGB ?? localNvmeGB;
  if (nodeClass.instanceStorePolicy === "RAID0" && localGB > 0) return localGB * 1e9;
  const mappings = nodeClass.blockDeviceMappings ?? [];
  const { device, bytes } = familyVolume(nodeClass);
  const root =
    mappings.find((mapping) => mapping.rootVolume === true) ??
    mappings.find((mapping) => mapping.deviceName === device) ??
    (nodeClass.family === "Custom" ? mappings.at(-1) : undefined);
  const size = root?.ebs?.volumeSize;
  return size === undefined ? bytes : parseUnits(size);
}

function addressPodLimit(facts: MachineFacts, settings: ResourceModelSettings): number {
  const { enis: interfaces, ipv4PerEni } = facts;
  if (interfaces === undefined || ipv4PerEni === undefined) return facts.addressPodLimit ?? FIXED_POD_LIMIT;
  const enis = interfaces - settings.reservedEnis;
  return enis <= 0 ? 0 : eniPodLimit({ enis, ipv4PerEni });
}

function podLimit(addressLimit: number, vcpus: number, { kubelet, family }: NodeClassResources): number {
  const limit = kubelet?.maxPods ?? addressLimit;
  const perCore = kubelet?.podsPerCore ?? 0;
  return perCore > 0 && family !== "Bottlerocket" ? Math.min(limit, perCore * vcpus) : limit;
}

const GPU_RESOURCES: ReadonlyMap<string, string> = new Map([
  ["NVIDIA", "nvidia.com/gpu"],
  ["AMD", "amd.com/gpu"],
  ["HABANA", "habana.ai/gaudi"],
]);

function deviceCapacity(facts: MachineFacts, nodeClass: NodeClassResources): [resource: string, count: number][] {
  const { gpus, accelerators } = facts;
  const gpuResource = GPU_RESOURCES.get(gpus?.manufacturer.toUpperCase() ?? "");
  const neuron = accelerators?.count ?? 0;
  const windowsAddresses = isWindows(nodeClass) ? (facts.ipv4PerEni ?? 1) - 1 : 0;
  const amounts: [string, number][] = [
    ...(gpuResource === undefined ? [] : ([[gpuResource, gpus?.count ?? 0]] satisfies [string, number][])),
    ["aws.amazon.com/neuron", neuron],
    ["aws.amazon.com/neuroncore", neuron * (accelerators?.coresPerDevice ?? 0)],
    ["vpc.amazonaws.com/efa", facts.efaInterfaces ?? 0],
    ["vpc.amazonaws.com/PrivateIPv4Address", windowsAddresses],
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
