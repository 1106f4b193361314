import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "@nodeless/api";
import { withCondition, withoutCondition } from "../workload/conditions.ts";
import { isPodActive, isPodAvailable, isPodReady } from "../workload/pod-status.ts";
import { inDeletionOrder } from "../workload/rank-pods.ts";

/**
 * Pods created or deleted in one go, so that one huge ReplicaSet does not starve the others. Upstream's 500 suits a server behind a network;
 * here a round costs a few hundred milliseconds of rest before the next look, so rounds are larger.
 */
export const BURST_REPLICAS = 2_500;

/** What a ReplicaSet asks for now. */
export interface ReplicasPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** Decides how many pods to create or which to delete. `related` gives the active pods of sibling ReplicaSets, itself included. */
export function planReplicas(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  { related, now }: { readonly related: () => readonly Pod[]; readonly now: Date },
): ReplicasPlan {
  if (replicaSet.metadata.deletionTimestamp !== undefined) return { create: 0, remove: [] };
  const running = pods.filter(isPodActive);
  const missing = (replicaSet.spec.replicas ?? 1) - running.length;
  if (missing >= 0) return { create: Math.min(missing, BURST_REPLICAS), remove: [] };
  const count = Math.min(-missing, BURST_REPLICAS);
  // Ranking is only worth its price when there is a choice.
  const ordered = count < running.length ? inDeletionOrder(running, { now, related: related() }) : running;
  return { create: 0, remove: ordered.slice(0, count) };
}

/** A create or delete that the server refused. */
export interface ReplicaFailure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

/** Counts over the pods. Source: kubernetes pkg/controller/replicaset calculateStatus. */
export function computeReplicaSetStatus(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  { failure, now }: { readonly failure: ReplicaFailure | undefined; readonly now: Date },
): ReplicaSetStatus {
  const { metadata, spec, status } = replicaSet;
  const templateLabels = Object.entries(spec.template?.metadata?.labels ?? {});
  const minReadySeconds = spec.minReadySeconds ?? 0;
  let [replicas, fullyLabeled, ready, available] = [0, 0, 0, 0];
  for (const pod of pods) {
    if (!isPodActive(pod)) continue;
    replicas += 1;
    if (templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value)) fullyLabeled += 1;
    if (!isPodReady(pod)) continue;
    ready += 1;
    if (isPodAvailable(pod, minReadySeconds, now)) available += 1;
  }
  const conditions = computeConditions(status?.conditions ?? [], failure, now);
  return {
    replicas,
    ...(fullyLabeled === 0 ? {} : { fullyLabeledReplicas: fullyLabeled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function computeConditions(
  conditions: readonly ReplicaSetCondition[],
  failure: ReplicaFailure | undefined,
  now: Date,
): readonly ReplicaSetCondition[] {
  if (failure === undefined) return withoutCondition(conditions, "ReplicaFailure");
  return withCondition(conditions, { type: "ReplicaFailure", status: "True", ...failure }, now);
}
