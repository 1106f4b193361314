import type { DaemonSet, DaemonSetStatus, Node, Pod } from "@nodeless/api";
import { isPodAvailable, isPodReady } from "../workload/pod-status.ts";
import { scaledValue } from "../workload/scaled-value.ts";
import { fitOf, nodeNameOf, REVISION_HASH_LABEL } from "./daemon-pod.ts";

/** Pods created or deleted in one go. Source: daemon controller BurstReplicas. */
export const BURST_REPLICAS = 250;

/** What one look at a DaemonSet sees. */
export interface DaemonObservation {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** The DaemonSet's pods. */
  readonly pods: readonly Pod[];
  /** Hash of the present template's revision. */
  readonly revisionHash: string;
  readonly now: Date;
}

/** What is to be done now. */
export interface DaemonPlan {
  /** Nodes that miss their pod. */
  readonly createOn: readonly string[];
  readonly remove: readonly Pod[];
  /** Failed pods among `remove`: each is worth an event. */
  readonly failed: readonly Pod[];
}

/** Puts one pod on every eligible node and takes pods off the others. Source: kubernetes pkg/controller/daemon podsShouldBeOnNode. */
export function planDaemonSet(observed: DaemonObservation): DaemonPlan {
  const { daemonSet, nodes } = observed;
  if (daemonSet.metadata.deletionTimestamp !== undefined) return { createOn: [], remove: [], failed: [] };
  const byNode = podsByNode(observed.pods);
  const surging = surgeNodes(observed);
  const createOn: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  for (const node of nodes) {
    const pods = byNode.get(node.metadata.name) ?? [];
    const { shouldRun, mayStay } = fitOf(daemonSet, node);
    if (shouldRun && pods.length === 0) createOn.push(node.metadata.name);
    else if (!mayStay) remove.push(...pods.filter(isStaying));
    else {
      const ended = pods.filter(({ status }) => status?.phase === "Failed" || status?.phase === "Succeeded");
      failed.push(...ended.filter((pod) => pod.status?.phase === "Failed" && isStaying(pod)));
      remove.push(
        ...ended.filter(isStaying),
        ...surplus(
          observed,
          pods.filter((pod) => !ended.includes(pod)),
        ),
      );
      const hasCurrent = pods.some((pod) => isCurrent(pod, observed.revisionHash));
      if (shouldRun && !hasCurrent && surging.has(node.metadata.name)) createOn.push(node.metadata.name);
    }
  }
  remove.push(...strandedPods(nodes, byNode));
  return { createOn, remove: remove.slice(0, BURST_REPLICAS), failed };
}

/** Pods of nodes that are gone before they were bound; bound ones belong to the pod garbage collector. */
function strandedPods(nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>): readonly Pod[] {
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  return [...byNode]
    .filter(([name]) => !names.has(name))
    .flatMap(([, pods]) => pods)
    .filter((pod) => (pod.spec.nodeName ?? "") === "" && isStaying(pod));
}

/** All but the oldest pod of a node; with surge an old and a new one may stand side by side until the new one is available. */
function surplus(observed: DaemonObservation, pods: readonly Pod[]): readonly Pod[] {
  const { daemonSet, revisionHash, now } = observed;
  const present = byAge(pods.filter(isStaying));
  if (present.length < 2) return [];
  if (maxSurge(observed, 1) === 0) return present.slice(1);
  const current = present.filter((pod) => isCurrent(pod, revisionHash));
  const old = present.filter((pod) => !isCurrent(pod, revisionHash));
  const [newest] = current;
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const oldMayGo = newest !== undefined && isPodAvailable(newest, minReadySeconds, now);
  return [...current.slice(1), ...(oldMayGo ? old : old.slice(1))];
}

/** Nodes whose turn it is to run old and new pod side by side. */
function surgeNodes(observed: DaemonObservation): ReadonlySet<string> {
  const desired = observed.nodes.filter((node) => fitOf(observed.daemonSet, node).shouldRun);
  const allowed = maxSurge(observed, desired.length);
  if (allowed === 0) return new Set();
  const byNode = podsByNode(observed.pods);
  const outdated = desired
    .map(({ metadata }) => metadata.name)
    .filter((name) => {
      const pods = byNode.get(name) ?? [];
      return pods.length > 0 && pods.some((pod) => !isCurrent(pod, observed.revisionHash));
    });
  return new Set(outdated.slice(0, allowed));
}

