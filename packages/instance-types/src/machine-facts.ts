import type { DeviceFacts } from "@nodeless/catalog";

/**
 * What decides the labels and resources of an instance type's nodes, whoever states it: the built-in catalogue (its
 * `InstanceTypeFacts` are such facts), EC2's DescribeInstanceTypes, or a refreshed catalogue. Undefined means not stated.
 */
export interface MachineFacts {
  /** `m5.large` */
  readonly name: string;
  readonly region: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architecture: "amd64" | "arm64";
  /** `intel`, `amd`, `aws`. */
  readonly cpuManufacturer: string | undefined;
  /** `nitro`, `xen`; empty for bare metal. */
  readonly hypervisor: string;
  /** Network interfaces and IPv4 addresses of each. */
  readonly enis: number | undefined;
  readonly ipv4PerEni: number | undefined;
  /** Pods with an address of their own, where interfaces are not stated. Default 110. */
  readonly addressPodLimit?: number | undefined;
  readonly networkMbps: number | undefined;
  /** Total of the local NVMe disks; 0 without any. */
  readonly localNvmeGB: number;
  /** Total of all local disks where some are not NVMe. Default `localNvmeGB`. */
  readonly localStorageGB?: number | undefined;
  readonly gpus: DeviceFacts | undefined;
  /** Neuron devices, with the NeuronCores of each. */
  readonly accelerators: (DeviceFacts & { readonly coresPerDevice: number }) | undefined;
  readonly clockSpeedMhz?: number | undefined;
  /** Most that EBS volumes can transfer. */
  readonly ebsMbps?: number | undefined;
  readonly encryptionInTransit?: boolean | undefined;
  /** Nitro Enclaves can be made. */
  readonly nitroEnclaves?: boolean | undefined;
  readonly efaInterfaces?: number | undefined;
}

/** What decides how an instance type can be bought. */
export interface MarketFacts {
  /** Zone names that offer the type. */
  readonly zones: readonly string[];
  /** Undefined where no price is known: the type is not offered on demand. */
  readonly onDemandUsdPerHour: number | undefined;
  /** Undefined where the type is not sold as spot. */
  spotUsdPerHour(zone: string): number | undefined;
}
