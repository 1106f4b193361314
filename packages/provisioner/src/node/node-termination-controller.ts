import type { Node, NodeClaim, Pod } from "@nodeless/api";
import { FINALIZERS, NODES } from "@nodeless/api";
import { InstanceNotFoundError } from "@nodeless/cloud";
import { informerSource, isConditionTrue, type ReconcileResult, runController } from "@nodeless/runtime";
import { ClaimWriter, ignoringNotFound } from "../node-claim/claim-writes.ts";
import { isInstanceGone, terminationDeadline } from "../node-claim/termination.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { drain } from "./drain.ts";
import { DISRUPTED_TAINT, isDrainable, planDrain } from "./drain-plan.ts";

const CONCURRENCY = 20;
const EXCLUDE_FROM_LOAD_BALANCERS = { "node.kubernetes.io/exclude-from-external-load-balancers": "karpenter" };

/** Takes a deleted node down: taint → drain → volumes → instance → finalizer (karpenter.md §4.5). */
export async function runNodeTerminationController(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { cache, clock, logger } = context;
  await runController({
    name: "node.termination",
    clock,
    logger,
    signal,
    concurrency: CONCURRENCY,
    sources: [
      informerSource(cache.nodes),
      informerSource(cache.pods, (pod: Pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : [])),
      informerSource(cache.volumeAttachments, ({ spec }) => [spec.nodeName]),
    ],
    async reconcile(key, reconcile) {
      const node = cache.nodes.get(key);
      const isOurs = node?.metadata.finalizers?.includes(FINALIZERS.termination) === true;
      if (node?.metadata.deletionTimestamp === undefined || !isOurs) return {};
      return await terminateNode(context, node, reconcile.signal);
    },
  });
}

async function terminateNode(context: ProvisionerContext, node: Node, signal: AbortSignal): Promise<ReconcileResult> {
  const { cache, client, settings } = context;
  const claim = cache.claimOf(node);
  const providerId = node.spec?.providerID ?? "";
  if (claim !== undefined && claim.metadata.deletionTimestamp === undefined)
    await new ClaimWriter(client).delete(claim, signal);
  const again = { requeueAfterMs: settings.intervals.terminationMs };
  if (!isConditionTrue(node.status?.conditions, "Ready") && (await hasVanished(context, providerId, signal))) {
    await removeFinalizer(context, node, signal);
    return {};
  }
  if (await taintDisrupted(context, node, signal)) return again;
  if (!(await isDrained(context, { node, claim }, signal))) return again;
  if (!(await isInstanceGone(context, providerId, signal))) return again;
  await removeFinalizer(context, node, signal);
  return {};
}

/** True if the node had to be changed: the next look sees the newer object. */
async function taintDisrupted({ client }: ProvisionerContext, node: Node, signal: AbortSignal): Promise<boolean> {
  const taints = node.spec?.taints ?? [];
  if (taints.some(({ key }) => key === DISRUPTED_TAINT.key)) return false;
  await client.resource(NODES).patch(
    node.metadata,
    "merge",
    {
      metadata: { resourceVersion: node.metadata.resourceVersion, labels: EXCLUDE_FROM_LOAD_BALANCERS },
      spec: { taints: [...taints, DISRUPTED_TAINT] },
    },
    { signal },
  );
  return true;
}

interface Draining {
  readonly node: Node;
  readonly claim: NodeClaim | undefined;
}

/** One step of the drain; true when the instance may go. */
async function isDrained(
  context: ProvisionerContext,
  { node, claim }: Draining,
  signal: AbortSignal,
): Promise<boolean> {
  const { cache, clock, settings, client } = context;
  const now = clock.now();
  const deadline = claim === undefined ? undefined : terminationDeadline(claim);
  const pods = cache.podsOn(node.metadata.name);
  const plan = planDrain(pods, { now, deadline });
  await drain(context, { node, plan }, signal);
  const heldMs = now.getTime() - Date.parse(node.metadata.deletionTimestamp ?? "");
  const isHeldLongEnough = heldMs >= settings.intervals.drainMinMs;
  const detached = volumesDetached(context, node, pods) || (deadline !== undefined && now >= deadline);
  if (claim !== undefined) {
    const report = (type: string, done: boolean, reason: string) =>
      ({ type, status: done ? "True" : "False", reason: done ? type : reason, message: "" }) as const;
    const reports = [
      report("Drained", plan.drained, "Draining"),
      ...(plan.drained ? [report("VolumesDetached", detached, "AwaitingVolumeDetachment")] : []),
    ];
    await ignoringNotFound(new ClaimWriter(client).status(claim, { reports }, { now, signal }));
  }
  return plan.drained && detached && isHeldLongEnough;
}

/** True when no volume of a drained pod is attached any more; pods that stay to the end keep theirs. */
function volumesDetached({ cache, clock }: ProvisionerContext, node: Node, pods: readonly Pod[]): boolean {
  const attached = cache.volumeAttachments.byIndex("node", node.metadata.name).length;
  const kept = pods
    .filter((pod) => !isDrainable(pod, clock.now()))
    .reduce(
      (sum, pod) =>
        sum + (pod.spec?.volumes ?? []).filter((volume) => volume.persistentVolumeClaim !== undefined).length,
      0,
    );
  return attached <= kept;
}

async function hasVanished({ cloud }: ProvisionerContext, providerId: string, signal: AbortSignal): Promise<boolean> {
  if (providerId === "") return true;
  try {
    await cloud.get(providerId, signal);
    return false;
  } catch (error) {
    if (error instanceof InstanceNotFoundError) return true;
    throw error;
  }
}

async function removeFinalizer({ client, logger }: ProvisionerContext, node: Node, signal: AbortSignal): Promise<void> {
  const finalizers = (node.metadata.finalizers ?? []).filter((name) => name !== FINALIZERS.termination);
  const { resourceVersion } = node.metadata;
  await ignoringNotFound(
    client.resource(NODES).patch(node.metadata, "merge", { metadata: { resourceVersion, finalizers } }, { signal }),
  );
  logger.info("deleted node", { node: node.metadata.name });
}
