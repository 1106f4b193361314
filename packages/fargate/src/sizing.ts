import { podRequests } from "@nodeless/api";

/** A micro-VM size as it is sold. */
export interface FargateSize {
  readonly vcpuMillicores: number;
  /** In steps of AWS's list; 1 GB counts as 1 GiB there. */
  readonly memoryGb: number;
  /** 20 is included in the price. */
  readonly ephemeralStorageGib: number;
}

export type FargateSizing =
  | { readonly kind: "size"; readonly size: FargateSize }
  | { readonly kind: "too-large" /** A sentence for the user. */; readonly message: string };

const range = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

/** vCPU millicores → memory in GB, both ascending. Source: the EKS user guide on Fargate pod configuration (fargate.md §6). */
export const FARGATE_SIZES: readonly (readonly [vcpuMillicores: number, memoryGb: readonly number[]])[] = [
  [250, [0.5, 1, 2]],
  [500, range(1, 4, 1)],
  [1_000, range(2, 8, 1)],
  [2_000, range(4, 16, 1)],
  [4_000, range(8, 30, 1)],
  [8_000, range(16, 60, 4)],
  [16_000, range(32, 120, 8)],
];

const GIB = 2 ** 30;
/** Added to every pod for kubelet, kube-proxy and containerd. */
const SYSTEM_MEMORY_BYTES = 256 * 2 ** 20;
const INCLUDED_STORAGE_GIB = 20;
const STORAGE_REQUEST_GIB_MAX = 175;
/** What the system itself needs of the disk: 100 GiB requested are 115 GiB provisioned. */
const STORAGE_OVERHEAD_PERCENT = 15;

/**
 * The smallest size that holds a pod's requests (a limit stands in for a missing request) plus 256 MiB. Fewer vCPUs are preferred,
 * then less memory. Throws InvalidQuantityError.
 */
export function fargateSize(pod: { readonly spec: Parameters<typeof podRequests>[0] }): FargateSizing {
  const requests = podRequests(pod.spec);
  const cpuMillicores = requests.get("cpu") ?? 0;
  const memoryBytes = (requests.get("memory") ?? 0) + SYSTEM_MEMORY_BYTES;
  const storageGib = (requests.get("ephemeral-storage") ?? 0) / GIB;
  if (storageGib > STORAGE_REQUEST_GIB_MAX)
    return {
      kind: "too-large",
      message: `the pod requests ${decimals(storageGib)} GiB of ephemeral storage; Fargate offers ${STORAGE_REQUEST_GIB_MAX} GiB`,
    };
  for (const [vcpuMillicores, memories] of FARGATE_SIZES) {
    const memoryGb = memories.find((gb) => gb * GIB >= memoryBytes);
    if (vcpuMillicores >= cpuMillicores && memoryGb !== undefined)
      return { kind: "size", size: { vcpuMillicores, memoryGb, ephemeralStorageGib: provisionedStorage(storageGib) } };
  }
  return {
    kind: "too-large",
    message: `the pod requests ${decimals(cpuMillicores / 1_000)} vCPU and, with 256 MiB for the system, ${decimals(memoryBytes / GIB)} GB; the largest size is 16vCPU 120GB`,
  };
}

function provisionedStorage(requestedGib: number): number {
  if (requestedGib <= INCLUDED_STORAGE_GIB) return INCLUDED_STORAGE_GIB;
  return Math.ceil((requestedGib * (100 + STORAGE_OVERHEAD_PERCENT)) / 100);
}

const decimals = (value: number): string => String(Math.round(value * 100) / 100);

/** As the pod's annotation CapacityProvisioned says it: `0.25vCPU 0.5GB`. */
export function capacityProvisionedText({ vcpuMillicores, memoryGb }: FargateSize): string {
  return `${vcpuMillicores / 1_000}vCPU ${memoryGb}GB`;
}

/** The inverse of {@link capacityProvisionedText}, with the included storage; undefined for other text. */
export function parseCapacityProvisioned(text: string): FargateSize | undefined {
  const match = /^([0-9.]+)vCPU ([0-9.]+)GB$/.exec(text);
  if (match === null) return undefined;
  return {
    vcpuMillicores: Math.round(Number(match[1]) * 1_000),
    memoryGb: Number(match[2]),
    ephemeralStorageGib: INCLUDED_STORAGE_GIB,
  };
}
