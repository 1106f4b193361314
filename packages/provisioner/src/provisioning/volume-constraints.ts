import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  StorageClass,
  Volume,
} from "@nodeless/api";
import { LABELS } from "@nodeless/api";

/** How volumes are looked up; undefined when there is no such object. */
export interface VolumeLookup {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
}

/** Where a pod's volumes let it run: one of the alternatives, any node when there is none; or why it cannot run at all. */
export type VolumeConstraints =
  | { readonly kind: "usable"; readonly alternatives: readonly NodeSelectorTerm[] }
  | { readonly kind: "unusable"; readonly message: string };

/** A pod with several volumes of many zones multiplies alternatives; past this they are cut, which only narrows the choice. */
const ALTERNATIVES_MAX = 64;
const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/** The rules for volumes before a pod is planned for (karpenter.md §3.2, §3.3). */
export function volumeConstraints(pod: Pod, lookup: VolumeLookup): VolumeConstraints {
  let alternatives: readonly NodeSelectorTerm[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const constraints = constraintsOf(pod, volume, lookup);
    if (constraints.kind === "unusable") return constraints;
    alternatives = crossTerms(alternatives, constraints.alternatives);
  }
  return { kind: "usable", alternatives };
}

const ANYWHERE: VolumeConstraints = { kind: "usable", alternatives: [] };
const unusable = (message: string): VolumeConstraints => ({ kind: "unusable", message });

function constraintsOf(pod: Pod, volume: Volume, lookup: VolumeLookup): VolumeConstraints {
  const template = volume.ephemeral?.volumeClaimTemplate;
  const name =
    volume.persistentVolumeClaim?.claimName ??
    (template === undefined ? undefined : `${pod.metadata.name}-${volume.name}`);
  if (name === undefined) return ANYWHERE;
  const claim = lookup.claim(pod.metadata.namespace ?? "", name);
  const what = `PersistentVolumeClaim ${JSON.stringify(name)}`;
  if (claim === undefined)
    return template === undefined
      ? unusable(`${what} does not exist`)
      : unboundConstraints(template.spec, what, lookup);
  if (claim.metadata.deletionTimestamp !== undefined) return unusable(`${what} is being deleted`);
  if (claim.status?.phase === "Lost") return unusable(`${what} has lost its volume`);
  if ((claim.spec?.volumeName ?? "") === "") return unboundConstraints(claim.spec, what, lookup);
  if (claim.metadata.annotations?.[BIND_COMPLETED] === undefined)
    return unusable(`${what} names a volume but is not bound to it yet`);
  return boundConstraints(claim.spec?.volumeName ?? "", what, lookup);
}

function boundConstraints(volumeName: string, what: string, lookup: VolumeLookup): VolumeConstraints {
  const volume = lookup.volume(volumeName);
  if (volume === undefined)
    return unusable(`${what} is bound to PersistentVolume ${JSON.stringify(volumeName)}, which does not exist`);
  if (volume.metadata.deletionTimestamp !== undefined)
    return unusable(`${what} is bound to PersistentVolume ${JSON.stringify(volumeName)}, which is being deleted`);
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  // Local volumes are pinned to a host that a new node can never be; upstream lets such pods move.
  const isLocal = volume.spec?.local !== undefined || volume.spec?.hostPath !== undefined;
  const isKept = ({ key }: NodeSelectorRequirement): boolean => !(isLocal && key === LABELS.hostname);
  const alternatives = terms
    .map((term): NodeSelectorTerm => ({ matchExpressions: (term.matchExpressions ?? []).filter(isKept) }))
    .filter(({ matchExpressions }) => (matchExpressions ?? []).length > 0);
  return { kind: "usable", alternatives };
}

function unboundConstraints(
  spec: PersistentVolumeClaimSpec | undefined,
  what: string,
  lookup: VolumeLookup,
): VolumeConstraints {
  const name = spec?.storageClassName ?? "";
  if (name === "") return unusable(`${what} is not bound and names no StorageClass`);
  const storageClass = lookup.storageClass(name);
  if (storageClass === undefined)
    return unusable(`${what} asks for StorageClass ${JSON.stringify(name)}, which does not exist`);
  if (storageClass.volumeBindingMode !== "WaitForFirstConsumer")
    return unusable(
      `${what} waits to be bound: StorageClass ${JSON.stringify(name)} binds at once, before a node is chosen`,
    );
  const alternatives = (storageClass.allowedTopologies ?? []).map(
    ({ matchLabelExpressions = [] }): NodeSelectorTerm => ({
      matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: "In", values })),
    }),
  );
  return {
    kind: "usable",
    alternatives: alternatives.filter(({ matchExpressions }) => (matchExpressions ?? []).length > 0),
  };
}

/** Every pair of one alternative of each; nothing on a side means that it does not care. */
function crossTerms(a: readonly NodeSelectorTerm[], b: readonly NodeSelectorTerm[]): readonly NodeSelectorTerm[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.flatMap((one) => b.map((other) => mergeTerms(one, other))).slice(0, ALTERNATIVES_MAX);
}

function mergeTerms(a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm {
  const matchFields = [...(a.matchFields ?? []), ...(b.matchFields ?? [])];
  return {
    matchExpressions: [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])],
    ...(matchFields.length === 0 ? {} : { matchFields }),
  };
}

/** The pod as it is planned for: its volumes' alternatives become part of its required node affinity. The pod itself is not changed. */
export function withVolumeTerms(pod: Pod, alternatives: readonly NodeSelectorTerm[]): Pod {
  if (alternatives.length === 0 || pod.spec === undefined) return pod;
  const { affinity } = pod.spec;
  const own = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const nodeSelectorTerms = crossTerms(own, alternatives);
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return { ...pod, spec: { ...pod.spec, affinity: { ...affinity, nodeAffinity } } };
}
