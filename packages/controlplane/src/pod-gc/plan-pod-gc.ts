import type { Pod } from "@nodeless/api";
import { isPodTerminal } from "../workload/pod-status.ts";

/** What the garbage collector of pods sees. */
export interface PodGcObservation {
  readonly pods: readonly Pod[];
  readonly nodeNames: ReadonlySet<string>;
  /** Nodes that have been missing for the whole quarantine. */
  readonly lostNodeNames: ReadonlySet<string>;
  readonly terminatedPodsMax: number;
}

/** Pods to be removed for good, by the reason. */
export interface PodGcPlan {
  /** Bound to a node that no longer exists. */
  readonly orphaned: readonly Pod[];
  /** Being deleted but never bound: no kubelet will finish them. */
  readonly unscheduledTerminating: readonly Pod[];
  /** The oldest finished pods beyond the threshold. */
  readonly terminated: readonly Pod[];
}

/** Source: kubernetes pkg/controller/podgc (release 1.35). */
export function planPodGc({ pods, nodeNames, lostNodeNames, terminatedPodsMax }: PodGcObservation): PodGcPlan {
  const orphaned: Pod[] = [];
  const unscheduledTerminating: Pod[] = [];
  const finished: Pod[] = [];
  for (const pod of pods) {
    const nodeName = pod.spec.nodeName ?? "";
    if (nodeName === "") {
      if (pod.metadata.deletionTimestamp !== undefined) unscheduledTerminating.push(pod);
    } else if (!nodeNames.has(nodeName) && lostNodeNames.has(nodeName)) orphaned.push(pod);
    else if (isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined) finished.push(pod);
  }
  const excess = terminatedPodsMax > 0 ? Math.max(0, finished.length - terminatedPodsMax) : 0;
  return { orphaned, unscheduledTerminating, terminated: excess === 0 ? [] : oldestFirst(finished).slice(0, excess) };
}

function oldestFirst(pods: readonly Pod[]): readonly Pod[] {
  return [...pods].sort(
    (left, right) =>
      Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp) ||
      (left.metadata.name < right.metadata.name ? -1 : 1),
  );
}
