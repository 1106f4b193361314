import type { Job, Pod } from "@nodeless/api";
import { isPodActive, isPodReady, isPodTerminal } from "../workload/pod-status.ts";
import { completionIndex, parseIndexes } from "./completion-indexes.ts";
import { TRACKING_FINALIZER } from "./job-pod.ts";

/** A Job's pods as its status counts them. */
export interface PodCounts {
  readonly active: readonly Pod[];
  readonly ready: number;
  /** Going, but not finished. */
  readonly terminating: number;
  /** Finished for good: every one counted exactly once, whatever crashes. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  /** Uids that are in `status` as uncounted until their finalizer is off. */
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Pods whose finalizer goes once the status is stored. */
  readonly release: readonly Pod[];
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === "Indexed";
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING_FINALIZER) === true;
}

/**
 * Counts finished pods in two steps, so that a crash neither loses nor doubles one: the uid goes into the status, then the finalizer off the
 * pod, then the uid becomes a number. Source: kubernetes pkg/controller/job trackJobStatusAndRemoveFinalizers.
 */
export function countPods(job: Job, pods: readonly Pod[], isFinished: boolean): PodCounts {
  const before = job.status?.uncountedTerminatedPods ?? {};
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const settle = (uids: readonly string[] = []) => ({
    left: uids.filter((uid) => tracked.has(uid)),
    done: uids.filter((uid) => !tracked.has(uid)).length,
  });
  const succeeded = settle(before.succeeded);
  const failed = settle(before.failed);
  const completedIndexes = new Set(parseIndexes(job.status?.completedIndexes));
  const known = new Set([...succeeded.left, ...failed.left]);
  const release: Pod[] = [];
  for (const pod of pods) {
    if (!isTracked(pod)) continue;
    const outcome = outcomeOf(pod, isFinished);
    if (outcome === undefined) continue;
    release.push(pod);
    if (known.has(pod.metadata.uid)) continue;
    if (outcome === "failed") failed.left.push(pod.metadata.uid);
    else if (isIndexed(job)) completedIndexes.add(completionIndex(pod) ?? -1);
    else succeeded.left.push(pod.metadata.uid);
  }
  completedIndexes.delete(-1);
  return {
    active: pods.filter(isPodActive),
    ready: pods.filter((pod) => isPodActive(pod) && isPodReady(pod)).length,
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)).length,
    succeeded: isIndexed(job) ? completedIndexes.size : (job.status?.succeeded ?? 0) + succeeded.done,
    failed: (job.status?.failed ?? 0) + failed.done,
    completedIndexes,
    uncounted: { succeeded: succeeded.left, failed: failed.left },
    release,
  };
}

/** A pod that is being deleted counts as failed at once, because its replacement need not wait for it (TerminatingOrFailed). */
function outcomeOf(pod: Pod, isFinished: boolean): "succeeded" | "failed" | undefined {
  if (pod.status?.phase === "Succeeded") return "succeeded";
  if (pod.status?.phase === "Failed" || pod.metadata.deletionTimestamp !== undefined) return "failed";
  return isFinished ? "failed" : undefined;
}
