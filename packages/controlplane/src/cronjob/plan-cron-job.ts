import type { CronJob, CronJobStatus, Fresh, Job, ObjectReference } from "@nodeless/api";
import { nextRun, parseCron } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import { finishedCondition, isJobFinished } from "../job/plan-job.ts";
import { controllerRef } from "../workload/controller-ref.ts";

/** Runs that may have been missed before we stop counting and take the last one. Source: cronjob utils.go (100 with a warning). */
const MISSED_RUNS_MAX = 100;

/** What one look at a CronJob sees. */
export interface CronObservation {
  readonly cronJob: CronJob;
  /** Its Jobs. */
  readonly jobs: readonly Job[];
  readonly now: Date;
}

/** What is to be done now. */
export interface CronPlan {
  readonly create?: Fresh<Job>;
  /** Jobs that are replaced, and finished ones beyond the history limits. */
  readonly remove: readonly Job[];
  /** A run was due but another is still going and concurrency is forbidden. */
  readonly skipped: boolean;
  readonly status: CronJobStatus;
  /** Until the next run. */
  readonly requeueAfterMs?: number;
}

/** Decides whether a run is due. Throws InvalidScheduleError. Source: kubernetes pkg/controller/cronjob syncCronJob (release 1.35). */
export function planCronJob(observed: CronObservation): CronPlan {
  const { cronJob, jobs, now } = observed;
  const { spec, metadata } = cronJob;
  const history = superfluous(observed);
  const active = jobs.filter((job) => !isJobFinished(job) && job.metadata.deletionTimestamp === undefined);
  const status = statusOf(observed, active, cronJob.status?.lastScheduleTime);
  if (metadata.deletionTimestamp !== undefined || spec.suspend === true)
    return { remove: history, skipped: false, status };
  const schedule = parseCron(spec.schedule);
  const next = nextRun(schedule, now, spec.timeZone);
  const waiting = next === undefined ? {} : { requeueAfterMs: Math.max(1, next.getTime() - now.getTime()) };
  const due = lastDue(observed);
  if (due === undefined) return { remove: history, skipped: false, status, ...waiting };
  const policy = spec.concurrencyPolicy ?? "Allow";
  if (policy === "Forbid" && active.length > 0) return { remove: history, skipped: true, status, ...waiting };
  const create = cronRun(cronJob, due);
  return {
    create,
    remove: policy === "Replace" ? [...history, ...active] : history,
    skipped: false,
    status: statusOf(observed, policy === "Replace" ? [] : active, timestamp(due)),
    ...waiting,
  };
}

/** The latest run that is due and was not started; runs missed before it are not made up for. */
function lastDue({ cronJob: { spec, status, metadata }, now }: CronObservation): Date | undefined {
  const schedule = parseCron(spec.schedule);
  const lastMs = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const deadlineMs =
    spec.startingDeadlineSeconds === undefined
      ? Number.NEGATIVE_INFINITY
      : now.getTime() - spec.startingDeadlineSeconds * 1_000;
  let due: Date | undefined;
  let run = nextRun(schedule, new Date(Math.max(lastMs, deadlineMs)), spec.timeZone);
  for (let missed = 0; run !== undefined && run <= now; missed += 1) {
    due = run;
    // After a long sleep: skip to the last day instead of walking through every minute.
    const from = missed < MISSED_RUNS_MAX ? run : new Date(Math.max(run.getTime(), now.getTime() - 86_400_000));
    run = nextRun(schedule, from, spec.timeZone);
  }
  return due;
}

/** The Job of one run; its name comes from the scheduled minute, so that a run is never started twice. */
function cronRun(cronJob: CronJob, scheduled: Date): Fresh<Job> {
  const { jobTemplate } = cronJob.spec;
  const { name, namespace } = cronJob.metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${name}-${Math.floor(scheduled.getTime() / 60_000)}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(jobTemplate.metadata?.labels === undefined ? {} : { labels: jobTemplate.metadata.labels }),
      annotations: {
        ...jobTemplate.metadata?.annotations,
        "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(scheduled),
      },
      ownerReferences: [controllerRef(cronJob)],
    },
    spec: jobTemplate.spec ?? { template: {} },
  };
}

function statusOf(
  { cronJob, jobs }: CronObservation,
  active: readonly Job[],
  lastScheduleTime: string | undefined,
): CronJobStatus {
  const successes = jobs.flatMap(({ status }) => status?.completionTime ?? []);
  const lastSuccessfulTime = [...successes, cronJob.status?.lastSuccessfulTime ?? ""].sort().at(-1);
  return {
    ...(active.length === 0 ? {} : { active: active.map(referenceTo) }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(lastSuccessfulTime === undefined || lastSuccessfulTime === "" ? {} : { lastSuccessfulTime }),
  };
}

function referenceTo({ metadata }: Job): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    resourceVersion,
  };
}

/** Finished Jobs beyond the limits, oldest first. */
function superfluous({ cronJob: { spec }, jobs }: CronObservation): readonly Job[] {
  const oldest = (type: string, limit: number): readonly Job[] => {
    const finished = jobs
      .filter(
        ({ status, metadata }) => finishedCondition(status)?.type === type && metadata.deletionTimestamp === undefined,
      )
      .sort(
        (left, right) => Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp),
      );
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [
    ...oldest("Complete", spec.successfulJobsHistoryLimit ?? 3),
    ...oldest("Failed", spec.failedJobsHistoryLimit ?? 1),
  ];
}
