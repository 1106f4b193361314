import type { Fresh, Node, Pod, PodSpec, Taint } from "@nodeless/api";
import { NODES, PODS } from "@nodeless/api";
import { runDefaultScheduler, SharedInformers } from "@nodeless/controlplane";
import { seededRandom, silentLogger, systemClock } from "@nodeless/environment";
import { MemoryCluster } from "../../runtime/test/memory-cluster.ts";

export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly unschedulable?: boolean;
}

export function node(name: string, options: NodeOptions = {}): Fresh<Node> {
  const { labels, taints, cpu = "4", memory = "16Gi", pods = "20", unschedulable } = options;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec: {
      ...(taints === undefined ? {} : { taints }),
      ...(unschedulable === undefined ? {} : { unschedulable }),
    },
    status: { allocatable: { cpu, memory, pods } },
  };
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpu?: string;
  readonly hostPort?: number;
  readonly spec?: Partial<PodSpec>;
}

export function pod(name: string, { labels, cpu = "1", hostPort, spec }: PodOptions = {}): Fresh<Pod> {
  const ports = hostPort === undefined ? {} : { ports: [{ containerPort: hostPort, hostPort }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", ...(labels === undefined ? {} : { labels }) },
    spec: { containers: [{ name: "main", image: "nginx", resources: { requests: { cpu } }, ...ports }], ...spec },
    status: { phase: "Pending" },
  };
}

export const FARGATE_TAINT: Taint = {
  key: "eks.amazonaws.com/compute-type",
  value: "fargate",
  effect: "NoSchedule",
};

/** A cluster in memory with the default scheduler running against it. */
export class SchedulerBed {
  readonly cluster: MemoryCluster = new MemoryCluster();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  async nodes(...nodes: readonly Fresh<Node>[]): Promise<void> {
    for (const one of nodes) await this.cluster.resource(NODES).create(one);
  }

  async pods(...pods: readonly Fresh<Pod>[]): Promise<void> {
    for (const one of pods) await this.cluster.resource(PODS).create(one);
  }

  start(concurrency?: number): void {
    const ports = {
      client: this.cluster,
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger,
      signal: this.#stop.signal,
    };
    const informers = new SharedInformers(ports);
    const scheduler = runDefaultScheduler({
      ...ports,
      informers,
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    this.#running = scheduler.finally(() => informers.stopped());
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    await this.#running;
  }

  nodeOf(name: string): string | undefined {
    return this.cluster.pod(name)?.spec.nodeName;
  }

  /** Message of the pod's PodScheduled condition while it is False. */
  refusal(name: string): string | undefined {
    const condition = this.cluster.pod(name)?.status?.conditions?.find(({ type }) => type === "PodScheduled");
    return condition?.status === "False" ? condition.message : undefined;
  }

  /** Waits until every named pod is bound or refused. */
  async decided(...names: readonly string[]): Promise<void> {
    await this.until(() => names.every((name) => this.nodeOf(name) !== undefined || this.refusal(name) !== undefined));
  }

  async until(condition: () => boolean): Promise<void> {
    const pods = this.cluster.resource(PODS).watch({ resourceVersion: "0", signal: AbortSignal.timeout(10_000) });
    if (condition()) return;
    for await (const _ of pods) if (condition()) return;
    throw new Error("the condition did not come true within 10 s");
  }
}
