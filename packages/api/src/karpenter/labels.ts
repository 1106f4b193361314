import { editDistance } from "../edit-distance.ts";
import { LABELS } from "../well-known.ts";

/**
 * Which label keys a NodePool and a pod may use.
 * Source: Karpenter 1.14 and 0.27, documented labels (karpenter.md §2.1).
 */

const AWS_PREFIX = "karpenter.k8s.aws/";
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
  "instance-ebs-bandwidth",
  "instance-network-bandwidth",
  "instance-gpu-name",
  "instance-gpu-manufacturer",
  "instance-gpu-count",
  "instance-gpu-memory",
  "instance-accelerator-name",
  "instance-accelerator-manufacturer",
  "instance-accelerator-count",
  "instance-accelerator-memory",
  "instance-hypervisor",
  "instance-pods",
  "instance-tenancy",
  "nitro-sandbox",
  "capacity-reservation-id",
  "capacity-reservation-type",
  "capacity-reservation-interruptible",
  "placement-group-id",
  "placement-group-partition",
];

/** Labels every launched node has: a pod may ask for them even if the pool does not mention them. */
export const WELL_KNOWN_LABELS: ReadonlySet<string> = new Set([
  LABELS.nodePool,
  LABELS.provisionerName,
  LABELS.zone,
  LABELS.region,
  LABELS.instanceType,
  LABELS.arch,
  LABELS.os,
  LABELS.capacityType,
  LABELS.zoneId,
  "node.kubernetes.io/windows-build",
  ...AWS_LABELS.map((name) => `${AWS_PREFIX}${name}`),
]);

/** Older and drivers' keys, and the key of today that means the same. */
export const LABEL_ALIASES: ReadonlyMap<string, string> = new Map([
  ["failure-domain.beta.kubernetes.io/zone", LABELS.zone],
  ["failure-domain.beta.kubernetes.io/region", LABELS.region],
  ["beta.kubernetes.io/arch", LABELS.arch],
  ["beta.kubernetes.io/os", LABELS.os],
  ["beta.kubernetes.io/instance-type", LABELS.instanceType],
  ["topology.ebs.csi.aws.com/zone", LABELS.zone],
]);

/** Today's key for a label that has an older or a driver's alias; any other key unchanged. */
export function normalizedLabelKey(key: string): string {
  return LABEL_ALIASES.get(key) ?? key;
}

/** Domains whose labels only Karpenter may set. */
const OWNED_DOMAINS = ["karpenter.sh", "karpenter.k8s.aws"] as const;

/** Well known to pods, and written by Karpenter itself. */
const SET_BY_KARPENTER: ReadonlySet<string> = new Set([LABELS.nodePool, LABELS.provisionerName]);

/**
 * Why a NodePool may not set this label, as a sentence for the user; undefined when it may.
 * `karpenter.sh/nodepool` is well known to pods but set by Karpenter itself.
 */
export function restrictedLabelReason(key: string): string | undefined {
  if (SET_BY_KARPENTER.has(key)) return `${key} is set by Karpenter to the pool's own name; leave it out`;
  if (key === LABELS.hostname) return `${key} differs on every node, so no pool can promise a value; leave it out`;
  if (WELL_KNOWN_LABELS.has(key)) return undefined;
  const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  const owner = OWNED_DOMAINS.find((owned) => domain === owned || domain.endsWith(`.${owned}`));
  if (owner === undefined) return undefined;
  const similar = nearestWellKnownLabel(key);
  return similar === undefined
    ? `${key} is in the domain ${owner}, which belongs to Karpenter; use a domain of your own`
    : `${key} is not a label of Karpenter; did you mean ${similar}?`;
}

/** More edits than this are another word, not a slip of the finger. */
const EDITS_MAX = 3;

/** The well-known label that a mistyped key most likely means. */
export function nearestWellKnownLabel(key: string): string | undefined {
  const name = key.slice(key.indexOf("/") + 1);
  let nearest: { readonly label: string; readonly edits: number } | undefined;
  for (const label of WELL_KNOWN_LABELS) {
    // The right name in the wrong domain is the commonest mistake of all.
    const edits = label.slice(label.indexOf("/") + 1) === name ? 0 : editDistance(label, key, { limit: EDITS_MAX });
    if (edits <= EDITS_MAX && (nearest === undefined || edits < nearest.edits)) nearest = { label, edits };
  }
  return nearest?.label;
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_CHARACTERS_MAX = 63;
const DOMAIN_CHARACTERS_MAX = 253;

/** True for `name` or `domain/name` as label, taint and annotation keys are. */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf("/");
  const [domain, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  const domainFits = domain === undefined || (domain.length <= DOMAIN_CHARACTERS_MAX && DOMAIN.test(domain));
  return domainFits && name.length <= NAME_CHARACTERS_MAX && NAME.test(name);
}

/** True for what a label may hold; the empty value is one. */
export function isLabelValue(value: string): boolean {
  return value === "" || (value.length <= NAME_CHARACTERS_MAX && NAME.test(value));
}
