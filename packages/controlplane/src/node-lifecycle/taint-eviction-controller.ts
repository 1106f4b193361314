import type { Pod } from "@nodeless/api";
import { formatObjectKey, NODES, PODS } from "@nodeless/api";
import type { ControllerSource, EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { withDisruptionTarget } from "../workload/disruption-target.ts";
import { planEviction } from "./plan-eviction.ts";

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer tolerate. */
export async function runTaintEvictionController(context: ControllerContext): Promise<void> {
  const events = context.recorder("taint-eviction-controller");
  await context.run({
    name: "taint-eviction-controller",
    concurrency: 8,
    reconcile: (key) => reconcile(context, events, key),
    sources: [taintedPods(context)],
  });
}

/** Only pods on nodes with a NoExecute taint ever need a look, so that the many others cost nothing. */
function taintedPods({ informers }: ControllerContext): ControllerSource {
  const pods = informers.of(PODS);
  const nodes = informers.of(NODES);
  const isTainted = (nodeName: string | undefined): boolean =>
    nodeName !== undefined && nodes.get(nodeName)?.spec.taints?.some(({ effect }) => effect === "NoExecute") === true;
  return {
    synced: async (signal) => {
      await Promise.all([pods.synced(signal), nodes.synced(signal)]);
    },
    subscribe(enqueue) {
      const look = (pod: Pod): void => {
        if (isTainted(pod.spec.nodeName)) enqueue(formatObjectKey(pod.metadata));
      };
      const lookAtNode = ({ metadata }: { readonly metadata: { readonly name: string } }): void => {
        if (isTainted(metadata.name)) pods.byIndex("node", metadata.name).forEach(look);
      };
      pods.subscribe({ onAdd: look, onUpdate: look });
      nodes.subscribe({
        onAdd: lookAtNode,
        onUpdate(node, previous) {
          if (JSON.stringify(node.spec.taints) !== JSON.stringify(previous.spec.taints)) lookAtNode(node);
        },
      });
    },
  };
}

async function reconcile(context: ControllerContext, events: EventRecorder, key: string): Promise<ReconcileResult> {
  const { informers, client, clock } = context;
  const pod = informers.of(PODS).get(key);
  const node = pod?.spec.nodeName === undefined ? undefined : informers.of(NODES).get(pod.spec.nodeName);
  if (pod === undefined || node === undefined) return {};
  const plan = planEviction(pod, node.spec.taints ?? [], clock.now());
  if (plan.kind === "stay") return {};
  if (plan.inMs > 0) return { requeueAfterMs: plan.inMs };
  events.record(pod, { type: "Normal", reason: "TaintManagerEviction", message: `Marking for deletion Pod ${key}` });
  const status = withDisruptionTarget(pod, {
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    now: clock.now(),
  });
  const pods = client.resource(PODS);
  try {
    await pods.patch(
      pod.metadata,
      "strategic",
      { status: { conditions: status.conditions } },
      { subresource: "status" },
    );
    await pods.delete(pod.metadata, { uid: pod.metadata.uid });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return {};
}
