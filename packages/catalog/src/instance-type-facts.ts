/** GPUs or Neuron devices of an instance type. */
export interface DeviceFacts {
  /** As EC2 reports it, e.g. `A10G` or `Inferentia2`. */
  readonly name: string;
  /** `NVIDIA`, `AMD` or `aws`. */
  readonly manufacturer: string;
  /** Whole devices; 0 for a fraction of one (g6f). */
  readonly count: number;
  /** Memory of each device. */
  readonly memoryMiB: number;
}

/** What is known about one EC2 instance type in one region. */
export interface InstanceTypeFacts {
  /** `m5.large` */
  readonly name: string;
  readonly region: string;
  /** `m5` */
  readonly family: string;
  /** `large` */
  readonly size: string;
  /** Leading letters of the family: `m`, `gr`, `hpc`. */
  readonly category: string;
  readonly generation: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Kubernetes' word: `amd64` or `arm64`. */
  readonly architecture: "amd64" | "arm64";
  readonly cpuManufacturer: "intel" | "amd" | "aws";
  /** Empty for bare metal. */
  readonly hypervisor: "nitro" | "xen" | "";
  readonly bareMetal: boolean;
  /** Network interfaces. */
  readonly enis: number;
  readonly ipv4PerEni: number;
  /** Baseline where one is published; undefined for the few types without a published figure. */
  readonly networkMbps: number | undefined;
  /** Total of the local disks; 0 without any. */
  readonly localNvmeGB: number;
  readonly localDisks: number;
  readonly gpus: DeviceFacts | undefined;
  /** Neuron devices, with the NeuronCores of each. */
  readonly accelerators: (DeviceFacts & { readonly coresPerDevice: number }) | undefined;
  readonly burstable: boolean;
  /** Some size of the family has an Elastic Fabric Adapter. */
  readonly efaInFamily: boolean;
  /** `-flex` families: full CPU speed for 95 % of the time. */
  readonly flex: boolean;
  /** Zone names that offer the type, sorted; never empty. */
  readonly zones: readonly string[];
  /** Linux, shared tenancy. Undefined where no price is known. */
  readonly onDemandUsdPerHour: number | undefined;
  /** True when the price is the us-east-1 price times the usual ratio of the class. */
  readonly priceIsEstimate: boolean;
  /**
   * Typical Linux spot price in a zone, with an offset of up to 15 % that is always the same for a type and zone. Undefined when the type is
   * not sold as spot, not offered in the zone, or without a price.
   */
  spotUsdPerHour(zone: string): number | undefined;
}
