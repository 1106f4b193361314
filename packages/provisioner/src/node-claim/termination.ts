import type { NodeClaim } from "@nodeless/api";
import { FINALIZERS, NODES } from "@nodeless/api";
import { InstanceNotFoundError } from "@nodeless/cloud";
import type { ReconcileResult } from "@nodeless/runtime";
import { parseDurationMs } from "../settings/duration.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { type ClaimWriter, ignoringNotFound } from "./claim-writes.ts";

/** Until when a node may drain; written on the claim so that every replica agrees. */
const TERMINATION_TIMESTAMP = "karpenter.sh/nodeclaim-termination-timestamp";

/**
 * Ends a claim that is being deleted: its nodes first (their own finalizer drains them), then the instance, then the finalizer.
 * Every step asks the cloud or the API server again, so a crash at any point resumes (karpenter.md §4.5).
 */
export async function terminateClaim(
  context: ProvisionerContext,
  { claim, writer }: { readonly claim: NodeClaim; readonly writer: ClaimWriter },
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, cache, clock, settings, logger } = context;
  const finalizers = claim.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZERS.termination)) return {};
  const deadline = terminationDeadline(claim);
  if (deadline !== undefined)
    await writer.metadata(claim, { annotations: { [TERMINATION_TIMESTAMP]: deadline.toISOString() } }, signal);
  const nodes = cache.nodesOf(claim);
  for (const node of nodes)
    if (node.metadata.deletionTimestamp === undefined)
      await ignoringNotFound(client.resource(NODES).delete(node.metadata, { uid: node.metadata.uid, signal }));
  if (nodes.length > 0) return { requeueAfterMs: settings.intervals.terminationMs };
  if (!(await isInstanceGone(context, claim.status?.providerID ?? "", signal))) {
    const report = { type: "InstanceTerminating", status: "True", reason: "InstanceTerminating", message: "" };
    await writer.status(claim, { reports: [report] }, { now: clock.now(), signal });
    return { requeueAfterMs: settings.intervals.terminationMs };
  }
  const current = cache.claims.get(claim.metadata.name) ?? claim;
  await writer.finalizers(
    current,
    finalizers.filter((name) => name !== FINALIZERS.termination),
    signal,
  );
  logger.info("deleted nodeclaim", { nodeClaim: claim.metadata.name });
  return {};
}

/** Asks for the end of the instance; true once the cloud no longer knows it, or if there never was one (empty id). */
export async function isInstanceGone(
  { cloud }: Pick<ProvisionerContext, "cloud">,
  providerId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (providerId === "") return true;
  try {
    await cloud.terminate(providerId, signal);
    await cloud.get(providerId, signal);
    return false;
  } catch (error) {
    if (error instanceof InstanceNotFoundError) return true;
    throw error;
  }
}

/** Deletion time + terminationGracePeriod; undefined when the claim waits as long as it takes. */
export function terminationDeadline({ metadata, spec }: NodeClaim): Date | undefined {
  const written = metadata.annotations?.[TERMINATION_TIMESTAMP];
  if (written !== undefined && !Number.isNaN(Date.parse(written))) return new Date(written);
  if (spec.terminationGracePeriod === undefined || metadata.deletionTimestamp === undefined) return undefined;
  return new Date(Date.parse(metadata.deletionTimestamp) + parseDurationMs(spec.terminationGracePeriod));
}
