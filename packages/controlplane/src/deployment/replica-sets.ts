import type { Deployment, DeploymentSpec, PodTemplateSpec, ReplicaSet } from "@nodeless/api";
import { scaledValue } from "../workload/scaled-value.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";

export const TEMPLATE_HASH_LABEL = "pod-template-hash";
export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** `spec.replicas` with its default. */
export function wantedReplicas({ spec }: Deployment | ReplicaSet): number {
  return spec.replicas ?? 1;
}

export function sumReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, one) => sum + wantedReplicas(one), 0);
}

export function sumActualReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, one) => sum + (one.status?.replicas ?? 0), 0);
}

export function sumAvailable(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, one) => sum + (one.status?.availableReplicas ?? 0), 0);
}

export function sumReady(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, one) => sum + (one.status?.readyReplicas ?? 0), 0);
}

export function active(replicaSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return replicaSets.filter((one) => wantedReplicas(one) > 0);
}

export function isRollingUpdate({ spec }: Deployment): boolean {
  return (spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** How many pods may exist beyond, and be missing from, the wanted number. Surge rounds up, unavailable down; both 0 would block the rollout. */
export function rolloutBounds(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const replicas = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = rollingUpdateOf(deployment.spec);
  const surge = scaledValue(maxSurge, replicas, "up");
  const unavailable = scaledValue(maxUnavailable, replicas, "down");
  if (replicas === 0) return { maxSurge: surge, maxUnavailable: 0 };
  return {
    maxSurge: surge,
    maxUnavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas),
  };
}

function rollingUpdateOf(spec: DeploymentSpec): { maxSurge?: number | string; maxUnavailable?: number | string } {
  return spec.strategy?.rollingUpdate ?? {};
}

/** The oldest ReplicaSet with the Deployment's template, the hash label aside. */
export function findNewReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec.template);
  return byCreation(replicaSets).find((one) => semanticallyEqual(withoutHash(one.spec.template ?? {}), wanted));
}

/** The template as the user wrote it. */
export function withoutHash(template: PodTemplateSpec): unknown {
  const { labels, annotations, ...metadata } = template.metadata ?? {};
  const kept = Object.entries(labels ?? {}).filter(([key]) => key !== TEMPLATE_HASH_LABEL);
  return {
    ...template,
    metadata: {
      ...metadata,
      ...(kept.length === 0 ? {} : { labels: Object.fromEntries(kept) }),
      ...(Object.keys(annotations ?? {}).length === 0 ? {} : { annotations }),
    },
  };
}

/** Oldest first; names settle ties. */
export function byCreation(replicaSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return [...replicaSets].sort(
    (left, right) =>
      Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp) ||
      compareText(left.metadata.name, right.metadata.name),
  );
}

export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Revision number, 0 when absent or not a number. */
export function revisionOf({ metadata }: Deployment | ReplicaSet): number {
  return integerAnnotation(metadata.annotations?.[REVISION]) ?? 0;
}

export function integerAnnotation(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
