import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "@nodeless/api";
import type { Informer } from "@nodeless/runtime";
import { matchesNodeSelectorTerm } from "@nodeless/scheduling";
import type { Refusal } from "./filters.ts";
import { labelsOf, type NodeInfo } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";

/** What volumes mean for a pod's placement. */
export interface VolumeVerdict {
  /** The pod cannot be placed anywhere yet. */
  readonly podReason: string | undefined;
  /** Refuses nodes that a bound volume cannot be used from. */
  filter(info: NodeInfo): Refusal | undefined;
  /** Claims that wait for their first consumer: their provisioner is told the chosen node. */
  readonly unbound: readonly PersistentVolumeClaim[];
}

const WRONG_NODE: Refusal = {
  filter: "VolumeBinding",
  reasons: ["node(s) didn't match PersistentVolume's node affinity"],
  resolvable: false,
};
const NO_VOLUMES: VolumeVerdict = { podReason: undefined, filter: () => undefined, unbound: [] };

/** Looks at persistent volume claims. Source of rules and texts: kube-scheduler 1.36 plugins volumebinding. */
export class VolumeRules {
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;

  constructor(informers: {
    readonly claims: Informer<PersistentVolumeClaim>;
    readonly volumes: Informer<PersistentVolume>;
    readonly classes: Informer<StorageClass>;
  }) {
    this.#claims = informers.claims;
    this.#volumes = informers.volumes;
    this.#classes = informers.classes;
  }

  judge(shape: PodShape): VolumeVerdict {
    if (shape.claimNames.length === 0) return NO_VOLUMES;
    const unbound: PersistentVolumeClaim[] = [];
    const volumes: PersistentVolume[] = [];
    for (const name of shape.claimNames) {
      const claim = this.#claims.get(`${shape.namespace}/${name}`);
      if (claim === undefined) return { ...NO_VOLUMES, podReason: `persistentvolumeclaim "${name}" not found` };
      if (claim.metadata.deletionTimestamp !== undefined)
        return { ...NO_VOLUMES, podReason: `persistentvolumeclaim "${name}" is being deleted` };
      const bound = claim.spec?.volumeName ?? "";
      if (bound === "") {
        const mode = this.#classes.get(claim.spec?.storageClassName ?? "")?.volumeBindingMode;
        if (mode !== "WaitForFirstConsumer")
          return { ...NO_VOLUMES, podReason: "pod has unbound immediate PersistentVolumeClaims" };
        unbound.push(claim);
        continue;
      }
      const volume = this.#volumes.get(bound);
      if (volume === undefined) return { ...NO_VOLUMES, podReason: `persistentvolume "${bound}" not found` };
      volumes.push(volume);
    }
    return { podReason: undefined, filter: (info) => filterVolumes(volumes, info), unbound };
  }
}

function filterVolumes(volumes: readonly PersistentVolume[], info: NodeInfo): Refusal | undefined {
  const node = { name: info.name, labels: labelsOf(info) };
  const usable = volumes.every(({ spec }) => {
    const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms;
    return terms === undefined || terms.some((term) => matchesNodeSelectorTerm(term, node));
  });
  return usable ? undefined : WRONG_NODE;
}
