import { LABELS } from "@nodeless/api";

/**
 * Labels with a meaning of their own. Source: Karpenter 1.14, core pkg/apis/v1/labels.go and AWS pkg/apis/v1/labels.go
 * (karpenter.md §2.1).
 */

const AWS_PREFIX = "karpenter.k8s.aws/";

/** Labels that a launched instance type decides; absent on a type means that its nodes do not carry it. */
const INSTANCE_PREFIX = `${AWS_PREFIX}instance-`;

const AWS_LABELS = [
  "instance-category",
  "instance-family",
  "instance-generation",
  "instance-size",
  "instance-capability-flex",
  "instance-cpu",
  "instance-cpu-manufacturer",
  "instance-cpu-sustained-clock-speed-mhz",
  "instance-memory",
  "instance-local-nvme",
  "instance-encryption-in-transit-supported",
  "instance-tenancy",
  "instance-ebs-bandwidth",
  "instance-network-bandwidth",
  "instance-gpu-name",
  "instance-gpu-manufacturer",
  "instance-gpu-count",
  "instance-gpu-memory",
  "instance-accelerator-name",
  "instance-accelerator-manufacturer",
  "instance-accelerator-count",
  "instance-hypervisor",
  "instance-pods",
  "instance-accelerator-memory",
  "nitro-sandbox",
  "capacity-reservation-id",
  "capacity-reservation-type",
  "capacity-reservation-interruptible",
  "placement-group-id",
  "placement-group-partition",
].map((name) => `${AWS_PREFIX}${name}`);

/** Labels that a pod may ask for even if the NodePool does not mention them. */
export const WELL_KNOWN_LABELS: ReadonlySet<string> = new Set([
  LABELS.nodePool,
  LABELS.zone,
  LABELS.region,
  LABELS.instanceType,
  LABELS.arch,
  LABELS.os,
  LABELS.capacityType,
  "node.kubernetes.io/windows-build",
  LABELS.zoneId,
  LABELS.provisionerName,
  ...AWS_LABELS,
]);

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["failure-domain.beta.kubernetes.io/zone", LABELS.zone],
  ["failure-domain.beta.kubernetes.io/region", LABELS.region],
  ["beta.kubernetes.io/arch", LABELS.arch],
  ["beta.kubernetes.io/os", LABELS.os],
  ["beta.kubernetes.io/instance-type", LABELS.instanceType],
  ["topology.ebs.csi.aws.com/zone", LABELS.zone],
]);

/** Today's key for a label that has an older or a driver's alias; any other key unchanged. */
export function normalizedLabelKey(key: string): string {
  return ALIASES.get(key) ?? key;
}

/** True for labels whose absence on an instance type means that no node of this type carries them. */
export function isInstanceLabel(key: string): boolean {
  return key.startsWith(INSTANCE_PREFIX);
}

/** The value of a label on a node, also under an alias of its key. */
export function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  if (Object.hasOwn(labels, key)) return labels[key];
  for (const [alias, target] of ALIASES)
    if ((target === key || normalizedLabelKey(key) === target) && Object.hasOwn(labels, alias)) return labels[alias];
  const normalized = normalizedLabelKey(key);
  return normalized !== key && Object.hasOwn(labels, normalized) ? labels[normalized] : undefined;
}
