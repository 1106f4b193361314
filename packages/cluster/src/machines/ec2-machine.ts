import { LABELS } from "@nodeless/api";
import { findInstanceType, kubeletResources } from "@nodeless/catalog";
import type { NodeRegistration } from "@nodeless/controlplane";
import type { BootInstance } from "@nodeless/local-aws";
import type { JoinInstructions } from "./user-data.ts";

/** Addresses of the instance's subnet. */
export interface PodAddresses {
  allocate(): string | undefined;
  release(ip: string): void;
  /** After a restart: the address is taken. */
  adopt(ip: string): void;
}

export interface MachineFacts {
  readonly instance: BootInstance;
  readonly instructions: JoinInstructions;
  readonly zoneId: string;
  readonly kubeletVersion: string;
  readonly addresses: PodAddresses;
}

/** What the kubelet of an EC2 instance reports: labels of the cloud provider and of its user data, resources of its type. */
export function ec2Machine({
  instance,
  instructions,
  zoneId,
  kubeletVersion,
  addresses,
}: MachineFacts): NodeRegistration {
  const facts = findInstanceType(instance.region, instance.instanceType);
  if (facts === undefined)
    throw new Error(`the catalog has no instance type ${instance.instanceType} in ${instance.region}`);
  const resources = kubeletResources(facts, { maxPods: instructions.maxPods });
  const architecture = facts.architecture === "arm64" ? "arm64" : "amd64";
  return {
    name: instance.privateDnsName,
    labels: { ...cloudLabels(instance, zoneId, architecture), ...instructions.labels },
    taints: instructions.taints,
    providerId: `aws:///${instance.zone}/${instance.instanceId}`,
    internalIp: instance.privateIp,
    hostname: instance.privateDnsName,
    capacity: resources.capacity,
    allocatable: resources.allocatable,
    kubeletVersion,
    osImage: "Amazon Linux 2023 (simulated by nodeless)",
    kernelVersion: "6.12.0-nodeless",
    containerRuntimeVersion: "containerd://2.1.0",
    architecture,
    allocatePodIp: () => addresses.allocate(),
    releasePodIp: (ip) => addresses.release(ip),
    adoptPodIp: (ip) => addresses.adopt(ip),
  };
}

/** Set by the kubelet and the AWS cloud controller on every node. */
function cloudLabels(instance: BootInstance, zoneId: string, architecture: string): Readonly<Record<string, string>> {
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/instance-type": instance.instanceType,
    "beta.kubernetes.io/os": "linux",
    "failure-domain.beta.kubernetes.io/region": instance.region,
    "failure-domain.beta.kubernetes.io/zone": instance.zone,
    "k8s.io/cloud-provider-aws": "nodeless",
    [LABELS.arch]: architecture,
    [LABELS.hostname]: instance.privateDnsName,
    [LABELS.os]: "linux",
    [LABELS.instanceType]: instance.instanceType,
    [LABELS.zoneId]: zoneId,
    [LABELS.region]: instance.region,
    [LABELS.zone]: instance.zone,
  };
}
