import type { OwnerReference, Pod, PodDisruptionBudget } from "@nodeless/api";
import {
  DEPLOYMENTS,
  formatObjectKey,
  matchesLabelSelector,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from "@nodeless/api";
import type { ControllerSource, EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { readOnlySource } from "../shared-informers.ts";
import { controllerOf } from "../workload/controller-ref.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { computeDisruption, needsWantedReplicas, nextForgottenMs } from "./compute-disruption.ts";

/** Keeps the status of disruption budgets, which the eviction subresource relies on. */
export async function runDisruptionController(context: ControllerContext): Promise<void> {
  const { informers } = context;
  const events = context.recorder("controllermanager");
  await context.run({
    name: "disruption-controller",
    reconcile: (key) => reconcile(context, events, key),
    sources: [
      informerSource(informers.of(POD_DISRUPTION_BUDGETS)),
      podSource(context),
      readOnlySource(informers.of(DEPLOYMENTS)),
      readOnlySource(informers.of(REPLICA_SETS)),
      readOnlySource(informers.of(STATEFUL_SETS)),
    ],
  });
}

function podSource({ informers }: ControllerContext): ControllerSource {
  const pods = informers.of(PODS);
  const budgets = informers.of(POD_DISRUPTION_BUDGETS);
  return {
    synced: async (signal) => {
      await Promise.all([pods.synced(signal), budgets.synced(signal)]);
    },
    subscribe(enqueue) {
      const look = (pod: Pod): void => {
        for (const { metadata, spec } of budgets.byIndex("namespace", pod.metadata.namespace ?? ""))
          if (matchesLabelSelector(spec.selector, pod.metadata.labels)) enqueue(formatObjectKey(metadata));
      };
      pods.subscribe({ onAdd: look, onUpdate: look, onDelete: look });
    },
  };
}

async function reconcile(context: ControllerContext, events: EventRecorder, key: string): Promise<ReconcileResult> {
  const { informers, client, clock } = context;
  const budget = informers.of(POD_DISRUPTION_BUDGETS).get(key);
  if (budget === undefined) return {};
  const pods = informers
    .of(PODS)
    .byIndex("namespace", budget.metadata.namespace ?? "")
    .filter((pod) => matchesLabelSelector(budget.spec.selector, pod.metadata.labels));
  if (pods.length === 0)
    events.record(budget, { type: "Normal", reason: "NoPods", message: "No matching pods found", dedupeMs: 600_000 });
  const wantedReplicas = needsWantedReplicas(budget) ? sumWantedReplicas(context, pods) : 0;
  const status = computeDisruption({ budget, pods, wantedReplicas, now: clock.now() });
  if (!semanticallyEqual(status, budget.status ?? {})) await writeStatus(client, budget, status);
  const waitMs = nextForgottenMs(status, clock.now());
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

async function writeStatus(
  client: ControllerContext["client"],
  budget: PodDisruptionBudget,
  status: NonNullable<PodDisruptionBudget["status"]>,
): Promise<void> {
  await client.resource(POD_DISRUPTION_BUDGETS).updateStatus({ ...budget, status });
}

/** Replicas that the controllers of the pods want, every controller once; pods without one, or of an unscalable kind, do not count. */
function sumWantedReplicas({ informers }: ControllerContext, pods: readonly Pod[]): number {
  const byController = new Map<string, number>();
  const lookUp = (
    namespace: string | undefined,
    { kind, name }: OwnerReference,
  ): readonly [string, number] | undefined => {
    const key = formatObjectKey({ namespace, name });
    if (kind === "StatefulSet") {
      const set = informers.of(STATEFUL_SETS).get(key);
      return set === undefined ? undefined : [set.metadata.uid, set.spec.replicas ?? 1];
    }
    if (kind === "Deployment") {
      const deployment = informers.of(DEPLOYMENTS).get(key);
      return deployment === undefined ? undefined : [deployment.metadata.uid, deployment.spec.replicas ?? 1];
    }
    if (kind !== "ReplicaSet") return undefined;
    const replicaSet = informers.of(REPLICA_SETS).get(key);
    if (replicaSet === undefined) return undefined;
    const parent = controllerOf(replicaSet);
    // A rollout has several ReplicaSets; what is wanted is the Deployment's number.
    return parent === undefined ? [replicaSet.metadata.uid, replicaSet.spec.replicas ?? 1] : lookUp(namespace, parent);
  };
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const found = owner === undefined ? undefined : lookUp(pod.metadata.namespace, owner);
    if (found !== undefined) byController.set(...found);
  }
  return [...byController.values()].reduce((sum, replicas) => sum + replicas, 0);
}
