import type { NodeClaim, Pod } from "@nodeless/api";
import {
  type ControllerSource,
  informerSource,
  type ReconcileResult,
  runController,
  timestamp,
} from "@nodeless/runtime";
import { ClaimWriter } from "../node-claim/claim-writes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { poolNameOf } from "../state/effective-pools.ts";
import { isBound, isDaemonSetPod, isTerminal, isTerminating } from "../state/pods.ts";
import { judgeConsolidatable } from "./consolidatable.ts";

const CONCURRENCY = 10;

/** Keeps each claim's lastPodEventTime and Consolidatable condition. Drift and expiration belong here too once they are done. */
export async function runClaimDisruptionController(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { cache, clock, logger } = context;
  /** Claims with pod events that are not written yet. */
  const touched = new Set<string>();
  await runController({
    name: "nodeclaim.disruption",
    clock,
    logger,
    signal,
    concurrency: CONCURRENCY,
    sources: [
      informerSource(cache.claims),
      informerSource(cache.nodePools, ({ metadata }) =>
        cache.claimsOfPool(metadata.name).map((claim) => claim.metadata.name),
      ),
      informerSource(cache.provisioners, ({ metadata }) =>
        cache.claimsOfPool(metadata.name).map((claim) => claim.metadata.name),
      ),
      podEventSource(context, touched),
    ],
    async reconcile(key, reconcile) {
      const claim = cache.claims.get(key);
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) {
        touched.delete(key);
        return {};
      }
      return await reconcileClaim(context, { claim, touched }, reconcile.signal);
    },
  });
}

async function reconcileClaim(
  context: ProvisionerContext,
  { claim, touched }: { readonly claim: NodeClaim; readonly touched: Set<string> },
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { cache, client, clock, settings } = context;
  const { name } = claim.metadata;
  const now = clock.now();
  const writer = new ClaimWriter(client);
  let current = claim;
  if (touched.has(name)) {
    const last = Date.parse(claim.status?.lastPodEventTime ?? "");
    const isRecent = now.getTime() - last < settings.intervals.podEventMs;
    if (!isRecent) current = await writer.status(claim, { lastPodEventTime: timestamp(now) }, { now, signal });
    touched.delete(name);
  }
  const pool = cache.pools().byName.get(poolNameOf(current) ?? "")?.pool;
  const judged = pool === undefined ? undefined : judgeConsolidatable(current, pool, now);
  if (judged === undefined) return {};
  await writer.status(current, { reports: [judged.report] }, { now, signal });
  return judged.remainingMs === undefined ? {} : { requeueAfterMs: judged.remainingMs };
}

/** Pods that come (bound) or go (finished, terminating) on a claim's node; daemons do not count, nor does what was there at start. */
function podEventSource({ cache }: ProvisionerContext, touched: Set<string>): ControllerSource {
  return {
    synced: (signal) => cache.pods.synced(signal),
    subscribe(enqueue) {
      const touch = (pod: Pod): void => {
        if (isDaemonSetPod(pod)) return;
        const node = cache.nodes.get(pod.spec?.nodeName ?? "");
        const claim = node === undefined ? undefined : cache.claimOf(node);
        if (claim === undefined) return;
        touched.add(claim.metadata.name);
        enqueue(claim.metadata.name);
      };
      cache.pods.subscribe({
        onUpdate(pod, previous) {
          const came = isBound(pod) && !isBound(previous);
          const went = (isTerminal(pod) && !isTerminal(previous)) || (isTerminating(pod) && !isTerminating(previous));
          if (came || went) touch(pod);
        },
        onDelete: (pod) => {
          if (isBound(pod) && !isTerminating(pod) && !isTerminal(pod)) touch(pod);
        },
      });
    },
  };
}
