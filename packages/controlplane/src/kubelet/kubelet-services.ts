import type { Clock, Logger, Random } from "@nodeless/environment";
import type { KubernetesClient } from "@nodeless/runtime";
import type { BoundedWork } from "./bounded-work.ts";
import type { InProcessImage, KubeletTimings, NodeRegistration } from "./contract.ts";
import type { ImageCache } from "./images.ts";
import type { KubeletEvents } from "./kubelet-events.ts";
import type { NodeResources } from "./node-resources.ts";
import type { StatusWriter } from "./status-writer.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** What all kubelets of the process share. */
export interface KubeletServices {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: KubeletTimings;
  readonly inProcessImages: readonly InProcessImage[];
  readonly wheel: TimerWheel;
  readonly events: KubeletEvents;
  readonly statuses: StatusWriter;
  readonly deletions: BoundedWork;
  /** Ends API calls. */
  readonly signal: AbortSignal;
  /** Code that runs; the host waits for it before it stops. */
  readonly trackInProcess: (exited: Promise<unknown>) => void;
}

/** The node a pod is on. */
export interface PodNode {
  readonly registration: NodeRegistration;
  readonly images: ImageCache;
  readonly resources: NodeResources;
}

/** Hexadecimal identity as container runtimes make them. */
export function newContainerId(random: Random): string {
  return Buffer.from(random.bytes(32)).toString("hex");
}
