import type { Clock, Logger, Random } from "@nodeless/environment";
import { createEventRecorder, type EventRecorder, type KubernetesClient, runController } from "@nodeless/runtime";
import type { BuiltInController, ControllerContext } from "./controller-context.ts";
import { type ControllerSettings, DEFAULT_CONTROLLER_SETTINGS } from "./controller-settings.ts";
import { runCronJobController } from "./cronjob/cron-job-controller.ts";
import { runDaemonSetController } from "./daemonset/daemon-set-controller.ts";
import { runDeploymentController } from "./deployment/deployment-controller.ts";
import { runDisruptionController } from "./disruption/disruption-controller.ts";
import { runEndpointsController } from "./endpoints/endpoints-controller.ts";
import { runGarbageCollector } from "./garbage-collector/garbage-collector.ts";
import { runJobController } from "./job/job-controller.ts";
import { runTtlAfterFinishedController } from "./job/ttl-after-finished-controller.ts";
import { runNamespaceController } from "./namespace/namespace-controller.ts";
import { runNodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.ts";
import { runTaintEvictionController } from "./node-lifecycle/taint-eviction-controller.ts";
import { runPodGcController } from "./pod-gc/pod-gc-controller.ts";
import { runReplicaSetController } from "./replicaset/replica-set-controller.ts";
import { runServiceAccountController } from "./serviceaccount/service-account-controller.ts";
import type { SharedInformers } from "./shared-informers.ts";
import { runStatefulSetController } from "./statefulset/stateful-set-controller.ts";

/** Ports and settings of the built-in controllers. */
export interface RunControllersOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The caller's, who may share them with other parts of the control plane. */
  readonly informers: SharedInformers;
  /** Ends all controllers. What is half done is taken up by the next run: all state is in the API. */
  readonly signal: AbortSignal;
  /** Missing fields take {@link DEFAULT_CONTROLLER_SETTINGS}. */
  readonly settings?: Partial<ControllerSettings>;
}

const CONTROLLERS: readonly BuiltInController[] = [
  runDeploymentController,
  runReplicaSetController,
  runDaemonSetController,
  runNodeLifecycleController,
  runTaintEvictionController,
  runPodGcController,
  runStatefulSetController,
  runJobController,
  runTtlAfterFinishedController,
  runCronJobController,
  runEndpointsController,
  runDisruptionController,
  runGarbageCollector,
  runNamespaceController,
  runServiceAccountController,
];

/**
 * Runs every built-in controller over shared informers, as kube-controller-manager does. Settles when the signal has fired and
 * all of them have stopped; rejects only if a controller breaks (a bug).
 */
export async function runControllers(options: RunControllersOptions): Promise<void> {
  const { client, clock, random, logger, informers, signal } = options;
  // One broken controller stops the others, so that the caller learns about it.
  const stop = new AbortController();
  const ports = { client, clock, random, logger, signal: AbortSignal.any([signal, stop.signal]) };
  const recorders: Promise<void>[] = [];
  const context: ControllerContext = {
    ...ports,
    settings: { ...DEFAULT_CONTROLLER_SETTINGS, ...options.settings },
    informers,
    recorder(component: string): EventRecorder {
      const recorder = createEventRecorder({ client, clock, logger, component });
      recorders.push(recorder.run(ports.signal));
      return recorder;
    },
    run: (controller) => runController({ concurrency: 5, ...controller, clock, logger, signal: ports.signal }),
  };
  const running = CONTROLLERS.map((controller) => controller(context));
  try {
    await Promise.all(running);
  } finally {
    stop.abort(new Error("a controller ended"));
    await Promise.allSettled([...running, ...recorders]);
  }
}
