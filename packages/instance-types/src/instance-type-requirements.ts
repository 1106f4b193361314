import { LABELS } from "@nodeless/api";
import type { Requirement, Requirements } from "@nodeless/scheduling";
import type { MachineFacts } from "./machine-facts.ts";

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
export function instanceTypeRequirements(facts: MachineFacts, imageFamily: string): Requirements {
  const windowsBuild = WINDOWS_BUILDS.get(imageFamily);
  const [family = "", size = ""] = facts.name.split(".");
  const { category, generation } = NAME.exec(family)?.groups ?? {};
  const values: readonly LabelValue[] = [
    [LABELS.instanceType, facts.name],
    [LABELS.arch, facts.architecture],
    [LABELS.os, windowsBuild === undefined ? "linux" : "windows"],
    [LABELS.region, facts.region],
    ["node.kubernetes.io/windows-build", windowsBuild],
    [`${PREFIX}instance-category`, category],
    [`${PREFIX}instance-family`, family],
    [`${PREFIX}instance-generation`, generation],
    [`${PREFIX}instance-size`, size],
    [`${PREFIX}instance-capability-flex`, family.includes("-flex")],
    [`${PREFIX}instance-tenancy`, "default"],
    [`${PREFIX}instance-cpu`, facts.vcpus],
    [`${PREFIX}instance-cpu-manufacturer`, facts.cpuManufacturer],
    [`${PREFIX}instance-cpu-sustained-clock-speed-mhz`, facts.clockSpeedMhz],
    [`${PREFIX}instance-memory`, facts.memoryMiB],
    [`${PREFIX}instance-ebs-bandwidth`, facts.ebsMbps],
    [`${PREFIX}instance-network-bandwidth`, facts.networkMbps],
    // Karpenter reports an empty hypervisor for bare metal.
    [`${PREFIX}instance-hypervisor`, facts.hypervisor],
    [`${PREFIX}instance-encryption-in-transit-supported`, facts.encryptionInTransit],
    [`${PREFIX}nitro-sandbox`, facts.nitroEnclaves],
    [`${PREFIX}instance-local-nvme`, facts.localNvmeGB > 0 ? facts.localNvmeGB : undefined],
    ...deviceLabels(facts),
  ];
  return new Map(values.map(([key, value]) => [key, oneOf(key, value)]));
}

type LabelValue = readonly [key: string, value: string | number | boolean | undefined];

function oneOf(key: string, value: LabelValue[1]): Requirement {
  return { key, complement: false, values: new Set(value === undefined ? [] : [String(value)]) };
}

function deviceLabels({ gpus, accelerators }: MachineFacts): readonly LabelValue[] {
  return [
    [`${PREFIX}instance-gpu-name`, labelText(gpus?.name)],
    [`${PREFIX}instance-gpu-manufacturer`, labelText(gpus?.manufacturer)],
    [`${PREFIX}instance-gpu-count`, gpus?.count],
    [`${PREFIX}instance-gpu-memory`, gpus?.memoryMiB],
    [`${PREFIX}instance-accelerator-name`, labelText(accelerators?.name)],
    [`${PREFIX}instance-accelerator-manufacturer`, accelerators === undefined ? undefined : "aws"],
    [`${PREFIX}instance-accelerator-count`, accelerators?.count],
  ];
}

/** `Radeon Pro V520` → `radeon-pro-v520` */
function labelText(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text.toLowerCase().replaceAll(/\s+/g, "-");
}
