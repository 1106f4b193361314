import type { Fresh, Job, JobCondition, JobStatus, Pod } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import { withCondition } from "../workload/conditions.ts";
import { podRestarts } from "../workload/pod-status.ts";
import { inDeletionOrder } from "../workload/rank-pods.ts";
import { completionIndex, formatIndexes } from "./completion-indexes.ts";
import { countPods, isIndexed, type PodCounts } from "./count-pods.ts";
import { jobPod } from "./job-pod.ts";
import { retryInMs } from "./retry-backoff.ts";

/** Pods created or deleted in one go. Source: job MaxPodCreateDeletePerSync. */
const PODS_PER_SYNC_MAX = 500;

/** What one look at a Job sees. */
export interface JobObservation {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly now: Date;
}

/** What is to be done now. The status is stored first, then finalizers go, then pods change. */
export interface JobPlan {
  readonly status: JobStatus;
  readonly release: readonly Pod[];
  readonly create: readonly Fresh<Pod>[];
  readonly remove: readonly Pod[];
  readonly event?: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly message: string };
  readonly requeueAfterMs?: number;
}

/** True once the Job is Complete or Failed. */
export function isJobFinished({ status }: Job): boolean {
  return finishedCondition(status) !== undefined;
}

export function finishedCondition(status: JobStatus | undefined): JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: value }) => (type === "Complete" || type === "Failed") && value === "True",
  );
}

/** Decides the next steps of a Job. Pure. Source: kubernetes pkg/controller/job syncJob (release 1.35). */
export function planJob(observed: JobObservation): JobPlan {
  const { job, pods, now } = observed;
  if (isJobFinished(job)) {
    const counts = countPods(job, pods, true);
    return {
      status: statusOf(job, counts, job.status?.conditions ?? []),
      release: counts.release,
      create: [],
      remove: [],
    };
  }
  const counts = countPods(job, pods, false);
  const verdict = verdictOf(observed, counts);
  if (verdict !== undefined) return planEnd(observed, counts, verdict);
  if (job.spec.suspend === true) return planSuspension(observed, counts);
  const resumed = withCondition(job.status?.conditions ?? [], SUSPENDED_FALSE, now);
  const wasSuspended =
    job.status?.conditions?.some(({ type, status }) => type === "Suspended" && status === "True") === true;
  const started: Job =
    job.status?.startTime === undefined ? { ...job, status: { ...job.status, startTime: timestamp(now) } } : job;
  const status = statusOf(started, counts, wasSuspended ? resumed : (job.status?.conditions ?? []));
  const change = job.metadata.deletionTimestamp === undefined ? planPods(observed, counts) : { create: [], remove: [] };
  const waitMs = soonest([change.waitMs, deadlineInMs(started, now)]);
  return {
    status,
    release: counts.release,
    create: change.create,
    remove: change.remove,
    ...(wasSuspended ? { event: { type: "Normal", reason: "Resumed", message: "Job resumed" } as const } : {}),
    ...(waitMs === undefined ? {} : { requeueAfterMs: waitMs }),
  };
}

const SUSPENDED_FALSE: JobCondition = {
  type: "Suspended",
  status: "False",
  reason: "JobResumed",
  message: "Job resumed",
};
const SUSPENDED_TRUE: JobCondition = {
  type: "Suspended",
  status: "True",
  reason: "JobSuspended",
  message: "Job suspended",
};

