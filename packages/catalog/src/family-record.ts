/** One family as the generated module holds it. Lists are in the order of the regions. */
export interface FamilyRecord {
  readonly maker: "intel" | "amd" | "aws";
  readonly arm?: 1;
  readonly xen?: 1;
  /** b burstable, e EFA on some size, o no spot. */
  readonly flags?: string;
  /** Sizes separated by blanks, each {@link parseSize}'s text. */
  readonly sizes: string;
  /** On-demand USD per vCPU-hour. */
  readonly usd: readonly (number | null)[];
  /** USD per hour of sizes whose price is not vCPUs × rate. */
  readonly px?: Readonly<Record<string, readonly (number | null)[]>>;
  /** Spot price in percent of on-demand. */
  readonly spot: readonly (number | null)[];
  /** Zone letters, `-` where not offered, regions separated by blanks. */
  readonly az: string;
  readonly azx?: Readonly<Record<string, string>>;
  readonly gpu?: readonly [name: string, maker: string];
  readonly acc?: readonly [name: string, maker: string, memoryMiB: number, cores: number];
}

/** One size of a family. */
export interface SizeRecord {
  readonly size: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly enis: number;
  readonly ipv4PerEni: number;
  readonly networkMbps: number | undefined;
  readonly disks: number;
  readonly diskGB: number;
  readonly gpus: number | undefined;
  readonly gpuMiB: number;
  readonly accelerators: number;
}

/** Reads `name:vcpus:memoryMiB:enis:ipv4PerEni:networkMbps:disks:gpus:gpuMiB:accelerators`. */
export function parseSize(text: string): SizeRecord {
  const [size = "", vcpus, memoryMiB, enis, ipv4PerEni, networkMbps, disks, gpus, gpuMiB, accelerators] =
    text.split(":");
  const [diskCount, diskGB] = (disks ?? "").split("x");
  return {
    size,
    vcpus: Number(vcpus),
    memoryMiB: Number(memoryMiB),
    enis: Number(enis),
    ipv4PerEni: Number(ipv4PerEni),
    networkMbps: optionalNumber(networkMbps),
    disks: Number(diskCount ?? 0),
    diskGB: Number(diskGB ?? 0),
    gpus: optionalNumber(gpus),
    gpuMiB: Number(gpuMiB ?? 0),
    accelerators: Number(accelerators ?? 0),
  };
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}
