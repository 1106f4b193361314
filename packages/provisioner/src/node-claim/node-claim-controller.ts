import type { NodeClaim } from "@nodeless/api";
import { FINALIZERS, LABELS, NODES } from "@nodeless/api";
import {
  informerSource,
  isConditionTrue,
  type ReconcileContext,
  type ReconcileResult,
  runController,
} from "@nodeless/runtime";
import type { ProvisionerContext } from "../state/context.ts";
import { ClaimWriter } from "./claim-writes.ts";
import { judgeExpiration } from "./expiration.ts";
import { planInitialization } from "./initialization.ts";
import { launch } from "./launch.ts";
import { judgeLiveness, type Liveness } from "./liveness.ts";
import { planRegistration, register } from "./registration.ts";
import { terminateClaim } from "./termination.ts";

/** Launches wait for the cloud, so many claims come up side by side; upstream runs a thousand, one process here needs fewer. */
const CONCURRENCY = 50;

/** Takes every NodeClaim from creation to a node that can be relied on, and down again: finalizer → launch → register → initialize. */
export async function runNodeClaimController(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { cache, clock, logger } = context;
  await runController({
    name: "nodeclaim.lifecycle",
    clock,
    logger,
    signal,
    concurrency: CONCURRENCY,
    sources: [
      informerSource(cache.claims),
      informerSource(cache.nodes, (node) =>
        cache.claims.byIndex("providerId", node.spec?.providerID ?? "").map(({ metadata }) => metadata.name),
      ),
    ],
    reconcile: async (key, reconcile) => {
      const claim = cache.claims.get(key);
      return claim === undefined ? {} : await reconcileClaim(context, claim, reconcile);
    },
  });
}

async function reconcileClaim(
  context: ProvisionerContext,
  cached: NodeClaim,
  { signal, logger }: ReconcileContext,
): Promise<ReconcileResult> {
  const { clock, settings } = context;
  const writer = new ClaimWriter(context.client);
  if (cached.metadata.deletionTimestamp !== undefined)
    return await terminateClaim(context, { claim: cached, writer }, signal);
  const finalizers = cached.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZERS.termination)) {
    await writer.finalizers(cached, [...finalizers, FINALIZERS.termination], signal);
    return {};
  }
  const expiration = judgeExpiration(cached, clock.now());
  if (expiration.kind === "expired") return await expire(context, { claim: cached, writer }, signal);
  const liveness = judgeLiveness(cached, settings.intervals, clock.now());
  if (liveness.kind === "dead") {
    logger.warn("gave up a nodeclaim", { reason: liveness.reason });
    return await giveUp(context, { claim: cached, writer, liveness }, signal);
  }
  let claim = cached;
  if ((claim.status?.providerID ?? "") === "") {
    const outcome = await launch(context, { claim, writer }, signal);
    if (outcome.kind === "given-up") return {};
    claim = outcome.claim;
  }
  await advance(context, { claim, writer }, signal);
  const lookAgainMs = Math.min(
    liveness.kind === "waiting" ? liveness.remainingMs : Number.POSITIVE_INFINITY,
    expiration.kind === "later" ? expiration.lookAgainMs : Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(lookAgainMs) ? { requeueAfterMs: lookAgainMs } : {};
}

interface Ending {
  readonly claim: NodeClaim;
  readonly writer: ClaimWriter;
}

async function giveUp(
  { events, requestScheduling }: ProvisionerContext,
  { claim, writer, liveness }: Ending & { readonly liveness: Extract<Liveness, { kind: "dead" }> },
  signal: AbortSignal,
): Promise<ReconcileResult> {
  events.record(claim, {
    type: "Warning",
    reason: "FailedConsistencyCheck",
    message: `NodeClaim ${claim.metadata.name} is deleted: ${liveness.message}`,
  });
  await writer.delete(claim, signal);
  requestScheduling(claim.metadata.uid);
  return {};
}

async function expire(
  { events, logger }: ProvisionerContext,
  { claim, writer }: Ending,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { name } = claim.metadata;
  logger.info("deleting an expired nodeclaim", { nodeClaim: name, expireAfter: claim.spec.expireAfter });
  events.record(claim, {
    type: "Normal",
    reason: "Expired",
    message: `NodeClaim ${name} is deleted: it is older than its expireAfter of ${claim.spec.expireAfter}`,
  });
  await writer.delete(claim, signal);
  return {};
}

/** Registration and initialization of a launched claim, as far as its node has come. */
async function advance(
  context: ProvisionerContext,
  { claim, writer }: { readonly claim: NodeClaim; readonly writer: ClaimWriter },
  signal: AbortSignal,
): Promise<void> {
  const { cache, client, clock } = context;
  if (isConditionTrue(claim.status?.conditions, "Initialized")) return;
  const step = planRegistration(claim, cache.nodesOf(claim));
  const { report, node } = await register(context, { claim, step }, signal);
  const options = { now: clock.now(), signal };
  if (node === undefined) {
    await writer.status(claim, { reports: [report] }, options);
    return;
  }
  const initialized = planInitialization(claim, node);
  if (initialized.status === "True" && node.metadata.labels?.[LABELS.nodeInitialized] !== "true")
    await client
      .resource(NODES)
      .patch(node.metadata, "merge", { metadata: { labels: { [LABELS.nodeInitialized]: "true" } } }, { signal });
  await writer.status(claim, { nodeName: node.metadata.name, reports: [report, initialized] }, options);
}
