import type {
  ControllerRevision,
  Fresh,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from "@nodeless/api";
import { isPodAvailable, isPodReady, isPodTerminal } from "../workload/pod-status.ts";
import { claimsOf, firstOrdinal, ordinalOf, REVISION_LABEL, statefulPod, templateOf } from "./stateful-pod.ts";

/** What one look at a StatefulSet sees. */
export interface StatefulObservation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Revision that pods below the partition run; the update revision once a rollout is complete. */
  readonly currentRevision: ControllerRevision;
  /** Revision of the present template. */
  readonly updateRevision: ControllerRevision;
  readonly now: Date;
}

/** A pod to make, with its claims. */
export interface NewStatefulPod {
  readonly pod: Fresh<Pod>;
  readonly claims: readonly Fresh<PersistentVolumeClaim>[];
}

/** What is to be done now. */
export interface StatefulPlan {
  readonly create: readonly NewStatefulPod[];
  readonly remove: readonly Pod[];
  readonly status: StatefulSetStatus;
}

/**
 * Decides the next steps of a StatefulSet: pods in order of their ordinals, each waiting for the one before it (OrderedReady), surplus ones
 * from the top, then the rolling update from the top down to the partition. Source: kubernetes pkg/controller/statefulset
 * updateStatefulSet (release 1.35).
 */
export function planStatefulSet(observed: StatefulObservation): StatefulPlan {
  const status = computeStatefulStatus(observed);
  if (observed.set.metadata.deletionTimestamp !== undefined) return { create: [], remove: [], status };
  const slots = slotsOf(observed);
  const filling = planSlots(observed, slots);
  if (filling.blocked) return { ...filling, status };
  const surplus = planSurplus(observed, slots);
  if (surplus.remove.length > 0 || surplus.blocked)
    return { create: filling.create, remove: [...filling.remove, ...surplus.remove], status };
  if (filling.create.length > 0 || filling.remove.length > 0) return { ...filling, status };
  return { create: [], remove: planUpdate(observed, slots), status };
}

interface Slots {
  /** Wanted ordinals in order, with the pod that is there. */
  readonly wanted: readonly { readonly ordinal: number; readonly pod: Pod | undefined }[];
  /** Pods beyond the wanted ordinals, highest first. */
  readonly condemned: readonly Pod[];
}

function slotsOf({ set, pods }: StatefulObservation): Slots {
  const first = firstOrdinal(set);
  const count = set.spec.replicas ?? 1;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const wanted = Array.from({ length: count }, (_, index) => ({
    ordinal: first + index,
    pod: byOrdinal.get(first + index),
  }));
  const condemned = [...byOrdinal]
    .filter((entry): entry is [number, Pod] => entry[0] !== undefined)
    .filter(([ordinal]) => ordinal < first || ordinal >= first + count)
    .sort(([left], [right]) => right - left)
    .map(([, pod]) => pod);
  return { wanted, condemned };
}

interface Steps {
  readonly create: readonly NewStatefulPod[];
  readonly remove: readonly Pod[];
  /** The rest must wait for a pod. */
  readonly blocked: boolean;
}

function planSlots(observed: StatefulObservation, { wanted }: Slots): Steps {
  const create: NewStatefulPod[] = [];
  const remove: Pod[] = [];
  const ordered = isOrdered(observed.set);
  for (const { ordinal, pod } of wanted) {
    if (pod === undefined) create.push(newPod(observed, ordinal));
    else if (isTerminating(pod)) {
      // Its name is taken until it is gone.
    } else if (isPodTerminal(pod)) remove.push(pod);
    else if (isHealthy(observed, pod)) continue;
    if (ordered) return { create, remove, blocked: true };
  }
  return { create, remove, blocked: false };
}

function planSurplus(observed: StatefulObservation, { wanted, condemned }: Slots): Steps {
  const ordered = isOrdered(observed.set);
  const present = [...wanted.flatMap(({ pod }) => pod ?? []), ...condemned.toReversed()];
  const firstUnhealthy = present.find((pod) => !isRunningAndReady(pod));
  const remove: Pod[] = [];
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return { create: [], remove, blocked: true };
      continue;
    }
    // Do not shrink past trouble below; the troubled pod itself may go.
    if (ordered && !isRunningAndReady(pod) && pod !== firstUnhealthy) return { create: [], remove, blocked: true };
    remove.push(pod);
    if (ordered) return { create: [], remove, blocked: true };
  }
  return { create: [], remove, blocked: false };
}

/** The next outdated pod to be replaced: from the top, one that is not healthy stops the rollout. */
function planUpdate(observed: StatefulObservation, { wanted }: Slots): readonly Pod[] {
  const { set, updateRevision } = observed;
  if (!isRolling(set)) return [];
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const { ordinal, pod } of wanted.toReversed()) {
    if (pod === undefined || ordinal < firstOrdinal(set) + partition) continue;
    if (revisionOf(pod) !== updateRevision.metadata.name && !isTerminating(pod)) return [pod];
    if (!isHealthy(observed, pod)) return [];
  }
  return [];
}

function newPod(observed: StatefulObservation, ordinal: number): NewStatefulPod {
  const { set } = observed;
  const revision = revisionFor(observed, ordinal);
  const template = templateOf(revision) ?? set.spec.template;
  return {
    pod: statefulPod(set, ordinal, { template, revision: revision.metadata.name }),
    claims: claimsOf(set, ordinal),
  };
}

/** Pods below the partition are made again as they were. */
function revisionFor(
  { set, currentRevision, updateRevision }: StatefulObservation,
  ordinal: number,
): ControllerRevision {
  if (!isRolling(set)) return updateRevision;
  const { rollingUpdate } = set.spec.updateStrategy ?? {};
  const kept = rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < firstOrdinal(set) + kept ? currentRevision : updateRevision;
}

/** Counts, and the end of a rollout: when every pod is updated and ready the update revision becomes the current one. */
function computeStatefulStatus(observed: StatefulObservation): StatefulSetStatus {
  const { set, pods, currentRevision, updateRevision, now } = observed;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const named = pods.filter((pod) => ordinalOf(set, pod) !== undefined);
  const ready = named.filter(isRunningAndReady);
  const staying = named.filter((pod) => !isTerminating(pod));
  const current = staying.filter((pod) => revisionOf(pod) === currentRevision.metadata.name).length;
  const updated = staying.filter((pod) => revisionOf(pod) === updateRevision.metadata.name).length;
  const done = isRolling(set) && updated === named.length && ready.length === named.length;
  const { collisionCount, conditions } = set.status ?? {};
  const currentReplicas = done ? updated : current;
  return {
    replicas: named.length,
    ...(ready.length === 0 ? {} : { readyReplicas: ready.length }),
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length,
    ...(currentReplicas === 0 ? {} : { currentReplicas }),
    ...(updated === 0 ? {} : { updatedReplicas: updated }),
    currentRevision: done ? updateRevision.metadata.name : currentRevision.metadata.name,
    updateRevision: updateRevision.metadata.name,
    collisionCount: collisionCount ?? 0,
    ...(conditions === undefined ? {} : { conditions }),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
  };
}

function isOrdered({ spec }: StatefulSet): boolean {
  return spec.podManagementPolicy !== "Parallel";
}

function isRolling({ spec }: StatefulSet): boolean {
  return (spec.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

function revisionOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[REVISION_LABEL];
}

function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === "Running" && isPodReady(pod);
}

function isHealthy({ set, now }: StatefulObservation, pod: Pod): boolean {
  return !isTerminating(pod) && isRunningAndReady(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}
