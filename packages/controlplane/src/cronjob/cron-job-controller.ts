import type { CronJob, Job, ResourceType } from "@nodeless/api";
import { formatObjectKey, InvalidScheduleError, JOBS, resourceType } from "@nodeless/api";
import type { EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource, isAlreadyExists } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { finishedCondition } from "../job/plan-job.ts";
import { controllerOf } from "../workload/controller-ref.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { isNamespaceTerminating } from "../workload/namespace-terminating.ts";
import { messageOf } from "../workload/pod-control.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { type CronPlan, planCronJob } from "./plan-cron-job.ts";

const CRON_JOBS: ResourceType<CronJob> = resourceType("batch/v1", "cronjobs", "CronJob", "Namespaced");

/** Starts Jobs on a schedule and keeps their history short. */
export async function runCronJobController(context: ControllerContext): Promise<void> {
  const events = context.recorder("cronjob-controller");
  await context.run({
    name: "cronjob-controller",
    reconcile: (key) => reconcile(context, events, key),
    sources: [
      informerSource(context.informers.of(CRON_JOBS)),
      informerSource(context.informers.of(JOBS), (job) => {
        const owner = controllerOf(job);
        return owner?.kind === "CronJob"
          ? [formatObjectKey({ namespace: job.metadata.namespace, name: owner.name })]
          : [];
      }),
    ],
  });
}

async function reconcile(context: ControllerContext, events: EventRecorder, key: string): Promise<ReconcileResult> {
  const cronJob = context.informers.of(CRON_JOBS).get(key);
  if (cronJob === undefined) return {};
  const jobs = context.informers.of(JOBS).byIndex("controller", cronJob.metadata.uid);
  let plan: CronPlan;
  try {
    plan = planCronJob({ cronJob, jobs, now: context.clock.now() });
  } catch (error) {
    if (!(error instanceof InvalidScheduleError)) throw error;
    const message = `unparseable schedule: ${cronJob.spec.schedule} : ${error.message}`;
    events.record(cronJob, { type: "Warning", reason: "UnparseableSchedule", message });
    return {};
  }
  reportFinished(events, cronJob, jobs);
  for (const { metadata } of plan.remove) {
    const options = { uid: metadata.uid, propagationPolicy: "Background" } as const;
    await ignoreMissing(context.client.resource(JOBS).delete(metadata, options));
    events.record(cronJob, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted job ${metadata.name}` });
  }
  if (plan.skipped)
    events.record(cronJob, {
      type: "Normal",
      reason: "JobAlreadyActive",
      message: "Not starting job because prior execution is running and concurrency policy is Forbid",
    });
  await startRun(context, events, { cronJob, plan });
  if (!semanticallyEqual(plan.status, cronJob.status ?? {}))
    await context.client.resource(CRON_JOBS).updateStatus({ ...cronJob, status: plan.status });
  return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
}

async function startRun(
  { client }: ControllerContext,
  events: EventRecorder,
  { cronJob, plan }: { readonly cronJob: CronJob; readonly plan: CronPlan },
): Promise<void> {
  if (plan.create === undefined) return;
  try {
    const created = await client.resource(JOBS).create(plan.create);
    const message = `Created job ${created.metadata.name}`;
    events.record(cronJob, { type: "Normal", reason: "SuccessfulCreate", message });
  } catch (error) {
    // Started before a restart, or nobody wants it any more.
    if (isAlreadyExists(error) || isNamespaceTerminating(error)) return;
    events.record(cronJob, {
      type: "Warning",
      reason: "FailedCreate",
      message: `Error creating job: ${messageOf(error)}`,
    });
    throw error;
  }
}

/** Jobs that were active at the last look and are finished now. */
function reportFinished(events: EventRecorder, cronJob: CronJob, jobs: readonly Job[]): void {
  const before = new Set(cronJob.status?.active?.map(({ uid }) => uid));
  for (const { metadata, status } of jobs) {
    const finished = finishedCondition(status);
    if (finished === undefined || !before.has(metadata.uid)) continue;
    const message = `Saw completed job: ${metadata.name}, condition: ${finished.type}`;
    events.record(cronJob, { type: "Normal", reason: "SawCompletedJob", message });
  }
}
