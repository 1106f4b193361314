import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import { withCondition, withoutCondition } from "../workload/conditions.ts";
import {
  rolloutBounds,
  sumActualReplicas,
  sumAvailable,
  sumReady,
  sumReplicas,
  wantedReplicas,
} from "./replica-sets.ts";

/** What a status is computed from. */
export interface StatusInput {
  readonly deployment: Deployment;
  readonly newReplicaSet: ReplicaSet | undefined;
  readonly oldReplicaSets: readonly ReplicaSet[];
  readonly now: Date;
}

/** Upstream's "no deadline": the largest int32. */
const NO_DEADLINE_SECONDS = 2_147_483_647;

/** Counts and the Available condition. Source: kubernetes deployment sync.go calculateStatus (release 1.35). */
export function computeStatus({ deployment, newReplicaSet, oldReplicaSets, now }: StatusInput): DeploymentStatus {
  const newOnes = newReplicaSet === undefined ? [] : [newReplicaSet];
  const all = [...oldReplicaSets, ...newOnes];
  const available = sumAvailable(all);
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  const enough = available >= wantedReplicas(deployment) - rolloutBounds(deployment).maxUnavailable;
  return {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...nonZero("replicas", sumActualReplicas(all)),
    ...nonZero("updatedReplicas", sumActualReplicas(newOnes)),
    ...nonZero("readyReplicas", sumReady(all)),
    ...nonZero("availableReplicas", available),
    ...nonZero("unavailableReplicas", Math.max(0, sumReplicas(all) - available)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withUpdateTime(
      conditions,
      enough
        ? condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        : condition(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
          ),
      now,
    ),
  };
}

/** Zero counts are absent, as omitempty writes them. */
function nonZero<Key extends string>(key: Key, value: number): { readonly [K in Key]?: number } {
  return (value === 0 ? {} : { [key]: value }) as { readonly [K in Key]?: number };
}

/** The status of a rollout under way: {@link computeStatus} and the Progressing condition. Source: deployment progress.go syncRolloutStatus. */
export function computeRolloutStatus(input: StatusInput): DeploymentStatus {
  const { deployment, newReplicaSet, oldReplicaSets, now } = input;
  const status = computeStatus(input);
  const current = progressing(deployment);
  let conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, "Progressing");
  const finishedBefore =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable";
  if (hasProgressDeadline(deployment) && !finishedBefore)
    conditions = withProgress(conditions, { deployment, status, newReplicaSet, now });
  return { ...status, conditions: withReplicaFailure(conditions, newReplicaSet, oldReplicaSets, now) };
}

function withProgress(
  conditions: readonly DeploymentCondition[],
  {
    deployment,
    status,
    newReplicaSet,
    now,
  }: { deployment: Deployment; status: DeploymentStatus; newReplicaSet: ReplicaSet | undefined; now: Date },
): readonly DeploymentCondition[] {
  const subject =
    newReplicaSet === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newReplicaSet.metadata.name}"`;
  if (isComplete(deployment, status))
    return withUpdateTime(
      conditions,
      condition("Progressing", "True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`),
      now,
    );
  if (hasProgressed(deployment.status ?? {}, status)) {
    const current = progressing(deployment);
    // Replaced even when the reason stays: its update time is what the deadline counts from.
    return [
      ...withoutCondition(conditions, "Progressing"),
      {
        ...condition("Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`),
        lastUpdateTime: timestamp(now),
        lastTransitionTime: (current?.status === "True" ? current.lastTransitionTime : undefined) ?? timestamp(now),
      },
    ];
  }
  if (isTimedOut(deployment, now))
    return withUpdateTime(
      conditions,
      condition("Progressing", "False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`),
      now,
    );
  return conditions;
}

/** Every wanted replica is updated and available, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, now: Date): boolean {
  const current = progressing(deployment);
  if (current === undefined || current.reason === "NewReplicaSetAvailable") return false;
  if (current.reason === "ProgressDeadlineExceeded") return true;
  return progressDeadlineMs(deployment, current) <= now.getTime();
}

/** Milliseconds until the progress deadline passes, undefined when none runs. Source: deployment progress.go requeueStuckDeployment. */
export function progressDeadlineInMs(deployment: Deployment, status: DeploymentStatus, now: Date): number | undefined {
  const current = status.conditions?.find(({ type }) => type === "Progressing");
  if (!hasProgressDeadline(deployment) || current === undefined) return undefined;
  if (isComplete(deployment, status) || current.reason === "ProgressDeadlineExceeded") return undefined;
  return Math.max(1_000, progressDeadlineMs(deployment, current) - now.getTime());
}

function progressDeadlineMs({ spec }: Deployment, { lastUpdateTime, lastTransitionTime }: DeploymentCondition): number {
  return Date.parse(lastUpdateTime ?? lastTransitionTime ?? "") + (spec.progressDeadlineSeconds ?? 600) * 1_000;
}

export function hasProgressDeadline({ spec }: Deployment): boolean {
  return (spec.progressDeadlineSeconds ?? 600) !== NO_DEADLINE_SECONDS;
}

export function progressing(deployment: Deployment): DeploymentCondition | undefined {
  return deployment.status?.conditions?.find(({ type }) => type === "Progressing");
}

function withReplicaFailure(
  conditions: readonly DeploymentCondition[],
  newReplicaSet: ReplicaSet | undefined,
  oldReplicaSets: readonly ReplicaSet[],
  now: Date,
): readonly DeploymentCondition[] {
  const failureOf = (one: ReplicaSet | undefined) =>
    one?.status?.conditions?.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const failure = failureOf(newReplicaSet) ?? oldReplicaSets.map(failureOf).find((found) => found !== undefined);
  if (failure === undefined) return withoutCondition(conditions, "ReplicaFailure");
  return withUpdateTime(
    conditions,
    condition("ReplicaFailure", "True", failure.reason ?? "", failure.message ?? ""),
    now,
  );
}

export function condition(type: string, status: string, reason: string, message: string): DeploymentCondition {
  return { type, status, reason, message };
}

/** Deployment conditions also carry when they were last written. */
export function withUpdateTime(
  conditions: readonly DeploymentCondition[],
  report: DeploymentCondition,
  now: Date,
): readonly DeploymentCondition[] {
  return withCondition(conditions, { ...report, lastUpdateTime: timestamp(now) }, now);
}
