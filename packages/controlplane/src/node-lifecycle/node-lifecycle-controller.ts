import type { Node } from "@nodeless/api";
import { LEASES, NODES, PODS } from "@nodeless/api";
import type { EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource, isConflict, isNotFound, timestamp } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { readOnlySource } from "../shared-informers.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { isPodReady } from "../workload/pod-status.ts";
import { type Heartbeat, observeHeartbeat, planNodeHealth, readyCondition } from "./plan-node-health.ts";
import { planTaints } from "./plan-taints.ts";

const LEASE_NAMESPACE = "kube-node-lease";

/** Marks silent nodes Unknown, taints nodes by their conditions and marks the pods of lost nodes not ready. */
export async function runNodeLifecycleController(context: ControllerContext): Promise<void> {
  const { informers } = context;
  const events = context.recorder("node-controller");
  const nodes = informers.of(NODES);
  reportComingAndGoing(context, events);
  await Promise.all([
    monitorHealth(context),
    context.run({
      name: "node-lifecycle-controller",
      concurrency: 8,
      reconcile: (name) => reconcileNode(context, name),
      sources: [informerSource(nodes), readOnlySource(informers.of(PODS))],
    }),
  ]);
}

function reportComingAndGoing({ informers }: ControllerContext, events: EventRecorder): void {
  const report = (node: Node, reason: string, what: string): void =>
    events.record(node, { type: "Normal", reason, message: `Node ${node.metadata.name} event: ${what}` });
  informers.of(NODES).subscribe({
    onAdd: (node) => report(node, "RegisteredNode", `Registered Node ${node.metadata.name} in Controller`),
    onUpdate(node, previous) {
      if (readyCondition(previous)?.status === "True" && isLost(node))
        events.record(node, {
          type: "Normal",
          reason: "NodeNotReady",
          message: `Node ${node.metadata.name} status is now: NodeNotReady`,
        });
    },
    onDelete: (node) => report(node, "RemovingNode", `Removing Node ${node.metadata.name} from Controller`),
  });
}

/** Said something other than Ready: a node that is still starting has not. */
function isLost(node: Node): boolean {
  const ready = readyCondition(node)?.status;
  return ready === "False" || ready === "Unknown";
}

/** Looks at every node's heartbeat once per period. */
async function monitorHealth(context: ControllerContext): Promise<void> {
  const { informers, clock, signal, settings, logger } = context;
  const heartbeats = new Map<string, Heartbeat>();
  try {
    await Promise.all([informers.of(NODES).synced(signal), informers.of(LEASES).synced(signal)]);
    while (!signal.aborted) {
      await lookAtHeartbeats(context, heartbeats).catch((error: unknown) => {
        if (!signal.aborted) logger.warn("could not update the health of a node", { error });
      });
      await clock.sleep(settings.nodeMonitorPeriodMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function lookAtHeartbeats(
  { informers, client, clock, settings }: ControllerContext,
  heartbeats: Map<string, Heartbeat>,
): Promise<void> {
  const nodes = informers.of(NODES).list();
  const uids = new Set(nodes.map(({ metadata }) => metadata.uid));
  for (const uid of heartbeats.keys()) if (!uids.has(uid)) heartbeats.delete(uid);
  for (const node of nodes) {
    const { uid, name } = node.metadata;
    const nowMs = clock.monotonicMs();
    const lease = informers.of(LEASES).get(`${LEASE_NAMESPACE}/${name}`);
    const heartbeat = observeHeartbeat(heartbeats.get(uid), { node, lease, nowMs });
    heartbeats.set(uid, heartbeat);
    const conditions = planNodeHealth({
      node,
      heartbeat,
      nowMs,
      now: clock.now(),
      graceMs: settings.nodeMonitorGraceMs,
      startupGraceMs: settings.nodeStartupGraceMs,
    });
    if (conditions === undefined) continue;
    try {
      await client.resource(NODES).updateStatus({ ...node, status: { ...node.status, conditions } });
    } catch (error) {
      // Somebody wrote to it just now: perhaps it lives. The next period looks again.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }
}

async function reconcileNode(context: ControllerContext, name: string): Promise<ReconcileResult> {
  const { informers, client, clock } = context;
  const node = informers.of(NODES).get(name);
  if (node === undefined) return {};
  const taints = planTaints(node, clock.now());
  if (taints !== undefined)
    await ignoreMissing(client.resource(NODES).update({ ...node, spec: { ...node.spec, taints } }));
  if (isLost(node)) await markPodsNotReady(context, name);
  return {};
}

/** Services must stop sending traffic to a lost node, and its kubelet cannot say so. Source: nodelifecycle MarkPodsNotReady. */
async function markPodsNotReady({ informers, client, clock }: ControllerContext, nodeName: string): Promise<void> {
  const affected = informers.of(PODS).byIndex("node", nodeName).filter(isPodReady);
  await Promise.all(
    affected.map((pod) =>
      ignoreMissing(
        client
          .resource(PODS)
          .patch(
            pod.metadata,
            "strategic",
            { status: { conditions: [notReady(clock.now())] } },
            { subresource: "status" },
          ),
      ),
    ),
  );
}

function notReady(now: Date): unknown {
  return { type: "Ready", status: "False", lastTransitionTime: timestamp(now) };
}
