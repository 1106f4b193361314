import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  StorageClass,
  Volume,
} from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { Requirements } from "../model.ts";
import { requirementsFromNodeSelectorRequirements } from "../requirements/requirements.ts";
import { crossAlternatives, prunedAlternatives } from "./alternatives.ts";

/** How volumes are looked up; undefined when there is no such object. */
export interface VolumeSources {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
  /** True for a node that stays: local volumes on it keep their pods there. Default: none does, so that such pods may move, as upstream lets them. */
  hasNode?(name: string): boolean;
}

/** What a pod's volumes ask of its node. */
export interface PodVolumes {
  /**
   * The node must meet one of these. They restrict the node only: they are not relaxed, and they are not part of what decides which
   * nodes count for spread (karpenter.md §3.3). Empty: any node.
   */
  readonly alternatives: readonly Requirements[];
  /** Names of the volumes to attach, by CSI driver. */
  readonly attachments: ReadonlyMap<string, readonly string[]>;
  /** Why the pod cannot run anywhere until somebody repairs a volume. */
  readonly unusable?: string;
}

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
/** Annotation that names the driver where a claim is not bound yet. */
const PROVISIONER = "volume.kubernetes.io/storage-provisioner";

const EBS_DRIVER = "ebs.csi.aws.com";

/** The driver that does the work of a provisioner; that of the in-tree one has moved to CSI. Source: kubernetes csi-translation-lib. */
const driverOf = (provisioner: string): string => (provisioner === "kubernetes.io/aws-ebs" ? EBS_DRIVER : provisioner);

/**
 * Where the volumes of a pod let it run, and what they attach. Unusable (karpenter.md §3.2): a claim that is missing, being deleted or Lost,
 * one that names a volume without being bound to it, a volume that is missing or being deleted, and an unbound claim whose StorageClass is
 * empty, missing or binds at once.
 */
export function volumesOf(pod: Pod, sources: VolumeSources): PodVolumes {
  let alternatives: readonly Requirements[] = [];
  const attachments = new Map<string, string[]>();
  for (const volume of pod.spec.volumes ?? []) {
    const found = volumeOf(pod, volume, sources);
    if (found === undefined) continue;
    if ("unusable" in found) return { alternatives: [], attachments: new Map(), unusable: found.unusable };
    alternatives = crossAlternatives(alternatives, found.alternatives);
    if (found.driver === undefined) continue;
    const names = attachments.get(found.driver) ?? [];
    if (!names.includes(found.name)) attachments.set(found.driver, [...names, found.name]);
  }
  return { alternatives: prunedAlternatives(alternatives), attachments };
}

interface UsableVolume {
  readonly name: string;
  readonly driver: string | undefined;
  readonly alternatives: readonly Requirements[];
}

interface UnusableVolume {
  readonly unusable: string;
}

interface AskedClaim {
  readonly claim: PersistentVolumeClaim | undefined;
  readonly key: string;
  /** How the claim is called in messages. */
  readonly what: string;
}

function volumeOf(pod: Pod, volume: Volume, sources: VolumeSources): UsableVolume | UnusableVolume | undefined {
  const template = volume.ephemeral?.volumeClaimTemplate;
  const name =
    volume.persistentVolumeClaim?.claimName ??
    (template === undefined ? undefined : `${pod.metadata.name}-${volume.name}`);
  if (name === undefined) return undefined;
  const namespace = pod.metadata.namespace ?? "default";
  const claim = sources.claim(namespace, name);
  const asked: AskedClaim = {
    claim,
    key: `${namespace}/${name}`,
    what: `PersistentVolumeClaim ${JSON.stringify(name)}`,
  };
  if (claim === undefined)
    return template === undefined
      ? { unusable: `${asked.what} does not exist` }
      : unboundVolume(template.spec, asked, sources);
  if (claim.metadata.deletionTimestamp !== undefined) return { unusable: `${asked.what} is being deleted` };
  if (claim.status?.phase === "Lost") return { unusable: `${asked.what} has lost its volume` };
  const volumeName = claim.spec?.volumeName ?? "";
  if (volumeName === "") return unboundVolume(claim.spec, asked, sources);
  if (claim.metadata.annotations?.[BIND_COMPLETED] === undefined)
    return { unusable: `${asked.what} names a volume but is not bound to it yet` };
  return boundVolume(volumeName, asked, sources);
}

function boundVolume(name: string, { what, key }: AskedClaim, sources: VolumeSources): UsableVolume | UnusableVolume {
  const volume = sources.volume(name);
  const named = `${what} is bound to PersistentVolume ${JSON.stringify(name)}`;
  if (volume === undefined) return { unusable: `${named}, which does not exist` };
  if (volume.metadata.deletionTimestamp !== undefined) return { unusable: `${named}, which is being deleted` };
  // Local volumes are pinned to a host that a new node can never be.
  const isLocal = volume.spec?.local !== undefined || volume.spec?.hostPath !== undefined;
  const isKept = ({ key: label, values = [] }: NodeSelectorRequirement): boolean =>
    !(isLocal && label === LABELS.hostname) || values.some((host) => sources.hasNode?.(host) === true);
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return {
    name: key,
    driver: volume.spec?.csi?.driver ?? (volume.spec?.awsElasticBlockStore === undefined ? undefined : EBS_DRIVER),
    alternatives: terms
      .map(({ matchExpressions = [] }) => requirementsFromNodeSelectorRequirements(matchExpressions.filter(isKept)))
      .filter(({ size }) => size > 0),
  };
}

function unboundVolume(
  spec: PersistentVolumeClaimSpec | undefined,
  { claim, what, key }: AskedClaim,
  sources: VolumeSources,
): UsableVolume | UnusableVolume {
  const name = spec?.storageClassName ?? "";
  if (name === "") return { unusable: `${what} is not bound and names no StorageClass` };
  const storageClass = sources.storageClass(name);
  const asks = `${what} asks for StorageClass ${JSON.stringify(name)}`;
  if (storageClass === undefined) return { unusable: `${asks}, which does not exist` };
  if (storageClass.volumeBindingMode !== "WaitForFirstConsumer")
    return {
      unusable: `${what} waits to be bound: StorageClass ${JSON.stringify(name)} binds at once, before a node is chosen`,
    };
  return {
    name: key,
    driver: driverOf(claim?.metadata.annotations?.[PROVISIONER] ?? storageClass.provisioner),
    alternatives: (storageClass.allowedTopologies ?? [])
      .map(({ matchLabelExpressions = [] }) =>
        requirementsFromNodeSelectorRequirements(
          matchLabelExpressions.map(({ key: label, values }) => ({ key: label, operator: "In", values })),
        ),
      )
      .filter(({ size }) => size > 0),
  };
}
