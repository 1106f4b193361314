import type { Deployment, ReplicaSet } from "@nodeless/api";
import { newReplicas } from "./new-replica-set.ts";
import type { ScaleStep } from "./plan-scale.ts";
import { byCreation, rolloutBounds, sumAvailable, sumReplicas, wantedReplicas } from "./replica-sets.ts";

/** The next size of the new ReplicaSet, or undefined if it has it. Source: kubernetes deployment rolling.go reconcileNewReplicaSet. */
export function planNewReplicaSet(
  deployment: Deployment,
  newOne: ReplicaSet,
  all: readonly ReplicaSet[],
): ScaleStep | undefined {
  const wanted = wantedReplicas(deployment);
  const current = wantedReplicas(newOne);
  if (current === wanted) return undefined;
  const replicas = current > wanted ? wanted : newReplicas(deployment, all, current);
  return replicas === current ? undefined : { replicaSet: newOne, replicas };
}

/**
 * Shrinks old ReplicaSets as far as enough pods stay available: first pods that never became healthy, then the oldest ReplicaSets.
 * Source: kubernetes deployment rolling.go reconcileOldReplicaSets.
 */
export function planOldReplicaSets(
  deployment: Deployment,
  newOne: ReplicaSet,
  oldOnes: readonly ReplicaSet[],
): readonly ScaleStep[] {
  const all = [...oldOnes, newOne];
  if (sumReplicas(oldOnes) === 0) return [];
  const minAvailable = wantedReplicas(deployment) - rolloutBounds(deployment).maxUnavailable;
  const newUnavailable = wantedReplicas(newOne) - (newOne.status?.availableReplicas ?? 0);
  const cleanupMax = sumReplicas(all) - minAvailable - newUnavailable;
  if (cleanupMax <= 0) return [];
  const sizes = new Map(oldOnes.map((one) => [one, wantedReplicas(one)]));
  takeAway(sizes, cleanupMax, (one, size) => Math.max(0, size - (one.status?.availableReplicas ?? 0)));
  takeAway(sizes, sumAvailable(all) - minAvailable, (_one, size) => size);
  return oldOnes
    .map((replicaSet) => ({ replicaSet, replicas: sizes.get(replicaSet) ?? 0 }))
    .filter(({ replicaSet, replicas }) => replicas !== wantedReplicas(replicaSet));
}

/** Takes up to `max` pods off, oldest ReplicaSet first, no more from each than `offer` allows. */
function takeAway(
  sizes: Map<ReplicaSet, number>,
  max: number,
  offer: (replicaSet: ReplicaSet, size: number) => number,
): void {
  let left = max;
  for (const one of byCreation([...sizes.keys()])) {
    if (left <= 0) return;
    const size = sizes.get(one) ?? 0;
    const taken = Math.min(left, offer(one, size));
    sizes.set(one, size - taken);
    left -= taken;
  }
}