/** Old pods that a rolling update may delete now. Source: kubernetes pkg/controller/daemon/update.go rollingUpdate. */
export function planRollingUpdate(observed: DaemonObservation): readonly Pod[] {
  const { daemonSet, nodes, revisionHash, now } = observed;
  if ((daemonSet.spec.updateStrategy?.type ?? "RollingUpdate") !== "RollingUpdate") return [];
  const desired = nodes.filter((node) => fitOf(daemonSet, node).shouldRun);
  if (maxSurge(observed, desired.length) > 0) return [];
  const byNode = podsByNode(observed.pods);
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { metadata } of desired) {
    const pods = byAge((byNode.get(metadata.name) ?? []).filter(isStaying));
    const current = pods.find((pod) => isCurrent(pod, revisionHash));
    const [old] = pods;
    if (current !== undefined) unavailable += isPodAvailable(current, minReadySeconds, now) ? 0 : 1;
    else if (old === undefined) unavailable += 1;
    else if (isPodAvailable(old, minReadySeconds, now)) candidates.push(old);
    else {
      // It serves nobody; replacing it costs nothing.
      broken.push(old);
      unavailable += 1;
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable(observed, desired.length) - unavailable))];
}

function maxUnavailable({ daemonSet }: DaemonObservation, desired: number): number {
  const { maxUnavailable: value = 1, maxSurge: surge = 0 } = daemonSet.spec.updateStrategy?.rollingUpdate ?? {};
  const unavailable = scaledValue(value, desired, "up");
  return unavailable === 0 && scaledValue(surge, desired, "up") === 0 ? 1 : unavailable;
}

function maxSurge({ daemonSet }: DaemonObservation, desired: number): number {
  const { type = "RollingUpdate", rollingUpdate } = daemonSet.spec.updateStrategy ?? {};
  return type === "RollingUpdate" ? scaledValue(rollingUpdate?.maxSurge, desired, "up") : 0;
}

/** Source: kubernetes pkg/controller/daemon updateDaemonSetStatus. */
export function computeDaemonStatus(observed: DaemonObservation): DaemonSetStatus {
  const { daemonSet, nodes, revisionHash, now } = observed;
  const byNode = podsByNode(observed.pods);
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = byAge(byNode.get(node.metadata.name) ?? []);
    const { shouldRun } = fitOf(daemonSet, node);
    if (shouldRun) counts.desired += 1;
    if (pod === undefined) continue;
    if (!shouldRun) {
      counts.misscheduled += 1;
      continue;
    }
    counts.current += 1;
    if (isPodReady(pod)) counts.ready += 1;
    if (isPodAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now)) counts.available += 1;
    if (isCurrent(pod, revisionHash)) counts.updated += 1;
  }
  const { collisionCount, conditions } = daemonSet.status ?? {};
  const unavailable = counts.desired - counts.available;
  return {
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    ...(counts.updated === 0 ? {} : { updatedNumberScheduled: counts.updated }),
    ...(counts.available === 0 ? {} : { numberAvailable: counts.available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
    ...(daemonSet.metadata.generation === undefined ? {} : { observedGeneration: daemonSet.metadata.generation }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

export function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = nodeNameOf(pod);
    if (name === undefined) continue;
    const present = byNode.get(name);
    if (present === undefined) byNode.set(name, [pod]);
    else present.push(pod);
  }
  return byNode;
}

function isCurrent({ metadata }: Pod, revisionHash: string): boolean {
  return metadata.labels?.[REVISION_HASH_LABEL] === revisionHash;
}

function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** Bound pods before unbound ones, then oldest first. */
function byAge(pods: readonly Pod[]): readonly Pod[] {
  const bound = ({ spec }: Pod): number => (spec.nodeName === undefined ? 1 : 0);
  return [...pods].sort(
    (left, right) =>
      bound(left) - bound(right) ||
      Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp) ||
      (left.metadata.name < right.metadata.name ? -1 : 1),
  );
}
