import { NODE_CLAIMS, NODES } from "@nodeless/api";
import { InstanceNotFoundError } from "@nodeless/cloud";
import type { ProvisionerContext } from "../state/context.ts";
import { ClaimWriter, ignoringNotFound } from "./claim-writes.ts";
import { findGarbage } from "./garbage.ts";

/** Removes what a crash, a failed host or somebody's own hands left on one side only; runs until the signal fires. */
export async function runGarbageCollection(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { clock, settings, logger } = context;
  while (!signal.aborted) {
    try {
      await collectGarbage(context, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.error("garbage collection failed", { error });
    }
    await clock.sleep(settings.intervals.garbageCollectionMs, signal).catch(() => undefined);
  }
}

async function collectGarbage(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { client, cloud, clock, cache, settings, logger } = context;
  // Instances first, then claims from the server itself: a claim written in between is seen, an instance made in between is not judged.
  const instances = await cloud.list(signal);
  const claims = (await client.resource(NODE_CLAIMS).list({ signal })).items;
  const garbage = findGarbage({
    claims,
    instances,
    nodes: cache.nodes.list(),
    now: clock.now(),
    orphanAgeMs: settings.intervals.orphanAgeMs,
  });
  const writer = new ClaimWriter(client);
  for (const claim of garbage.claims) {
    logger.warn("deleting a nodeclaim whose instance vanished", { nodeClaim: claim.metadata.name });
    await writer.delete(claim, signal);
  }
  for (const { providerId } of garbage.instances) {
    logger.warn("terminating an instance without a nodeclaim", { providerId });
    await cloud.terminate(providerId, signal).catch((error: unknown) => {
      if (!(error instanceof InstanceNotFoundError)) throw error;
    });
    for (const node of cache.nodes.byIndex("providerId", providerId))
      await ignoringNotFound(client.resource(NODES).delete(node.metadata, { uid: node.metadata.uid, signal }));
  }
  for (const node of garbage.nodes) {
    logger.warn("deleting a node whose instance vanished", { node: node.metadata.name });
    await ignoringNotFound(client.resource(NODES).delete(node.metadata, { uid: node.metadata.uid, signal }));
  }
}
