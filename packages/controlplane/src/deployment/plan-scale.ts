import type { Deployment, ReplicaSet } from "@nodeless/api";
import {
  active,
  byCreation,
  DESIRED_REPLICAS,
  integerAnnotation,
  isRollingUpdate,
  MAX_REPLICAS,
  rolloutBounds,
  sumReplicas,
  wantedReplicas,
} from "./replica-sets.ts";

/** One ReplicaSet and the size it is to have. */
export interface ScaleStep {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

/** True if the Deployment was resized since its active ReplicaSets were last touched. Source: kubernetes deployment isScalingEvent. */
export function isScalingEvent(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return active(replicaSets).some((one) => {
    const desired = integerAnnotation(one.metadata.annotations?.[DESIRED_REPLICAS]);
    return desired !== undefined && desired !== wantedReplicas(deployment);
  });
}

/**
 * Spreads a resize over the ReplicaSets in proportion to their sizes; the last active one takes all, and a finished rollout leaves nothing
 * on old ones. Source: kubernetes deployment sync.go scale.
 */
export function planScale(
  deployment: Deployment,
  newOne: ReplicaSet | undefined,
  oldOnes: readonly ReplicaSet[],
): readonly ScaleStep[] {
  const wanted = wantedReplicas(deployment);
  const only = activeOrLatest(newOne, oldOnes);
  // Also at the right size: the step records the new desired size on the ReplicaSet, which ends the scaling event.
  if (only !== undefined) return [{ replicaSet: only, replicas: wanted }];
  if (isSaturated(deployment, newOne)) return active(oldOnes).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  return isRollingUpdate(deployment)
    ? proportionally(deployment, active(newOne === undefined ? oldOnes : [...oldOnes, newOne]))
    : [];
}

/** The only active ReplicaSet, or the newest when none is active. */
function activeOrLatest(newOne: ReplicaSet | undefined, oldOnes: readonly ReplicaSet[]): ReplicaSet | undefined {
  const running = active(newOne === undefined ? oldOnes : [...oldOnes, newOne]);
  if (running.length > 1) return undefined;
  return running[0] ?? newOne ?? byCreation(oldOnes).at(-1);
}

function isSaturated(deployment: Deployment, newOne: ReplicaSet | undefined): boolean {
  if (newOne === undefined) return false;
  const wanted = wantedReplicas(deployment);
  return (
    integerAnnotation(newOne.metadata.annotations?.[DESIRED_REPLICAS]) === wanted &&
    wantedReplicas(newOne) === wanted &&
    newOne.status?.availableReplicas === wanted
  );
}

function proportionally(deployment: Deployment, running: readonly ReplicaSet[]): readonly ScaleStep[] {
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + rolloutBounds(deployment).maxSurge : 0;
  const toAdd = allowed - sumReplicas(running);
  let added = 0;
  const steps = largestFirst(running, toAdd > 0 ? "newer" : "older").map((replicaSet) => {
    const share = toAdd === 0 ? 0 : proportion(deployment, replicaSet, toAdd, added);
    added += share;
    return { replicaSet, replicas: wantedReplicas(replicaSet) + share };
  });
  // What rounding left over goes to the largest.
  return steps.map((step, index) =>
    index === 0 && toAdd !== 0 ? { ...step, replicas: Math.max(0, step.replicas + toAdd - added) } : step,
  );
}

function largestFirst(running: readonly ReplicaSet[], tie: "newer" | "older"): readonly ReplicaSet[] {
  const ordered = tie === "older" ? byCreation(running) : byCreation(running).toReversed();
  return [...ordered].sort((left, right) => wantedReplicas(right) - wantedReplicas(left));
}

function proportion(deployment: Deployment, replicaSet: ReplicaSet, toAdd: number, added: number): number {
  if (wantedReplicas(replicaSet) === 0 || toAdd === added) return 0;
  const fraction = fractionOf(deployment, replicaSet);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}

/** How much the ReplicaSet grows if it keeps its share of the Deployment. */
function fractionOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = wantedReplicas(replicaSet);
  const wanted = wantedReplicas(deployment);
  if (wanted === 0) return -size;
  const before = integerAnnotation(replicaSet.metadata.annotations?.[MAX_REPLICAS]) ?? deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  return Math.round((size * (wanted + rolloutBounds(deployment).maxSurge)) / before) - size;
}
