import type { Pod } from "@nodeless/api";
import type { ClusterCache } from "../state/cluster-cache.ts";
import { judgePod } from "./provisionable-pods.ts";
import { type VolumeLookup, volumeConstraints, withVolumeTerms } from "./volume-constraints.ts";

/** Pods to be planned for, and pods that no node can help. */
export interface PendingPods {
  readonly plannable: readonly Pod[];
  readonly refused: readonly { readonly pod: Pod; readonly message: string }[];
}

/** Sorts pods into those that get planned, with their volumes' wishes written in, and those that are refused. */
export function pendingPods(pods: readonly Pod[], lookup: VolumeLookup): PendingPods {
  const plannable: Pod[] = [];
  const refused: { readonly pod: Pod; readonly message: string }[] = [];
  for (const pod of pods) {
    const verdict = judgePod(pod);
    if (verdict.kind === "refuse") refused.push({ pod, message: verdict.message });
    if (verdict.kind !== "provision") continue;
    const volumes = volumeConstraints(pod, lookup);
    if (volumes.kind === "unusable") refused.push({ pod, message: volumes.message });
    else plannable.push(withVolumeTerms(pod, volumes.alternatives));
  }
  return { plannable, refused };
}

/** Displaced pods keep running where they are if their volumes cannot be used elsewhere. */
export function movablePods(pods: readonly Pod[], lookup: VolumeLookup): readonly Pod[] {
  return pods.flatMap((pod) => {
    const volumes = volumeConstraints(pod, lookup);
    return volumes.kind === "usable" ? [withVolumeTerms(pod, volumes.alternatives)] : [];
  });
}

/** Volumes from the cache. */
export function volumeLookup({ volumeClaims, volumes, storageClasses }: ClusterCache): VolumeLookup {
  return {
    claim: (namespace, name) => volumeClaims.get(`${namespace}/${name}`),
    volume: (name) => volumes.get(name),
    storageClass: (name) => storageClasses.get(name),
  };
}
