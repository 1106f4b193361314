import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { LABELS } from "@nodeless/api";
import { findInstanceType } from "@nodeless/catalog";
import type { Requirement, Requirements } from "@nodeless/scheduling";

const PREFIX = "karpenter.k8s.aws/";
/** Builds of the Windows image families. Source: Karpenter AWS provider 1.14, labels. */
const WINDOWS_BUILDS: ReadonlyMap<string, string> = new Map([
  ["Windows2019", "10.0.17763"],
  ["Windows2022", "10.0.20348"],
  ["Windows2025", "10.0.26100"],
]);
const NAME = /^(?<category>[a-z]+)(?<tag>-[0-9]+tb)?(?<generation>[0-9]+)?[^.]*$/;

/**
 * The labels a node of this type carries, as requirements; a label it does not have is one that must not exist. Zone, zone id and capacity
 * type are the offerings'. Source: Karpenter AWS provider 1.14, instancetype/types.go (karpenter.md §2.1).
 */
export function instanceTypeRequirements(
  info: InstanceTypeInfo,
  place: { readonly region: string; readonly family: string },
): Requirements {
  const { region, family: imageFamily } = place;
  const windowsBuild = WINDOWS_BUILDS.get(imageFamily);
  const name = info.InstanceType ?? "";
  const [family = "", size = ""] = name.split(".");
  const { category, generation } = NAME.exec(family)?.groups ?? {};
  const manufacturer = info.ProcessorInfo?.Manufacturer?.toLowerCase().replaceAll(" ", "-");
  const values: readonly (readonly [key: string, value: string | number | boolean | undefined])[] = [
    [LABELS.instanceType, name],
    [LABELS.arch, info.ProcessorInfo?.SupportedArchitectures?.includes("arm64") === true ? "arm64" : "amd64"],
    [LABELS.os, windowsBuild === undefined ? "linux" : "windows"],
    [LABELS.region, region],
    ["node.kubernetes.io/windows-build", windowsBuild],
    [`${PREFIX}instance-category`, category],
    [`${PREFIX}instance-family`, family],
    [`${PREFIX}instance-generation`, generation],
    [`${PREFIX}instance-size`, size],
    [`${PREFIX}instance-capability-flex`, family.includes("-flex")],
    [`${PREFIX}instance-tenancy`, "default"],
    [`${PREFIX}instance-cpu`, info.VCpuInfo?.DefaultVCpus],
    [`${PREFIX}instance-cpu-manufacturer`, manufacturer],
    [`${PREFIX}instance-cpu-sustained-clock-speed-mhz`, clockSpeedMhz(info)],
    [`${PREFIX}instance-memory`, info.MemoryInfo?.SizeInMiB],
    [`${PREFIX}instance-ebs-bandwidth`, info.EbsInfo?.EbsOptimizedInfo?.MaximumBandwidthInMbps],
    [`${PREFIX}instance-network-bandwidth`, networkMbps(info, region)],
    // Karpenter reports an empty hypervisor for bare metal.
    [`${PREFIX}instance-hypervisor`, info.Hypervisor ?? ""],
    [`${PREFIX}instance-encryption-in-transit-supported`, info.NetworkInfo?.EncryptionInTransitSupported],
    [
      `${PREFIX}nitro-sandbox`,
      info.NitroEnclavesSupport === undefined ? undefined : info.NitroEnclavesSupport === "supported",
    ],
    [`${PREFIX}instance-local-nvme`, localNvmeGB(info)],
    ...deviceLabels(info),
  ];
  return new Map(values.map(([key, value]) => [key, oneOf(key, value)]));
}

function oneOf(key: string, value: string | number | boolean | undefined): Requirement {
  return { key, complement: false, values: new Set(value === undefined ? [] : [String(value)]) };
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

function localNvmeGB({ InstanceStorageInfo: storage }: InstanceTypeInfo): number | undefined {
  if (storage?.NvmeSupport === undefined || storage.NvmeSupport === "unsupported") return undefined;
  return storage.TotalSizeInGB;
}

function deviceLabels(info: InstanceTypeInfo): [key: string, value: string | number | undefined][] {
  const [gpu] = info.GpuInfo?.Gpus ?? [];
  const [neuron] = info.NeuronInfo?.NeuronDevices ?? [];
  const [inference] = info.InferenceAcceleratorInfo?.Accelerators ?? [];
  const accelerator = neuron ?? inference;
  return [
    [`${PREFIX}instance-gpu-name`, labelText(gpu?.Name)],
    [`${PREFIX}instance-gpu-manufacturer`, labelText(gpu?.Manufacturer)],
    [`${PREFIX}instance-gpu-count`, gpu?.Count],
    [`${PREFIX}instance-gpu-memory`, gpu?.MemoryInfo?.SizeInMiB],
    [`${PREFIX}instance-accelerator-name`, labelText(accelerator?.Name)],
    [`${PREFIX}instance-accelerator-manufacturer`, accelerator === undefined ? undefined : "aws"],
    [`${PREFIX}instance-accelerator-count`, accelerator?.Count],
  ];
}

/** `Radeon Pro V520` → `radeon-pro-v520` */
function labelText(text: string | undefined): string | undefined {
  return text?.toLowerCase().replaceAll(/\s+/g, "-");
}
