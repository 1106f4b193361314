import type { Deployment, KubernetesObject, Pod, ReplicaSet } from "@nodeless/api";
import { DEPLOYMENTS, formatObjectKey, PODS, REPLICA_SETS } from "@nodeless/api";
import type { EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource, isAlreadyExists } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { controllerOf, isControlledBy } from "../workload/controller-ref.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { replicaAnnotations } from "./new-replica-set.ts";
import { type DeploymentPlan, planDeployment } from "./plan-deployment.ts";
import type { ScaleStep } from "./plan-scale.ts";
import { findNewReplicaSet, isRollingUpdate, REVISION, wantedReplicas } from "./replica-sets.ts";

/** Runs the rollout of Deployments: ReplicaSets per template, their sizes, history and status. */
export async function runDeploymentController(context: ControllerContext): Promise<void> {
  const events = context.recorder("deployment-controller");
  const replicaSets = context.informers.of(REPLICA_SETS);
  await context.run({
    name: "deployment-controller",
    reconcile: (key) => reconcile(context, events, key),
    sources: [
      informerSource(context.informers.of(DEPLOYMENTS)),
      informerSource(replicaSets, (replicaSet) => deploymentKeys(context, replicaSet)),
      // Recreate waits for the last pod to be gone, which no ReplicaSet event tells.
      {
        synced: (signal) => context.informers.of(PODS).synced(signal),
        subscribe: (enqueue) =>
          context.informers.of(PODS).subscribe({
            onDelete: (pod) => recreatingDeployments(context, pod).forEach(enqueue),
          }),
      },
    ],
  });
}

function deploymentKeys({ informers }: ControllerContext, replicaSet: ReplicaSet): readonly string[] {
  const { namespace } = replicaSet.metadata;
  const owner = controllerOf(replicaSet);
  if (owner !== undefined) return owner.kind === "Deployment" ? [formatObjectKey({ namespace, name: owner.name })] : [];
  // An orphan may be anyone's to adopt.
  return informers
    .of(DEPLOYMENTS)
    .byIndex("namespace", namespace ?? "")
    .map(({ metadata }) => formatObjectKey(metadata));
}

function recreatingDeployments({ informers }: ControllerContext, pod: Pod): readonly string[] {
  const owner = controllerOf(pod);
  if (owner?.kind !== "ReplicaSet") return [];
  const { namespace } = pod.metadata;
  const replicaSet = informers.of(REPLICA_SETS).get(formatObjectKey({ namespace, name: owner.name }));
  const parent = replicaSet === undefined ? undefined : controllerOf(replicaSet);
  if (parent === undefined) return [];
  const key = formatObjectKey({ namespace, name: parent.name });
  const deployment = informers.of(DEPLOYMENTS).get(key);
  return deployment !== undefined && !isRollingUpdate(deployment) ? [key] : [];
}

async function reconcile(context: ControllerContext, events: EventRecorder, key: string): Promise<ReconcileResult> {
  const deployment = context.informers.of(DEPLOYMENTS).get(key);
  if (deployment === undefined) return {};
  const replicaSets = await claimObjects(context, {
    owner: deployment,
    ownerType: DEPLOYMENTS,
    type: REPLICA_SETS,
    selector: deployment.spec.selector,
  });
  const pods = isRollingUpdate(deployment)
    ? []
    : replicaSets.flatMap(({ metadata }) => context.informers.of(PODS).byIndex("controller", metadata.uid));
  const plan = planDeployment({ deployment, replicaSets, pods, now: context.clock.now() });
  return await execute(context, { deployment, plan, events });
}

interface Execution {
  readonly deployment: Deployment;
  readonly plan: DeploymentPlan;
  readonly events: EventRecorder;
}

async function execute(context: ControllerContext, execution: Execution): Promise<ReconcileResult> {
  const { plan } = execution;
  const client = context.client.resource(REPLICA_SETS);
  if (plan.create !== undefined && !(await createReplicaSet(context, execution))) return {};
  // A refreshed ReplicaSet has a new resourceVersion: the scale steps wait for it to come back.
  if (plan.refresh !== undefined) await client.update(plan.refresh);
  else for (const step of plan.scale) await scale(context, execution, step);
  for (const { metadata } of plan.remove)
    await ignoreMissing(client.delete(metadata, { uid: metadata.uid, propagationPolicy: "Background" }));
  const current = await writeRevision(context, execution);
  if (!semanticallyEqual(current.status ?? {}, plan.status))
    await context.client.resource(DEPLOYMENTS).updateStatus({ ...current, status: plan.status });
  return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
}

async function writeRevision({ client }: ControllerContext, { deployment, plan }: Execution): Promise<Deployment> {
  if (plan.revision === undefined) return deployment;
  const metadata = { annotations: { [REVISION]: plan.revision } };
  return await client.resource(DEPLOYMENTS).patch(deployment.metadata, "merge", { metadata });
}

/** False when the name is taken by another template: the collision is recorded and the next reconcile takes another hash. */
async function createReplicaSet(context: ControllerContext, { deployment, plan, events }: Execution): Promise<boolean> {
  const { create } = plan;
  if (create === undefined) return true;
  const client = context.client.resource(REPLICA_SETS);
  try {
    const created = await client.create(create);
    reportScale(events, deployment, { name: created.metadata.name, from: 0, to: wantedReplicas(created) });
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) {
      events.record(deployment, {
        type: "Warning",
        reason: "ReplicaSetCreateError",
        message: `Failed to create new replica set "${create.metadata.name}": ${(error as Error).message}`,
      });
      throw error;
    }
    const taken = await client.get({ namespace: deployment.metadata.namespace, name: create.metadata.name ?? "" });
    // Ours: the cache has not shown it yet.
    if (isControlledBy(taken, deployment) && findNewReplicaSet(deployment, [taken]) !== undefined) return true;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await context.client
      .resource(DEPLOYMENTS)
      .updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
    return false;
  }
}

/** Resizes a ReplicaSet and tells it the size its Deployment has now. */
async function scale(
  context: ControllerContext,
  { deployment, events }: Execution,
  { replicaSet, replicas }: ScaleStep,
): Promise<void> {
  const from = wantedReplicas(replicaSet);
  const annotations = { ...replicaSet.metadata.annotations, ...replicaAnnotations(deployment) };
  if (from === replicas && semanticallyEqual(annotations, replicaSet.metadata.annotations)) return;
  await context.client.resource(REPLICA_SETS).update({
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec, replicas },
  });
  if (from !== replicas) reportScale(events, deployment, { name: replicaSet.metadata.name, from, to: replicas });
}

function reportScale(
  events: EventRecorder,
  deployment: KubernetesObject,
  { name, from, to }: { readonly name: string; readonly from: number; readonly to: number },
): void {
  if (from === to) return;
  const direction = to > from ? "up" : "down";
  const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
  events.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
}
