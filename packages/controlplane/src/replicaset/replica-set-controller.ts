import type { Pod, ReplicaSet } from "@nodeless/api";
import { formatObjectKey, PODS, REPLICA_SETS } from "@nodeless/api";
import type { EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { controllerOf } from "../workload/controller-ref.ts";
import { Expectations } from "../workload/expectations.ts";
import { ownedPodsSource } from "../workload/owned-pods.ts";
import { changePods, messageOf } from "../workload/pod-control.ts";
import { podFromTemplate } from "../workload/pod-from-template.ts";
import { isPodActive, nextAvailableMs } from "../workload/pod-status.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { computeReplicaSetStatus, planReplicas, type ReplicaFailure } from "./plan-replicas.ts";

interface Tools {
  readonly expectations: Expectations;
  readonly events: EventRecorder;
}

/** Keeps the wanted number of pods of every ReplicaSet. */
export async function runReplicaSetController(context: ControllerContext): Promise<void> {
  const tools: Tools = {
    expectations: new Expectations(context.clock),
    events: context.recorder("replicaset-controller"),
  };
  await context.run({
    name: "replicaset-controller",
    reconcile: (key) => reconcile(context, tools, key),
    sources: [
      informerSource(context.informers.of(REPLICA_SETS)),
      ownedPodsSource(context, { ownerType: REPLICA_SETS, expectations: tools.expectations }),
    ],
  });
}

async function reconcile(context: ControllerContext, tools: Tools, key: string): Promise<ReconcileResult> {
  const { expectations } = tools;
  const replicaSet = context.informers.of(REPLICA_SETS).get(key);
  if (replicaSet === undefined) {
    expectations.forget(key);
    return {};
  }
  const mayAct = expectations.satisfied(key);
  const pods = await claimObjects(context, {
    owner: replicaSet,
    ownerType: REPLICA_SETS,
    type: PODS,
    selector: replicaSet.spec.selector,
  });
  const failure = mayAct ? await manageReplicas(context, tools, { key, replicaSet, pods }) : undefined;
  await writeStatus(context, { replicaSet, pods, failure: failure?.condition });
  if (failure !== undefined) throw failure.error;
  if (!mayAct) return { requeueAfterMs: expectations.expiresInMs(key) };
  const waitMs = nextAvailableMs(pods, replicaSet.spec.minReadySeconds ?? 0, context.clock.now());
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

async function manageReplicas(
  context: ControllerContext,
  tools: Tools,
  { key, replicaSet, pods }: { readonly key: string; readonly replicaSet: ReplicaSet; readonly pods: readonly Pod[] },
): Promise<{ readonly condition: ReplicaFailure; readonly error: unknown } | undefined> {
  const now = context.clock.now();
  const plan = planReplicas(replicaSet, pods, { related: () => relatedPods(context, replicaSet), now });
  if (plan.create === 0 && plan.remove.length === 0) return undefined;
  const template = podFromTemplate(replicaSet.spec.template ?? {}, replicaSet);
  const { created, deletionError } = await changePods(
    context,
    { owner: replicaSet, key, ...tools },
    { create: Array.from({ length: plan.create }, () => template), remove: plan.remove },
  );
  const error = created.error ?? deletionError;
  if (error === undefined) return undefined;
  const reason = created.error === undefined ? "FailedDelete" : "FailedCreate";
  return { condition: { reason, message: messageOf(error) }, error };
}

/** Active pods of all ReplicaSets of the same owner: a rollout should not stack old and new on one node. */
function relatedPods({ informers }: ControllerContext, replicaSet: ReplicaSet): readonly Pod[] {
  const owner = controllerOf(replicaSet);
  const siblings = owner === undefined ? [replicaSet] : informers.of(REPLICA_SETS).byIndex("controller", owner.uid);
  return siblings.flatMap(({ metadata }) => informers.of(PODS).byIndex("controller", metadata.uid)).filter(isPodActive);
}

async function writeStatus(
  { client, clock, informers }: ControllerContext,
  {
    replicaSet,
    pods,
    failure,
  }: { readonly replicaSet: ReplicaSet; readonly pods: readonly Pod[]; readonly failure: ReplicaFailure | undefined },
): Promise<void> {
  const status = computeReplicaSetStatus(replicaSet, pods, { failure, now: clock.now() });
  if (semanticallyEqual(status, replicaSet.status ?? {})) return;
  // The pods took a while; a newer ReplicaSet means that a newer reconcile will write the status.
  const current = informers.of(REPLICA_SETS).get(formatObjectKey(replicaSet.metadata));
  if (current?.metadata.resourceVersion !== replicaSet.metadata.resourceVersion) return;
  await client.resource(REPLICA_SETS).updateStatus({ ...replicaSet, status });
}
