import type { Deployment, DeploymentStatus, Fresh, Pod, ReplicaSet } from "@nodeless/api";
import { isPodTerminal } from "../workload/pod-status.ts";
import {
  computeRolloutStatus,
  computeStatus,
  condition,
  hasProgressDeadline,
  isComplete,
  progressDeadlineInMs,
  progressing,
  type StatusInput,
  withUpdateTime,
} from "./compute-status.ts";
import { newReplicaSet, refreshedReplicaSet } from "./new-replica-set.ts";
import { planNewReplicaSet, planOldReplicaSets } from "./plan-rolling-update.ts";
import { isScalingEvent, planScale, type ScaleStep } from "./plan-scale.ts";
import {
  active,
  findNewReplicaSet,
  isRollingUpdate,
  revisionOf,
  sumActualReplicas,
  sumReplicas,
  wantedReplicas,
} from "./replica-sets.ts";

/** What one look at a Deployment sees. */
export interface DeploymentObservation {
  readonly deployment: Deployment;
  /** Its ReplicaSets. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Pods of those ReplicaSets; only Recreate looks at them. */
  readonly pods: readonly Pod[];
  readonly now: Date;
}

/** What is to be done now; the rest follows when the ReplicaSets have moved. */
export interface DeploymentPlan {
  readonly create?: Fresh<ReplicaSet>;
  readonly refresh?: ReplicaSet;
  readonly scale: readonly ScaleStep[];
  /** Superfluous history. */
  readonly remove: readonly ReplicaSet[];
  /** Value of the revision annotation, when it is to change. */
  readonly revision?: string;
  readonly status: DeploymentStatus;
  /** When the progress deadline passes. */
  readonly requeueAfterMs?: number;
}

/** Decides the next step of a Deployment. Pure. Source: kubernetes pkg/controller/deployment (release 1.35). */
export function planDeployment(observed: DeploymentObservation): DeploymentPlan {
  const { deployment, replicaSets } = observed;
  const input = statusInput(observed);
  if (deployment.metadata.deletionTimestamp !== undefined)
    return { scale: [], remove: [], status: computeStatus(input) };
  if (deployment.spec.paused === true) return planPaused(input);
  if (isScalingEvent(deployment, replicaSets)) return withRefresh(planResize(input), input);
  return isRollingUpdate(deployment) ? planRollingUpdate(input) : planRecreate(observed, input);
}

function statusInput({ deployment, replicaSets, now }: DeploymentObservation): StatusInput {
  const newOne = findNewReplicaSet(deployment, replicaSets);
  return {
    deployment,
    newReplicaSet: newOne,
    oldReplicaSets: replicaSets.filter((one) => one.metadata.uid !== newOne?.metadata.uid),
    now,
  };
}

/** Paused: sizes follow the Deployment, templates do not. */
function planPaused(input: StatusInput): DeploymentPlan {
  const current = progressing(input.deployment);
  const plan = planResize(input);
  if (!hasProgressDeadline(input.deployment) || current?.reason === "DeploymentPaused") return plan;
  if (current?.reason === "ProgressDeadlineExceeded") return plan;
  const paused = condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
  const conditions = withUpdateTime(plan.status.conditions ?? [], paused, input.now);
  return { ...plan, status: { ...plan.status, conditions } };
}

function planResize(input: StatusInput): DeploymentPlan {
  const { deployment, newReplicaSet: newOne, oldReplicaSets } = input;
  return {
    scale: planScale(deployment, newOne, oldReplicaSets),
    remove: deployment.spec.paused === true ? superfluous(deployment, oldReplicaSets) : [],
    status: computeStatus(input),
  };
}

function planRollingUpdate(input: StatusInput): DeploymentPlan {
  const { deployment, newReplicaSet: newOne, oldReplicaSets, now } = input;
  if (newOne === undefined) return planCreation(input);
  const grow = planNewReplicaSet(deployment, newOne, [...oldReplicaSets, newOne]);
  const scale = grow === undefined ? planOldReplicaSets(deployment, newOne, oldReplicaSets) : [grow];
  return withRefresh(finishing({ scale, input, now }), input);
}

