import { LABELS } from "@nodeless/api";
import type { InstanceType } from "@nodeless/scheduling";
import { imageFamilyBoots } from "./image-family.ts";
import { instanceTypeRequirements } from "./instance-type-requirements.ts";
import { DEFAULT_RESOURCE_MODEL, instanceTypeResources, type NodeClassResources } from "./instance-type-resources.ts";
import type { MachineFacts } from "./machine-facts.ts";

/**
 * Types that were made for a node class without any setting, as nodes of another class would be: what its images do not boot on and what
 * its zones do not offer is left out. The facts are read back from the labels and the default pod count, which hold them all but the size of
 * local disks that are not NVMe.
 */
export function forNodeClass(
  types: readonly InstanceType[],
  options: { readonly nodeClass: NodeClassResources; readonly zones?: ReadonlyMap<string, string | undefined> },
): readonly InstanceType[] {
  const { nodeClass, zones } = options;
  return types.flatMap((type) => {
    const facts = factsOf(type);
    const offerings = zones === undefined ? type.offerings : type.offerings.filter(({ zone }) => zones.has(zone));
    if (offerings.length === 0 || !imageFamilyBoots(nodeClass.family, facts)) return [];
    const requirements = instanceTypeRequirements(facts, nodeClass.family);
    return [{ ...type, requirements, offerings, ...instanceTypeResources(facts, nodeClass, DEFAULT_RESOURCE_MODEL) }];
  });
}

function factsOf({ name, requirements, capacity }: InstanceType): MachineFacts {
  const label = (key: string): string | undefined => [...(requirements.get(key)?.values ?? [])][0];
  const text = (name: string): string | undefined => label(`karpenter.k8s.aws/${name}`);
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  const flag = (name: string): boolean | undefined => {
    const value = text(name);
    return value === undefined ? undefined : value === "true";
  };
  const neuron = capacity.get("aws.amazon.com/neuron") ?? 0;
  const gpuName = text("instance-gpu-name");
  const acceleratorName = text("instance-accelerator-name");
  return {
    name,
    region: label(LABELS.region) ?? "",
    vcpus: number("instance-cpu") ?? 0,
    memoryMiB: number("instance-memory") ?? 0,
    architecture: label(LABELS.arch) === "arm64" ? "arm64" : "amd64",
    cpuManufacturer: text("instance-cpu-manufacturer"),
    hypervisor: text("instance-hypervisor") ?? "",
    // Any pair that gives the pod count does: one interface with an address for each pod but the two on the host network.
    enis: 1,
    ipv4PerEni: (capacity.get("pods") ?? 0) - 1,
    networkMbps: number("instance-network-bandwidth"),
    localNvmeGB: number("instance-local-nvme") ?? 0,
    gpus:
      gpuName === undefined
        ? undefined
        : {
            name: gpuName,
            manufacturer: text("instance-gpu-manufacturer") ?? "",
            count: number("instance-gpu-count") ?? 0,
            memoryMiB: number("instance-gpu-memory") ?? 0,
          },
    accelerators:
      acceleratorName === undefined
        ? undefined
        : {
            name: acceleratorName,
            manufacturer: "aws",
            count: number("instance-accelerator-count") ?? 0,
            memoryMiB: 0,
            coresPerDevice: neuron === 0 ? 0 : (capacity.get("aws.amazon.com/neuroncore") ?? 0) / neuron,
          },
    clockSpeedMhz: number("instance-cpu-sustained-clock-speed-mhz"),
    ebsMbps: number("instance-ebs-bandwidth"),
    encryptionInTransit: flag("instance-encryption-in-transit-supported"),
    nitroEnclaves: flag("nitro-sandbox"),
    efaInterfaces: capacity.get("vpc.amazonaws.com/efa"),
  };
}
