import type { CloudProvider } from "@nodeless/cloud";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { createEventRecorder, type KubernetesClient, runLeaderElection } from "@nodeless/runtime";
import { runClaimDisruptionController } from "./disruption/claim-disruption-controller.ts";
import { runDisruptionLoop } from "./disruption/disruption-loop.ts";
import { runNodeTerminationController } from "./node/node-termination-controller.ts";
import { runGarbageCollection } from "./node-claim/garbage-collection.ts";
import { runNodeClaimController } from "./node-claim/node-claim-controller.ts";
import { resolveNodeClasses, runNodeClassController } from "./node-class/node-class-controller.ts";
import { runNodePoolController } from "./node-pool/node-pool-controller.ts";
import { Batcher } from "./provisioning/batcher.ts";
import { ProvisioningLoop } from "./provisioning/provisioning-loop.ts";
import type { ProvisionerSettings } from "./settings/settings.ts";
import { ClusterCache } from "./state/cluster-cache.ts";
import type { ProvisionerContext } from "./state/context.ts";
import { ExpiringKeys } from "./state/expiring-keys.ts";
import { TemplateReadiness } from "./state/template-readiness.ts";
import { UnavailableOfferings } from "./state/unavailable-offerings.ts";

/** Everything a provisioner process is given. */
export interface ProvisionerOptions {
  readonly client: KubernetesClient;
  readonly cloud: CloudProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: ProvisionerSettings;
  /** Unique per replica, e.g. the pod's name; holds the lease. */
  readonly identity: string;
  readonly signal: AbortSignal;
}

/**
 * Runs the provisioner until the signal fires: seeks leadership, and while leading runs every controller. Settles when all of them have
 * stopped and the lease is released. Rejects when a controller fails for good. All state is in the API server and the cloud, so another
 * replica goes on where this one stopped.
 */
export async function runProvisioner(options: ProvisionerOptions): Promise<void> {
  const { client, clock, logger, settings, identity, signal } = options;
  const { enabled, ...lease } = settings.leaderElection;
  if (!enabled) return await runControllers(options, signal);
  // What `kubectl logs` of a standby replica shows.
  logger.info("waiting for the leader election lease", { lease: lease.leaseName, identity });
  await runLeaderElection({
    client,
    clock,
    logger,
    ...lease,
    identity,
    signal,
    onStartedLeading: (leading) => runControllers(options, leading),
  });
}

/** A nominated node is safe from disruption for this long. Source: karpenter.md §3.10. */
const NOMINATION_MS_MIN = 10_000;

async function runControllers(options: ProvisionerOptions, outer: AbortSignal): Promise<void> {
  const { client, cloud, clock, random, logger, settings } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const batcher = new Batcher({ clock, idleMs: settings.batchIdleMs, maxMs: settings.batchMaxMs });
  const { defaultInstanceProfile } = settings;
  const context: ProvisionerContext = {
    client,
    cloud,
    clock,
    random,
    logger,
    settings,
    cache: new ClusterCache({ client, clock, random, logger, defaultInstanceProfile }),
    events: createEventRecorder({ client, clock, logger, component: "karpenter" }),
    nominations: new ExpiringKeys({ clock, durationMs: Math.max(2 * settings.batchMaxMs, NOMINATION_MS_MIN) }),
    offerings: new UnavailableOfferings({ clock, durationMs: settings.intervals.unavailableOfferingMs }),
    templates: new TemplateReadiness(),
    requestScheduling: (uid) => batcher.trigger(uid),
  };
  await Promise.all(
    [context.cache.run(signal), context.events.run(signal), runSynced(context, batcher, { signal, failed })].map(
      (work) => stopAllOnFailure(work, { signal, failed }),
    ),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
}

interface Fate {
  readonly signal: AbortSignal;
  /** Aborts `signal`, with the error as its reason. */
  readonly failed: AbortController;
}

/** Half a provisioner must not go on: one that fails stops all. Never rejects, so that whoever awaits all finds all of them stopped. */
async function stopAllOnFailure(work: Promise<void>, { signal, failed }: Fate): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted) failed.abort(error);
  }
}

async function runSynced(context: ProvisionerContext, batcher: Batcher, fate: Fate): Promise<void> {
  const { signal } = fate;
  await context.cache.synced(signal);
  await resolveNodeClasses(context, signal);
  context.logger.info("provisioner started", { cluster: context.settings.clusterName });
  const controllers = [
    runNodeClassController(context, signal),
    runNodePoolController(context, signal),
    runNodeClaimController(context, signal),
    runNodeTerminationController(context, signal),
    runClaimDisruptionController(context, signal),
    runGarbageCollection(context, signal),
    runDisruptionLoop(context, signal),
    new ProvisioningLoop(context, batcher).run(signal),
  ];
  await Promise.all(controllers.map((controller) => stopAllOnFailure(controller, fate)));
}
