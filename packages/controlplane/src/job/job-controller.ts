import type { Job, Pod } from "@nodeless/api";
import { formatObjectKey, JOBS, PODS, parseObjectKey } from "@nodeless/api";
import type { ControllerSource, EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { controllerOf } from "../workload/controller-ref.ts";
import { Expectations } from "../workload/expectations.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { ownedPodsSource } from "../workload/owned-pods.ts";
import { changePods } from "../workload/pod-control.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { isTracked } from "./count-pods.ts";
import { TRACKING_FINALIZER } from "./job-pod.ts";
import { planJob } from "./plan-job.ts";

interface Tools {
  readonly expectations: Expectations;
  readonly events: EventRecorder;
}

/** Runs Jobs to completion. */
export async function runJobController(context: ControllerContext): Promise<void> {
  const tools: Tools = { expectations: new Expectations(context.clock), events: context.recorder("job-controller") };
  await context.run({
    name: "job-controller",
    reconcile: (key) => reconcile(context, tools, key),
    sources: [
      informerSource(context.informers.of(JOBS)),
      ownedPodsSource(context, { ownerType: JOBS, expectations: tools.expectations }),
      strandedPods(context),
    ],
  });
}

/** Tracked pods whose Job is gone: somebody must take the finalizer off, or they stay for ever. */
function strandedPods({ informers }: ControllerContext): ControllerSource {
  const pods = informers.of(PODS);
  const jobs = informers.of(JOBS);
  return {
    synced: async (signal) => {
      await Promise.all([pods.synced(signal), jobs.synced(signal)]);
    },
    subscribe(enqueue) {
      const look = (pod: Pod): void => {
        const owner = isTracked(pod) ? controllerOf(pod) : undefined;
        if (owner?.kind !== "Job") return;
        const key = formatObjectKey({ namespace: pod.metadata.namespace, name: owner.name });
        if (jobs.get(key)?.metadata.uid !== owner.uid) enqueue(key);
      };
      pods.subscribe({ onAdd: look, onUpdate: look });
    },
  };
}

async function reconcile(context: ControllerContext, tools: Tools, key: string): Promise<ReconcileResult> {
  const { informers, client, clock } = context;
  const job = informers.of(JOBS).get(key);
  await releaseStranded(context, key, job);
  if (job === undefined) {
    tools.expectations.forget(key);
    return {};
  }
  const mayAct = tools.expectations.satisfied(key);
  const pods = await podsOf(context, job);
  const plan = planJob({ job, pods, now: clock.now() });
  if (!semanticallyEqual(plan.status, job.status ?? {}))
    await client.resource(JOBS).updateStatus({ ...job, status: plan.status });
  if (plan.event !== undefined) tools.events.record(job, plan.event);
  await Promise.all(plan.release.map((pod) => release(context, pod)));
  if (!mayAct) return { requeueAfterMs: tools.expectations.expiresInMs(key) };
  if (plan.create.length > 0 || plan.remove.length > 0) {
    const { create, remove } = plan;
    const { created, deletionError } = await changePods(context, { owner: job, key, ...tools }, { create, remove });
    const error = created.error ?? deletionError;
    if (error !== undefined) throw error;
  }
  return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
}

async function podsOf(context: ControllerContext, job: Job): Promise<readonly Pod[]> {
  const { selector } = job.spec;
  if (selector === undefined) return context.informers.of(PODS).byIndex("controller", job.metadata.uid);
  return await claimObjects(context, { owner: job, ownerType: JOBS, type: PODS, selector });
}

async function release({ client }: ControllerContext, { metadata }: Pod): Promise<void> {
  if (metadata.finalizers?.includes(TRACKING_FINALIZER) !== true) return;
  await ignoreMissing(
    client.resource(PODS).patch(metadata, "strategic", {
      metadata: { uid: metadata.uid, "$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER] },
    }),
  );
}

/** Pods that name this Job but belong to an earlier one of the name, or to none. */
async function releaseStranded(context: ControllerContext, key: string, job: Job | undefined): Promise<void> {
  const { namespace = "", name } = parseObjectKey(key);
  const stranded = context.informers
    .of(PODS)
    .byIndex("namespace", namespace)
    .filter((pod) => {
      const owner = isTracked(pod) ? controllerOf(pod) : undefined;
      return owner?.kind === "Job" && owner.name === name && owner.uid !== job?.metadata.uid;
    });
  await Promise.all(stranded.map((pod) => release(context, pod)));
}