function planRecreate({ pods }: DeploymentObservation, input: StatusInput): DeploymentPlan {
  const { deployment, newReplicaSet: newOne, oldReplicaSets, now } = input;
  const shrink = active(oldReplicaSets).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  const oldPodsRun =
    sumActualReplicas(oldReplicaSets) > 0 ||
    pods.some((pod) => !isPodTerminal(pod) && !isOf(pod, newOne?.metadata.uid));
  if (shrink.length > 0 || oldPodsRun)
    return resumed({ scale: shrink, remove: [], status: computeRolloutStatus(input) }, input);
  if (newOne === undefined) return planCreation(input);
  const wanted = wantedReplicas(deployment);
  const scale = wantedReplicas(newOne) === wanted ? [] : [{ replicaSet: newOne, replicas: wanted }];
  return withRefresh(finishing({ scale, input, now }), input);
}

function isOf(pod: Pod, uid: string | undefined): boolean {
  return (
    pod.metadata.ownerReferences?.some((reference) => reference.controller === true && reference.uid === uid) === true
  );
}

function finishing({
  scale,
  input,
  now,
}: {
  scale: readonly ScaleStep[];
  input: StatusInput;
  now: Date;
}): DeploymentPlan {
  const { deployment, oldReplicaSets } = input;
  const status = resumedStatus(computeRolloutStatus(input), input);
  const done = scale.length === 0 && isComplete(deployment, status);
  const deadlineMs = progressDeadlineInMs(deployment, status, now);
  return {
    scale,
    remove: done ? superfluous(deployment, oldReplicaSets) : [],
    status,
    ...(deadlineMs === undefined ? {} : { requeueAfterMs: deadlineMs }),
  };
}

function planCreation(input: StatusInput): DeploymentPlan {
  const { deployment, oldReplicaSets, now } = input;
  const revision = nextRevision(oldReplicaSets);
  const create = newReplicaSet(deployment, oldReplicaSets, revision);
  const status = computeRolloutStatus(input);
  const created = condition(
    "Progressing",
    "True",
    "NewReplicaSetCreated",
    `Created new replica set "${create.metadata.name}"`,
  );
  const conditions = hasProgressDeadline(deployment)
    ? withUpdateTime(status.conditions ?? [], created, now)
    : (status.conditions ?? []);
  return { create, scale: [], remove: [], revision: String(revision), status: { ...status, conditions } };
}

function nextRevision(oldReplicaSets: readonly ReplicaSet[]): number {
  return oldReplicaSets.reduce((highest, one) => Math.max(highest, revisionOf(one)), 0) + 1;
}

/** Adds the upkeep of the existing new ReplicaSet: its annotations, the Deployment's revision, the first Progressing condition. */
function withRefresh(
  plan: DeploymentPlan,
  { deployment, newReplicaSet: newOne, oldReplicaSets, now }: StatusInput,
): DeploymentPlan {
  if (newOne === undefined) return plan;
  const refresh = refreshedReplicaSet(deployment, newOne, nextRevision(oldReplicaSets));
  const revision = String(revisionOf(refresh ?? newOne));
  const found = condition(
    "Progressing",
    "True",
    "FoundNewReplicaSet",
    `Found new replica set "${newOne.metadata.name}"`,
  );
  const conditions = plan.status.conditions ?? [];
  const missing = hasProgressDeadline(deployment) && !conditions.some(({ type }) => type === "Progressing");
  return {
    ...plan,
    ...(refresh === undefined ? {} : { refresh }),
    ...(revisionOf(deployment) === Number(revision) ? {} : { revision }),
    status: missing ? { ...plan.status, conditions: withUpdateTime(conditions, found, now) } : plan.status,
  };
}

/** A Deployment that runs again after a pause starts its progress clock anew. */
function resumed(plan: DeploymentPlan, input: StatusInput): DeploymentPlan {
  return { ...plan, status: resumedStatus(plan.status, input) };
}

function resumedStatus(status: DeploymentStatus, { now }: StatusInput): DeploymentStatus {
  const conditions = status.conditions ?? [];
  if (!conditions.some(({ type, reason }) => type === "Progressing" && reason === "DeploymentPaused")) return status;
  const report = condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
  return { ...status, conditions: withUpdateTime(conditions, report, now) };
}

/** Old, empty, settled ReplicaSets beyond the history limit, lowest revision first. */
function superfluous({ spec }: Deployment, oldReplicaSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const candidates = oldReplicaSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const excess = candidates.length - (spec.revisionHistoryLimit ?? 10);
  if (excess <= 0) return [];
  return [...candidates]
    .sort((left, right) => revisionOf(left) - revisionOf(right))
    .slice(0, excess)
    .filter(
      (one) =>
        sumReplicas([one]) === 0 &&
        (one.status?.replicas ?? 0) === 0 &&
        (one.metadata.generation ?? 0) <= (one.status?.observedGeneration ?? 0),
    );
}
