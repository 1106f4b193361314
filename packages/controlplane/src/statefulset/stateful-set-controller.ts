import type { Fresh, PersistentVolumeClaim, Pod, StatefulSet } from "@nodeless/api";
import { CONTROLLER_REVISIONS, formatObjectKey, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from "@nodeless/api";
import type { EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource, isAlreadyExists } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { type History, keepHistory, RevisionCollisionError, trimHistory } from "../history/keep-history.ts";
import { readOnlySource } from "../shared-informers.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { isNamespaceTerminating } from "../workload/namespace-terminating.ts";
import { ownedPodsSource } from "../workload/owned-pods.ts";
import { messageOf } from "../workload/pod-control.ts";
import { nextAvailableMs } from "../workload/pod-status.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { type NewStatefulPod, planStatefulSet } from "./plan-stateful-set.ts";
import { REVISION_LABEL } from "./stateful-pod.ts";

const HASH_LABEL = "controller.kubernetes.io/hash";

/** Keeps pods with stable names and claims. Names make creation idempotent, so that no expectations are needed. */
export async function runStatefulSetController(context: ControllerContext): Promise<void> {
  const events = context.recorder("statefulset-controller");
  const { informers } = context;
  await context.run({
    name: "statefulset-controller",
    reconcile: (key) => reconcile(context, events, key),
    sources: [
      informerSource(informers.of(STATEFUL_SETS)),
      ownedPodsSource(context, { ownerType: STATEFUL_SETS }),
      readOnlySource(informers.of(CONTROLLER_REVISIONS)),
      readOnlySource(informers.of(PERSISTENT_VOLUME_CLAIMS)),
    ],
  });
}

async function reconcile(context: ControllerContext, events: EventRecorder, key: string): Promise<ReconcileResult> {
  const { informers, client, clock } = context;
  const set = informers.of(STATEFUL_SETS).get(key);
  if (set === undefined) return {};
  const history = await historyOf(context, set);
  if (history === undefined) return {};
  const pods = await claimObjects(context, {
    owner: set,
    ownerType: STATEFUL_SETS,
    type: PODS,
    selector: set.spec.selector,
  });
  const updateRevision = history.current;
  const currentRevision =
    history.all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? updateRevision;
  const plan = planStatefulSet({ set, pods, currentRevision, updateRevision, now: clock.now() });
  if (!semanticallyEqual(plan.status, set.status ?? {}))
    await client.resource(STATEFUL_SETS).updateStatus({ ...set, status: plan.status });
  for (const one of plan.create) await create(context, { set, events }, one);
  for (const pod of plan.remove) await remove(context, { set, events }, pod);
  const used = pods.map(({ metadata }) => metadata.labels?.[REVISION_LABEL] ?? "");
  const live = new Set([currentRevision.metadata.name, updateRevision.metadata.name, ...used]);
  await trimHistory(context, set, { all: history.all, live });
  const waitMs = nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, clock.now());
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

async function historyOf(context: ControllerContext, set: StatefulSet): Promise<History | undefined> {
  try {
    return await keepHistory(context, { owner: set, ownerType: STATEFUL_SETS, hashLabel: HASH_LABEL });
  } catch (error) {
    if (!(error instanceof RevisionCollisionError)) throw error;
    const status = { replicas: 0, ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 };
    await context.client.resource(STATEFUL_SETS).updateStatus({ ...set, status });
    return undefined;
  }
}

interface Subject {
  readonly set: StatefulSet;
  readonly events: EventRecorder;
}

async function create(context: ControllerContext, { set, events }: Subject, one: NewStatefulPod): Promise<void> {
  const name = one.pod.metadata.name ?? "";
  const what = `Pod ${name} in StatefulSet ${set.metadata.name}`;
  try {
    for (const claim of one.claims) await createClaim(context, { set, events }, claim, what);
    await context.client.resource(PODS).create(one.pod);
    events.record(set, { type: "Normal", reason: "SuccessfulCreate", message: `create ${what} successful` });
  } catch (error) {
    // The cache has not shown it yet, or the namespace wants nothing new.
    if (isAlreadyExists(error) || isNamespaceTerminating(error)) return;
    const message = `create ${what} failed error: ${messageOf(error)}`;
    events.record(set, { type: "Warning", reason: "FailedCreate", message });
    throw error;
  }
}

async function createClaim(
  { client, informers }: ControllerContext,
  { set, events }: Subject,
  claim: Fresh<PersistentVolumeClaim>,
  what: string,
): Promise<void> {
  const { name = "", namespace } = claim.metadata;
  if (informers.of(PERSISTENT_VOLUME_CLAIMS).get(formatObjectKey({ namespace, name })) !== undefined) return;
  try {
    await client.resource(PERSISTENT_VOLUME_CLAIMS).create(claim);
    events.record(set, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `create Claim ${name} ${what} success`,
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function remove(
  { client }: ControllerContext,
  { set, events }: Subject,
  { metadata, status }: Pod,
): Promise<void> {
  const what = `Pod ${metadata.name} in StatefulSet ${set.metadata.name}`;
  if (status?.phase === "Failed")
    events.record(set, {
      type: "Warning",
      reason: "RecreatingFailedPod",
      message: `StatefulSet ${metadata.namespace}/${set.metadata.name} is recreating failed Pod ${metadata.name}`,
    });
  await ignoreMissing(client.resource(PODS).delete(metadata, { uid: metadata.uid }));
  events.record(set, { type: "Normal", reason: "SuccessfulDelete", message: `delete ${what} successful` });
}
