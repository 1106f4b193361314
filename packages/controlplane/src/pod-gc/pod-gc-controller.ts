import type { Pod } from "@nodeless/api";
import { NODES, PODS } from "@nodeless/api";
import type { ControllerContext } from "../controller-context.ts";
import { withDisruptionTarget } from "../workload/disruption-target.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { isPodTerminal } from "../workload/pod-status.ts";
import { planPodGc } from "./plan-pod-gc.ts";

/** Removes pods that no kubelet will ever finish, and the oldest of too many finished ones, once per period. */
export async function runPodGcController(context: ControllerContext): Promise<void> {
  const { informers, clock, signal, settings, logger } = context;
  const missingSinceMs = new Map<string, number>();
  try {
    await Promise.all([informers.of(NODES).synced(signal), informers.of(PODS).synced(signal)]);
    while (!signal.aborted) {
      await collect(context, missingSinceMs).catch((error: unknown) => {
        if (!signal.aborted) logger.warn("could not collect pods", { controller: "pod-garbage-collector", error });
      });
      await clock.sleep(settings.podGcPeriodMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function collect(context: ControllerContext, missingSinceMs: Map<string, number>): Promise<void> {
  const { informers, settings } = context;
  const pods = informers.of(PODS).list();
  const nodeNames = new Set(
    informers
      .of(NODES)
      .list()
      .map(({ metadata }) => metadata.name),
  );
  const lostNodeNames = await confirmedLost(context, quarantine(context, { pods, nodeNames, missingSinceMs }));
  const plan = planPodGc({ pods, nodeNames, lostNodeNames, terminatedPodsMax: settings.terminatedPodsMax });
  for (const pod of plan.orphaned) {
    if (!isPodTerminal(pod)) await markLost(context, pod);
    await forceDelete(context, pod);
  }
  for (const pod of [...plan.unscheduledTerminating, ...plan.terminated]) await forceDelete(context, pod);
}

/** Names of missing nodes that have been missing long enough; a node's pods may be listed before the node itself. */
function quarantine(
  { clock, settings }: ControllerContext,
  {
    pods,
    nodeNames,
    missingSinceMs,
  }: {
    readonly pods: readonly Pod[];
    readonly nodeNames: ReadonlySet<string>;
    readonly missingSinceMs: Map<string, number>;
  },
): readonly string[] {
  const missing = new Set(
    pods.map(({ spec }) => spec.nodeName ?? "").filter((name) => name !== "" && !nodeNames.has(name)),
  );
  for (const name of missingSinceMs.keys()) if (!missing.has(name)) missingSinceMs.delete(name);
  const nowMs = clock.monotonicMs();
  for (const name of missing) if (!missingSinceMs.has(name)) missingSinceMs.set(name, nowMs);
  return [...missingSinceMs]
    .filter(([, sinceMs]) => nowMs - sinceMs >= settings.podGcNodeQuarantineMs)
    .map(([name]) => name);
}

/** Asks the server itself before pods are taken away: a cache may lag. */
async function confirmedLost({ client }: ControllerContext, names: readonly string[]): Promise<ReadonlySet<string>> {
  const lost = new Set<string>();
  for (const name of names) if ((await client.resource(NODES).find({ name })) === undefined) lost.add(name);
  return lost;
}

async function markLost({ client, clock }: ControllerContext, pod: Pod): Promise<void> {
  const status = withDisruptionTarget(pod, {
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    now: clock.now(),
  });
  await ignoreMissing(
    client
      .resource(PODS)
      .patch(
        pod.metadata,
        "strategic",
        { status: { phase: "Failed", conditions: status.conditions } },
        { subresource: "status" },
      ),
  );
}

async function forceDelete({ client }: ControllerContext, { metadata }: Pod): Promise<void> {
  await ignoreMissing(client.resource(PODS).delete(metadata, { uid: metadata.uid, gracePeriodSeconds: 0 }));
}
