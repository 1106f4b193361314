import type { Clock, Logger, Random } from "@nodeless/environment";
import type { ControllerSource, EventRecorder, KubernetesClient, Reconcile } from "@nodeless/runtime";
import type { ControllerSettings } from "./controller-settings.ts";
import type { SharedInformers } from "./shared-informers.ts";

/** What every built-in controller is given. */
export interface ControllerContext {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly settings: ControllerSettings;
  readonly informers: SharedInformers;
  /** A recorder whose events show `component` as their source; it runs as long as the controllers. */
  recorder(component: string): EventRecorder;
  /** Runs a controller until the signal fires. */
  run(controller: ControllerDefinition): Promise<void>;
}

/** A controller: what wakes it and what it does. */
export interface ControllerDefinition {
  /** Shown in logs, as kube-controller-manager names it, e.g. `deployment-controller`. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly sources: readonly ControllerSource[];
  /** Keys worked on at the same time. Default 5, as upstream's --concurrent-*-syncs. */
  readonly concurrency?: number;
}

/** A built-in controller: starts nothing until called, settles when the context's signal has fired and its work has ended. */
export type BuiltInController = (context: ControllerContext) => Promise<void>;
