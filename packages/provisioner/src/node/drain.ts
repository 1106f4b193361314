import { formatObjectKey, type Node, PODS, type Pod } from "@nodeless/api";
import { isConflict, isNotFound, isTooManyRequests } from "@nodeless/runtime";
import { ignoringNotFound } from "../node-claim/claim-writes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import type { DrainPlan } from "./drain-plan.ts";

/** Executes one step of a drain. Refusals by disruption budgets are reported and tried again with the next step. */
export async function drain(
  context: ProvisionerContext,
  { node, plan }: { readonly node: Node; readonly plan: DrainPlan },
  signal: AbortSignal,
): Promise<void> {
  const { client, events } = context;
  const pods = client.resource(PODS);
  for (const { pod, gracePeriodSeconds } of plan.forceDelete) {
    events.record(pod, {
      type: "Warning",
      reason: "Disrupted",
      message: `Deleting the pod to meet the termination deadline of node ${node.metadata.name}`,
    });
    await ignoringNotFound(pods.delete(pod.metadata, { gracePeriodSeconds, uid: pod.metadata.uid, signal }));
  }
  for (const pod of plan.evict) await evict(context, { node, pod }, signal);
  for (const pod of plan.held)
    failedDraining(
      context,
      node,
      `pod ${formatObjectKey(pod.metadata)} asks not to be disrupted (karpenter.sh/do-not-disrupt)`,
    );
}

async function evict(
  context: ProvisionerContext,
  { node, pod }: { readonly node: Node; readonly pod: Pod },
  signal: AbortSignal,
): Promise<void> {
  const { client, events } = context;
  const { namespace, name, uid } = pod.metadata;
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await client.resource(PODS).createSubresource(pod.metadata, "eviction", eviction, { signal });
    events.record(pod, {
      type: "Normal",
      reason: "Evicted",
      message: `Evicted pod: node ${node.metadata.name} is going away`,
    });
  } catch (error) {
    // Gone, or another pod of that name by now: nothing left to evict.
    if (isNotFound(error) || isConflict(error)) return;
    if (!isTooManyRequests(error)) throw error;
    failedDraining(context, node, `pod ${formatObjectKey(pod.metadata)}: ${error.message}`);
  }
}

function failedDraining({ events }: ProvisionerContext, node: Node, why: string): void {
  events.record(node, {
    type: "Warning",
    reason: "FailedDraining",
    message: `Failed to drain node, ${why}`,
    dedupeMs: 120_000,
  });
}