/** How the Job is going to end. */
interface Verdict {
  readonly outcome: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

function verdictOf({ job, pods, now }: JobObservation, counts: PodCounts): Verdict | undefined {
  for (const { type, status, reason = "", message = "" } of job.status?.conditions ?? []) {
    if (status !== "True") continue;
    if (type === "FailureTarget") return { outcome: "Failed", reason, message };
    if (type === "SuccessCriteriaMet") return { outcome: "Complete", reason, message };
  }
  const failed = counts.failed + counts.uncounted.failed.length;
  const backoffLimit = job.spec.backoffLimit ?? 6;
  if (failed > backoffLimit || restartsExceed(job, pods, backoffLimit))
    return {
      outcome: "Failed",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  if ((deadlineInMs(job, now) ?? 1) <= 0 && job.spec.suspend !== true)
    return { outcome: "Failed", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  if (!isComplete(job, counts)) return undefined;
  return { outcome: "Complete", reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
}

/** With restartPolicy OnFailure the kubelet retries in place; its restarts count. */
function restartsExceed({ spec }: Job, pods: readonly Pod[], backoffLimit: number): boolean {
  if (spec.template.spec?.restartPolicy !== "OnFailure") return false;
  const running = pods.filter(({ status }) => status?.phase === "Running" || status?.phase === "Pending");
  const restarts = running.reduce((sum, pod) => sum + podRestarts(pod), 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

/** Without completions (a work queue) one success, and nobody still working, is enough. */
function isComplete({ spec }: Job, counts: PodCounts): boolean {
  const succeeded = counts.succeeded + counts.uncounted.succeeded.length;
  return spec.completions === undefined ? succeeded > 0 && counts.active.length === 0 : succeeded >= spec.completions;
}

/** Ends the Job: first the target condition and the deletion of what runs, then, when all pods are counted, the final condition. */
function planEnd({ job, now }: JobObservation, counts: PodCounts, verdict: Verdict): JobPlan {
  const { outcome, reason, message } = verdict;
  const target = {
    type: outcome === "Failed" ? "FailureTarget" : "SuccessCriteriaMet",
    status: "True",
    reason,
    message,
  };
  const conditions = withCondition(job.status?.conditions ?? [], target, now);
  const pending =
    counts.active.length + counts.terminating + counts.uncounted.failed.length + counts.uncounted.succeeded.length;
  if (pending > 0)
    return { status: statusOf(job, counts, conditions), release: counts.release, create: [], remove: counts.active };
  const final = withCondition(conditions, { type: outcome, status: "True", reason, message }, now);
  const status = statusOf(job, counts, final);
  return {
    status: outcome === "Complete" ? { ...status, completionTime: timestamp(now) } : status,
    release: counts.release,
    create: [],
    remove: [],
    event:
      outcome === "Complete"
        ? { type: "Normal", reason: "Completed", message: "Job completed" }
        : { type: "Warning", reason, message },
  };
}

function planSuspension({ job, now }: JobObservation, counts: PodCounts): JobPlan {
  const conditions = withCondition(job.status?.conditions ?? [], SUSPENDED_TRUE, now);
  const { startTime: _, ...status } = statusOf(job, counts, conditions);
  const isNew = conditions !== job.status?.conditions;
  return {
    status,
    release: counts.release,
    create: [],
    remove: counts.active,
    ...(isNew ? { event: { type: "Normal", reason: "Suspended", message: "Job suspended" } as const } : {}),
  };
}

interface PodChange {
  readonly create: readonly Fresh<Pod>[];
  readonly remove: readonly Pod[];
  readonly waitMs?: number;
}

function planPods({ job, pods, now }: JobObservation, counts: PodCounts): PodChange {
  const missing = wantedActive(job, counts) - counts.active.length;
  if (missing < 0)
    return {
      create: [],
      remove: inDeletionOrder(counts.active, { now, related: counts.active }).slice(
        0,
        Math.min(-missing, PODS_PER_SYNC_MAX),
      ),
    };
  if (missing === 0) return { create: [], remove: [] };
  const waitMs = retryInMs(pods, now);
  if (waitMs > 0) return { create: [], remove: [], waitMs };
  const count = Math.min(missing, PODS_PER_SYNC_MAX);
  const slots = isIndexed(job) ? freeIndexes(job, counts, count) : Array.from({ length: count }, () => undefined);
  return { create: slots.map((index) => jobPod(job, index)), remove: [] };
}

function wantedActive({ spec }: Job, counts: PodCounts): number {
  const parallelism = spec.parallelism ?? 1;
  const succeeded = counts.succeeded + counts.uncounted.succeeded.length;
  if (spec.completions !== undefined) return Math.min(parallelism, Math.max(0, spec.completions - succeeded));
  // A work queue that had a success is drained by those still at it.
  return succeeded > 0 ? Math.min(parallelism, counts.active.length) : parallelism;
}

function freeIndexes({ spec }: Job, { active, completedIndexes }: PodCounts, count: number): readonly number[] {
  const taken = new Set(active.map(completionIndex));
  const free: number[] = [];
  for (let index = 0; index < (spec.completions ?? 0) && free.length < count; index += 1)
    if (!taken.has(index) && !completedIndexes.has(index)) free.push(index);
  return free;
}

function statusOf(job: Job, counts: PodCounts, conditions: readonly JobCondition[]): JobStatus {
  const { succeeded, failed } = counts.uncounted;
  const { startTime, completionTime } = job.status ?? {};
  const positive = (key: string, value: number): object => (value === 0 ? {} : { [key]: value });
  return {
    ...positive("active", counts.active.length),
    ready: counts.ready,
    terminating: counts.terminating,
    ...positive("succeeded", counts.succeeded),
    ...positive("failed", counts.failed),
    ...(counts.completedIndexes.size === 0 ? {} : { completedIndexes: formatIndexes(counts.completedIndexes) }),
    uncountedTerminatedPods: {
      ...(succeeded.length === 0 ? {} : { succeeded }),
      ...(failed.length === 0 ? {} : { failed }),
    },
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
  };
}

/** Milliseconds until activeDeadlineSeconds have passed, undefined without a deadline. */
function deadlineInMs({ spec, status }: Job, now: Date): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1_000 - now.getTime();
}

function soonest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
  return known.length === 0 ? undefined : Math.min(...known);
}
