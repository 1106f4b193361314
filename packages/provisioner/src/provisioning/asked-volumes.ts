import type { Pod } from "@nodeless/api";
import { type PodVolumes, podKeyOf, type VolumeSources, volumesOf } from "@nodeless/scheduling";
import type { ClusterCache } from "../state/cluster-cache.ts";

/** What the pods of one pass ask of nodes for their volumes. */
export class AskedVolumes {
  readonly sources: VolumeSources;
  readonly #byPod = new Map<string, PodVolumes>();

  constructor(sources: VolumeSources) {
    this.sources = sources;
  }

  /** What was noted, as part of a scheduling input. */
  get part(): { readonly volumes?: ReadonlyMap<string, PodVolumes> } {
    return this.#byPod.size === 0 ? {} : { volumes: this.#byPod };
  }

  /** Notes what the pod's volumes ask of its node. Returns why it can run nowhere, if a volume of it is unusable; nothing is noted then. */
  refusalOf(pod: Pod): string | undefined {
    if (pod.spec?.volumes === undefined) return undefined;
    const asked = volumesOf(pod, this.sources);
    if (asked.unusable !== undefined) return asked.unusable;
    if (asked.alternatives.length + asked.attachments.size > 0) this.#byPod.set(podKeyOf(pod), asked);
    return undefined;
  }
}

/** Volumes from the cache. */
export function volumeSources({ volumeClaims, volumes, storageClasses }: ClusterCache): VolumeSources {
  return {
    claim: (namespace, name) => volumeClaims.get(`${namespace}/${name}`),
    volume: (name) => volumes.get(name),
    storageClass: (name) => storageClasses.get(name),
  };
}
