import type { Container, Pod, Taint } from "@nodeless/api";
import type { LogPart } from "./container-log.ts";

/** A machine that joins the cluster: what its kubelet would report. */
export interface NodeRegistration {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly providerId: string;
  readonly internalIp: string;
  /** Hostname address; often the private DNS name. */
  readonly hostname: string;
  /** Kubernetes quantities. */
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly containerRuntimeVersion: string;
  readonly architecture: "amd64" | "arm64";
  /** An address for a pod on this node; host-network pods get `internalIp`. Undefined when the subnet is full. */
  allocatePodIp(pod: Pod): string | undefined;
  releasePodIp(ip: string): void;
  /** After a restart of this process: the address belongs to a pod that still runs, so it must not be given out again. */
  adoptPodIp?(ip: string): void;
}

/**
 * Runs the simulated kubelets of all machines of one cluster with one pod informer: registers nodes, renews leases, moves pods through
 * ContainerCreating → Running → termination, and answers logs. Image pull and start times come from {@link KubeletTimings} and the clock.
 */
export interface KubeletHost {
  /** Registers the node (or takes up an existing Node object of that name after a restart) and starts serving its pods. */
  start(node: NodeRegistration): void;
  /** The machine is gone: no more heartbeats; in-process containers stop. The Node object stays, as in reality. */
  stop(nodeName: string): void;
  /** Text of `kubectl logs`: says plainly that the container is simulated, or the lines of an in-process container. Undefined: no such container. */
  logs(pod: Pod, containerName: string, part?: LogPart): string | undefined;
  /** The same, and what is printed from then on: ends when the container ends or is gone, or the signal fires. */
  followLogs(pod: Pod, containerName: string, part: LogPart, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Runs until the signal fires; settles when everything has stopped. */
  run(signal: AbortSignal): Promise<void>;
}

/** How long things take, in milliseconds. */
export interface KubeletTimings {
  /** Kubelet start to node Ready. */
  readonly nodeReadyMs: number;
  readonly imagePullMs: number;
  readonly containerStartMs: number;
  /** From a pod's deletion to its removal, capped by its grace period. */
  readonly containerStopMs: number;
  readonly leaseRenewMs: number;
}

/** What a container that runs in this process gets: what a real one would find in its environment. */
export interface ContainerContext {
  readonly pod: Pod;
  readonly container: Container;
  /** Literal values, `valueFrom.fieldRef`, and configMap/secret references resolved. */
  readonly env: ReadonlyMap<string, string>;
  /** A fresh token for the pod's service account with this audience (the projected volume's content). */
  serviceAccountToken(audience: string): Promise<string>;
  /** Lines for `kubectl logs`. */
  log(line: string): void;
  /** Fires when the container must stop. */
  readonly signal: AbortSignal;
}

/** An image whose containers run as code in this process. */
export interface InProcessImage {
  /** True for images this entry runs, by repository name without tag or digest. */
  matches(image: string): boolean;
  /** Runs until the signal fires. A rejection is a crash: the kubelet restarts it with backoff (CrashLoopBackOff). */
  run(context: ContainerContext): Promise<void>;
}
