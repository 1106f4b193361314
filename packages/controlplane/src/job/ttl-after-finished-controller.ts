import type { Job } from "@nodeless/api";
import { JOBS } from "@nodeless/api";
import type { ReconcileResult } from "@nodeless/runtime";
import { informerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { finishedCondition } from "./plan-job.ts";

/** Milliseconds until a finished Job is to be deleted, undefined if never. Source: kubernetes pkg/controller/ttlafterfinished. */
export function timeToLiveMs({ spec, status, metadata }: Job, now: Date): number | undefined {
  const finished = finishedCondition(status)?.lastTransitionTime;
  if (spec.ttlSecondsAfterFinished === undefined || finished === undefined) return undefined;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return Math.max(0, Date.parse(finished) + spec.ttlSecondsAfterFinished * 1_000 - now.getTime());
}

/** Deletes finished Jobs whose time is up. */
export async function runTtlAfterFinishedController(context: ControllerContext): Promise<void> {
  const jobs = context.informers.of(JOBS);
  await context.run({
    name: "ttl-after-finished-controller",
    sources: [informerSource(jobs)],
    async reconcile(key): Promise<ReconcileResult> {
      const job = jobs.get(key);
      const waitMs = job === undefined ? undefined : timeToLiveMs(job, context.clock.now());
      if (job === undefined || waitMs === undefined) return {};
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const { uid, resourceVersion } = job.metadata;
      await ignoreMissing(
        context.client.resource(JOBS).delete(job.metadata, { uid, resourceVersion, propagationPolicy: "Foreground" }),
      );
      return {};
    },
  });
}
