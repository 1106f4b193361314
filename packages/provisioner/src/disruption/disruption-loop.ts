import { NODES, PODS } from "@nodeless/api";
import { isNotFound } from "@nodeless/runtime";
import { DISRUPTED_TAINT } from "../node/drain-plan.ts";
import { ClaimWriter } from "../node-claim/claim-writes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { poolNameOf } from "../state/effective-pools.ts";
import { isReschedulable } from "../state/pods.ts";
import { type DisruptionNode, planEmptiness } from "./emptiness-plan.ts";

/** Source: karpenter.md §6.5. */
const BLOCKED_DEDUPE_MS = 120_000;

/** Looks for nodes to remove, for ever. Only emptiness so far: drift and consolidation come after it in the same place. */
export async function runDisruptionLoop(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { clock, settings, logger } = context;
  while (!signal.aborted) {
    await clock.sleep(settings.intervals.disruptionMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await removeStaleTaints(context, signal);
      await disruptEmpty(context, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.error("disruption failed", { error });
    }
  }
}

/** Chooses, waits, and removes what is still to be chosen then: a pod on its way has time to arrive (karpenter.md §4.10). */
async function disruptEmpty(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { clock, settings, events } = context;
  const { remove, blocked } = planEmptiness(disruptionNodes(context), clock.now());
  for (const { target, reason } of blocked)
    for (const object of [target.node, target.claim])
      events.record(object, {
        type: "Normal",
        reason: "DisruptionBlocked",
        message: `Cannot disrupt: ${reason}`,
        dedupeMs: BLOCKED_DEDUPE_MS,
      });
  if (remove.length === 0) return;
  await clock.sleep(settings.intervals.disruptionValidationMs, signal);
  const chosen = new Set(remove.map(({ claim }) => claim.metadata.uid));
  const still = planEmptiness(disruptionNodes(context), clock.now()).remove;
  for (const target of still) if (chosen.has(target.claim.metadata.uid)) await removeNode(context, target, signal);
}

/** Taint first, then look at the server itself: after the taint no pod can arrive, so an empty node stays empty. */
async function removeNode(
  context: ProvisionerContext,
  { node, claim }: DisruptionNode,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, events, logger } = context;
  if (!(await setTaint(context, node.metadata.name, { present: true }, signal))) return;
  const pods = await client.resource(PODS).list({ fieldSelector: `spec.nodeName=${node.metadata.name}`, signal });
  if (pods.items.some(isReschedulable)) {
    await setTaint(context, node.metadata.name, { present: false }, signal);
    return;
  }
  const writer = new ClaimWriter(client);
  const report = { type: "DisruptionReason", status: "True", reason: "Empty", message: "no pod is left on the node" };
  const marked = await writer.status(claim, { reports: [report] }, { now: clock.now(), signal });
  for (const object of [node, claim])
    events.record(object, {
      type: "Normal",
      reason: "DisruptionTerminating",
      message: `Disrupting ${object.kind}: Empty`,
    });
  logger.info("removing an empty node", { node: node.metadata.name, nodeClaim: claim.metadata.name });
  await writer.delete(marked, signal);
}

/** Reads the node from the server, so that the change is guarded by its newest version; false if it is gone. */
async function setTaint(
  { client }: ProvisionerContext,
  nodeName: string,
  { present }: { readonly present: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const nodes = client.resource(NODES);
  const node = await nodes.find({ name: nodeName }, { signal });
  if (node === undefined) return false;
  const others = (node.spec?.taints ?? []).filter(({ key }) => key !== DISRUPTED_TAINT.key);
  const taints = present ? [...others, DISRUPTED_TAINT] : others;
  const patch = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
  try {
    await nodes.patch(node.metadata, "merge", patch, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Taints that a crash left between the taint and the deletion; otherwise such a node would stay closed for ever. */
async function removeStaleTaints(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  for (const { node, claim } of disruptionNodes(context)) {
    const isTainted = node.spec?.taints?.some(({ key }) => key === DISRUPTED_TAINT.key) === true;
    const isGoing = node.metadata.deletionTimestamp !== undefined || claim.metadata.deletionTimestamp !== undefined;
    if (isTainted && !isGoing) await setTaint(context, node.metadata.name, { present: false }, signal);
  }
}

function disruptionNodes({ cache, nominations }: ProvisionerContext): readonly DisruptionNode[] {
  const pools = cache.pools().byName;
  return cache.claims.list().flatMap((claim): readonly DisruptionNode[] => {
    const [node] = cache.nodesOf(claim);
    const pool = pools.get(poolNameOf(claim) ?? "")?.pool;
    if (node === undefined || pool === undefined) return [];
    const nominated = nominations.has(claim.metadata.name);
    return [{ claim, node, pods: cache.podsOn(node.metadata.name), pool, nominated }];
  });
}
