import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  StorageClass,
} from "@nodeless/api";
import { type PodVolumes, podKeyOf, type VolumeSources, volumesOf } from "@nodeless/scheduling";
import type { PlanInput } from "../contract.ts";

/** Volumes of a plan input, as its pods find them once everything is applied. */
export interface PlanVolumes {
  /** By `namespace/name`, for pods whose volumes ask something of their node. */
  readonly byPod: ReadonlyMap<string, PodVolumes>;
  readonly sources: VolumeSources;
}

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
/** No claim of a cluster can ask for it: it is no name of an object. */
const ANY_CLASS = " any";
const ANYWHERE: StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: ANY_CLASS, uid: "", resourceVersion: "", creationTimestamp: "" },
  provisioner: "",
  volumeBindingMode: "WaitForFirstConsumer",
};

type VolumeInput = Pick<
  PlanInput,
  "pods" | "boundPods" | "nodes" | "persistentVolumeClaims" | "persistentVolumes" | "storageClasses"
>;

/**
 * What volumes ask of nodes. A plan is made before the cluster has bound anything, so that a claim that is missing, or whose volume or class is, is
 * taken as one that will be there without restricting anything, and a class that binds at once as one that waits for the pod's node.
 */
export function planVolumes(input: VolumeInput): PlanVolumes {
  const sources = new AppliedVolumes(input);
  const byPod = new Map<string, PodVolumes>();
  for (const pod of input.pods) {
    if (!(pod.spec.volumes ?? []).some((one) => one.persistentVolumeClaim ?? one.ephemeral)) continue;
    const asked = volumesOf(pod, sources);
    if (asked.unusable !== undefined || asked.alternatives.length + asked.attachments.size > 0)
      byPod.set(podKeyOf(pod), asked);
  }
  return { byPod, sources };
}

class AppliedVolumes implements VolumeSources {
  readonly #claims = new Map<string, PersistentVolumeClaim>();
  readonly #volumes: ReadonlyMap<string, PersistentVolume>;
  readonly #classes: ReadonlyMap<string, StorageClass>;
  readonly #nodes: ReadonlySet<string>;

  constructor(input: VolumeInput) {
    for (const pod of [...input.pods, ...input.boundPods])
      for (const claim of ephemeralClaims(pod)) this.#claims.set(keyOf(claim), claim);
    for (const claim of input.persistentVolumeClaims) this.#claims.set(keyOf(claim), claim);
    this.#volumes = new Map(input.persistentVolumes.map((one) => [one.metadata.name, one]));
    this.#classes = new Map(
      input.storageClasses.map((one) => [one.metadata.name, { ...one, volumeBindingMode: "WaitForFirstConsumer" }]),
    );
    this.#nodes = new Set(input.nodes.map(({ metadata }) => metadata.name));
  }

  claim(namespace: string, name: string): PersistentVolumeClaim {
    const claim = this.#claims.get(`${namespace}/${name}`) ?? claimOf(namespace, name, {});
    const { volumeName = "", storageClassName = "", ...spec } = claim.spec;
    if (this.#volumes.has(volumeName)) {
      const annotations = { ...claim.metadata.annotations, [BIND_COMPLETED]: "yes" };
      return { ...claim, metadata: { ...claim.metadata, annotations } };
    }
    const known = this.#classes.has(storageClassName) ? storageClassName : ANY_CLASS;
    return { ...claim, spec: { ...spec, storageClassName: known } };
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#volumes.get(name);
  }

  storageClass(name: string): StorageClass | undefined {
    return name === ANY_CLASS ? ANYWHERE : this.#classes.get(name);
  }

  hasNode(name: string): boolean {
    return this.#nodes.has(name);
  }
}

const keyOf = ({ metadata }: PersistentVolumeClaim): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** Claims that will be made for a pod and go with it. */
function ephemeralClaims({ metadata, spec }: Pod): readonly PersistentVolumeClaim[] {
  return (spec.volumes ?? []).flatMap(({ name, ephemeral }) => {
    const template = ephemeral?.volumeClaimTemplate;
    return template === undefined
      ? []
      : [claimOf(metadata.namespace ?? "default", `${metadata.name}-${name}`, template.spec)];
  });
}

const claimOf = (namespace: string, name: string, spec: PersistentVolumeClaimSpec): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace, uid: "", resourceVersion: "", creationTimestamp: "" },
  spec,
});
