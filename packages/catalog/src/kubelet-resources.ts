import type { InstanceTypeFacts } from "./instance-type-facts.ts";

/** Kubernetes quantities by resource name. */
export type ResourceQuantities = Readonly<Record<string, string>>;

export interface KubeletResources {
  readonly capacity: ResourceQuantities;
  readonly allocatable: ResourceQuantities;
}

const KI_PER_MI = 1024;
const KI_PER_GI = 1024 * 1024;
const EVICTION_MEMORY_MI = 100;
/** A file system is this much smaller than its volume: 20 GiB give 20959212Ki on Amazon Linux. */
const FILE_SYSTEM_SHARE = 20_959_212 / (20 * KI_PER_GI);
/** Contiguous memory that the kernel of arm64 images keeps. */
const ARM64_CMA_MI = 64;

/** Pods that an instance can give an address of its own: one address per interface is the interface's; two pods use the host network. */
export function eniPodLimit(facts: Pick<InstanceTypeFacts, "enis" | "ipv4PerEni">): number {
  return facts.enis * (facts.ipv4PerEni - 1) + 2;
}

/** CPU that a kubelet keeps for itself: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
export function kubeReservedMillicores(vcpus: number): number {
  const share = (cores: number, perCore: number): number => Math.max(0, cores) * perCore;
  return Math.floor(
    share(Math.min(vcpus, 1), 60) +
      share(Math.min(vcpus, 2) - 1, 10) +
      share(Math.min(vcpus, 4) - 2, 5) +
      share(vcpus - 4, 2.5),
  );
}

/** Memory that a kubelet keeps for itself: 255 MiB and 11 MiB per pod address. */
export function kubeReservedMemoryMiB(pods: number): number {
  return 11 * pods + 255;
}

/**
 * Capacity and allocatable as the kubelet of a real node reports them, with the defaults of the EKS images: kube-reserved by type, eviction
 * at 100Mi of memory and 10 % of the disk. Memory is nominal less what firmware and kernel keep: a fit to published nodes (t3.medium to
 * m5.2xlarge within 2 %), always above what Karpenter assumes beforehand (nominal less 7.5 %) from 2 GiB on. Devices count as if their
 * plugins ran. `maxPods` replaces the address limit of the `pods` resource only, as on Amazon Linux. `volumeGiB`: root volume, default 20.
 */
export function kubeletResources(
  facts: InstanceTypeFacts,
  options: { readonly maxPods?: number | undefined; readonly volumeGiB?: number | undefined } = {},
): KubeletResources {
  const addressLimit = eniPodLimit(facts);
  const memoryKi = reportedMemoryKi(facts);
  const storageKi = Math.floor((options.volumeGiB ?? 20) * KI_PER_GI * FILE_SYSTEM_SHARE);
  const reservedKi = (kubeReservedMemoryMiB(addressLimit) + EVICTION_MEMORY_MI) * KI_PER_MI;
  const same: Record<string, string> = {
    pods: String(options.maxPods ?? addressLimit),
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    ...deviceResources(facts),
  };
  return {
    capacity: { cpu: String(facts.vcpus), memory: `${memoryKi}Ki`, "ephemeral-storage": `${storageKi}Ki`, ...same },
    allocatable: {
      cpu: `${facts.vcpus * 1000 - kubeReservedMillicores(facts.vcpus)}m`,
      memory: `${Math.max(0, memoryKi - reservedKi)}Ki`,
      "ephemeral-storage": String(Math.floor(storageKi * 1024 * 0.9) - KI_PER_GI * 1024),
      ...same,
    },
  };
}

/** 5 % of the first 16 GiB and 3 % of the rest are missing. */
function reportedMemoryKi({ memoryMiB, architecture }: InstanceTypeFacts): number {
  const first = Math.min(memoryMiB, 16 * 1024);
  const missingMiB = first * 0.05 + (memoryMiB - first) * 0.03 + (architecture === "arm64" ? ARM64_CMA_MI : 0);
  return Math.floor((memoryMiB - missingMiB) * KI_PER_MI);
}

function deviceResources({ gpus, accelerators }: InstanceTypeFacts): ResourceQuantities {
  const resources: Record<string, string> = {};
  if (gpus !== undefined && gpus.count > 0)
    resources[gpus.manufacturer === "AMD" ? "amd.com/gpu" : "nvidia.com/gpu"] = String(gpus.count);
  if (accelerators !== undefined && accelerators.count > 0) {
    resources["aws.amazon.com/neuron"] = String(accelerators.count);
    resources["aws.amazon.com/neuroncore"] = String(accelerators.count * accelerators.coresPerDevice);
  }
  return resources;
}
