import type { NodeClaim } from "@nodeless/api";
import {
  CloudError,
  type CloudInstance,
  InsufficientCapacityError,
  NodeClassNotReadyError,
  type OfferingKey,
} from "@nodeless/cloud";
import { describeError } from "@nodeless/environment";
import type { InstanceType } from "@nodeless/scheduling";
import type { ProvisionerContext } from "../state/context.ts";
import { type ClaimWriter, satisfied, unknown } from "./claim-writes.ts";
import { launchedAmounts, launchedLabels, launchRequest } from "./launch-request.ts";

/** What a launch attempt came to. */
export type LaunchOutcome =
  | { readonly kind: "launched"; readonly claim: NodeClaim }
  /** The claim was deleted; its pods are planned again. */
  | { readonly kind: "given-up" };

/**
 * Launches the claim's instance once: the cloud takes the claim's UID for idempotency token, so a crash before the status is written does
 * no harm. No capacity and an unready class give the claim up; everything else is shown as a condition and rethrown for a retry
 * (karpenter.md §4.1).
 */
export async function launch(
  context: ProvisionerContext,
  { claim, writer }: { readonly claim: NodeClaim; readonly writer: ClaimWriter },
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { cloud, offerings, clock, logger } = context;
  try {
    const catalog = offerings.applyTo(await cloud.instanceTypes(claim.spec.nodeClassRef.name, signal));
    const request = launchRequest(claim, catalog);
    if (request.instanceTypes.length === 0)
      throw new InsufficientCapacityError([], { message: "no allowed offering is available" });
    const instance = await cloud.launch(request, signal);
    logger.info("launched", {
      nodeClaim: claim.metadata.name,
      instance: instance.instanceId,
      type: instance.instanceType,
      zone: instance.zone,
    });
    return {
      kind: "launched",
      claim: await recordLaunch({ claim, writer, instance, catalog }, { now: clock.now(), signal }),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof InsufficientCapacityError) return await giveUp(context, { claim, writer, error }, signal);
    if (error instanceof NodeClassNotReadyError) return await giveUp(context, { claim, writer, error }, signal);
    const reason = error instanceof CloudError ? error.reason : "LaunchFailed";
    const report = unknown("Launched", reason, describeError(error));
    await writer.status(claim, { reports: [report] }, { now: clock.now(), signal });
    throw error;
  }
}

interface Launched {
  readonly claim: NodeClaim;
  readonly writer: ClaimWriter;
  readonly instance: CloudInstance;
  readonly catalog: readonly InstanceType[];
}

async function recordLaunch(
  { claim, writer, instance, catalog }: Launched,
  options: { readonly now: Date; readonly signal: AbortSignal },
): Promise<NodeClaim> {
  const type = catalog.find(({ name }) => name === instance.instanceType);
  const labelled = await writer.metadata(claim, { labels: launchedLabels(instance, type) }, options.signal);
  return await writer.status(
    labelled,
    {
      providerID: instance.providerId,
      imageID: instance.imageId,
      ...launchedAmounts(type),
      reports: [satisfied("Launched")],
    },
    options,
  );
}

interface Failure {
  readonly claim: NodeClaim;
  readonly writer: ClaimWriter;
  readonly error: InsufficientCapacityError | NodeClassNotReadyError;
}

async function giveUp(
  context: ProvisionerContext,
  { claim, writer, error }: Failure,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { events, logger } = context;
  const isCapacity = error instanceof InsufficientCapacityError;
  if (isCapacity) for (const offering of error.offerings) context.offerings.mark(offering satisfies OfferingKey);
  events.record(claim, {
    type: "Warning",
    reason: isCapacity ? "InsufficientCapacityError" : "NodeClassNotReady",
    message: `NodeClaim ${claim.metadata.name} event: ${error.message}`,
  });
  logger.warn("gave up a nodeclaim", { nodeClaim: claim.metadata.name, error });
  await writer.delete(claim, signal);
  context.requestScheduling(claim.metadata.uid);
  return { kind: "given-up" };
}
