import { setImmediate as nextTurn } from "node:timers/promises";
import type { Binding, Pod, PodCondition } from "@nodeless/api";
import { DEFAULT_SCHEDULER, formatObjectKey, PERSISTENT_VOLUME_CLAIMS, PODS } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import {
  createEventRecorder,
  createWakeUp,
  type EventRecorder,
  findCondition,
  isNotFound,
  type KubernetesClient,
  timestamp,
} from "@nodeless/runtime";
import type { SharedInformers } from "../shared-informers.ts";
import { ClusterState } from "./cluster-state.ts";
import { LaterReports } from "./later-reports.ts";
import type { NodeInfo } from "./node-info.ts";
import { SchedulerSources } from "./scheduler-sources.ts";
import { type QueuedPod, SchedulingQueue } from "./scheduling-queue.ts";
import { NodeSelector } from "./select-node.ts";
import { unschedulableMessage } from "./unschedulable-message.ts";
import type { VolumeVerdict } from "./volumes.ts";
import { podsThatFit, rulesOnOtherPods } from "./waiting-rules.ts";

/** Ports of the default scheduler. */
export interface DefaultSchedulerOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the scheduler. Bindings on the way may or may not arrive; the next run sees what became of them. */
  readonly signal: AbortSignal;
  /** The caller's, who may share them with other parts of the control plane. */
  readonly informers: SharedInformers;
  /** Writes on the way at the same time. Default 64. */
  readonly concurrency?: number;
}

/** Enough to hide the latency of a durable write; more only lengthens the server's queue. */
const DEFAULT_CONCURRENCY = 64;
/** Pods decided in one go before other work of the process gets its turn. */
const PODS_PER_TURN = 64;

/**
 * Runs the `default-scheduler`: binds waiting pods to the best node by kube-scheduler's default filters and scores, and says why
 * when there is none. Event-driven; decisions see pods whose bindings are still on the way. It does not preempt.
 * Settles when the signal has fired and every write has ended.
 */
export async function runDefaultScheduler(options: DefaultSchedulerOptions): Promise<void> {
  await new DefaultScheduler(options).run();
}

class DefaultScheduler {
  readonly #options: DefaultSchedulerOptions;
  readonly #state = new ClusterState();
  readonly #wake = createWakeUp();
  readonly #slotFree = createWakeUp();
  readonly #queue: SchedulingQueue;
  readonly #selector: NodeSelector;
  readonly #sources: SchedulerSources;
  readonly #recorder: EventRecorder;
  readonly #logger: Logger;
  readonly #writes = new Set<Promise<void>>();
  readonly #later: LaterReports;

  constructor(options: DefaultSchedulerOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#logger = options.logger.with({ component: DEFAULT_SCHEDULER });
    this.#queue = new SchedulingQueue(clock, () => this.#wake.wake());
    this.#later = new LaterReports(clock, (queued, message) => {
      if (this.#queue.get(queued.key) === queued) this.#report(queued, message);
    });
    this.#selector = new NodeSelector(this.#state);
    this.#recorder = createEventRecorder({ client, clock, logger: this.#logger, component: DEFAULT_SCHEDULER });
    this.#sources = new SchedulerSources(options.informers, {
      state: this.#state,
      queue: this.#queue,
      changes: {
        nodeImproved: (info) => this.#nodeImproved(info),
        podLeft: (nodeName) => this.#podLeft(nodeName),
        podPlaced: () => this.#podPlaced(),
        surroundingsChanged: () => this.#releaseWhere(() => Number.POSITIVE_INFINITY),
      },
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const recording = this.#recorder.run(signal);
    try {
      await this.#sources.synced(signal);
      await this.#schedule(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#queue.shutDown();
      this.#later.shutDown();
      await Promise.allSettled([recording, ...this.#writes]);
    }
  }

  async #schedule(signal: AbortSignal): Promise<void> {
    const { concurrency = DEFAULT_CONCURRENCY } = this.#options;
    for (let decided = 1; !signal.aborted; decided += 1) {
      while (this.#writes.size >= concurrency && !signal.aborted) await this.#slotFree.wait(signal);
      const queued = this.#queue.take();
      if (queued === undefined) await this.#wake.wait(signal);
      else this.#decide(queued);
      if (decided % PODS_PER_TURN === 0) await nextTurn();
    }
  }

  /** One pod, synchronously: the next one sees what this one took. */
  #decide(queued: QueuedPod): void {
    const { shape, key } = queued;
    const volumes = this.#sources.volumes.judge(shape);
    const selection = this.#selector.select(shape, volumes.filter, volumes.podReason);
    if (selection.kind === "unschedulable") {
      this.#queue.park(queued);
      const message = unschedulableMessage(selection.diagnosis, queued.pod.spec.preemptionPolicy);
      const known = unschedulableCondition(queued.pod);
      const isNews = known === undefined && queued.attempts === 1;
      if (isNews || known?.message === message) {
        this.#later.drop(queued);
        this.#report(queued, message);
      } else this.#later.add(queued, message);
      return;
    }
    this.#later.drop(queued);
    this.#state.addPod(key, selection.name, shape);
    this.#podPlaced();
    // Room for one may be room for more pods like it.
    this.#queue.release(shape, 1);
    this.#write(this.#bind(queued, selection.name, volumes));
  }

  async #bind(queued: QueuedPod, nodeName: string, { unbound }: VolumeVerdict): Promise<void> {
    const { client, clock, signal } = this.#options;
    const { pod, key } = queued;
    const { name, namespace = "default", uid } = pod.metadata;
    // The kubelet may have begun by the time the binding's answer is here; the story still begins with this event.
    const at = clock.now();
    try {
      for (const { metadata } of unbound) {
        const patch = { metadata: { annotations: { "volume.kubernetes.io/selected-node": nodeName } } };
        await client.resource(PERSISTENT_VOLUME_CLAIMS).patch(metadata, "merge", patch, { signal });
      }
      const binding: Pick<Binding, "apiVersion" | "kind" | "target"> & { readonly metadata: object } = {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid },
        target: { kind: "Node", name: nodeName },
      };
      await client.resource(PODS).createSubresource({ namespace, name }, "binding", binding, { signal });
    } catch (error) {
      if (!signal.aborted) this.#bindingFailed(queued, nodeName, error);
      return;
    }
    if (this.#queue.get(key) === queued) this.#queue.remove(key);
    this.#recorder.record(pod, {
      type: "Normal",
      reason: "Scheduled",
      message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
      at,
    });
  }

  /** Takes the assumption back, unless the pod turned out to be bound or another pod has its name by now. */
  #bindingFailed(queued: QueuedPod, nodeName: string, error: unknown): void {
    const { key, pod } = queued;
    if (this.#queue.get(key) !== queued) return;
    this.#logger.warn("binding failed", { pod: key, node: nodeName, error });
    const present = this.#sources.pods.get(key);
    if ((present?.spec.nodeName ?? "") === "" && this.#state.nodeOf(key) === nodeName) {
      this.#state.removePod(key);
      this.#podLeft(nodeName);
    }
    if (isNotFound(error) || present?.metadata.uid !== pod.metadata.uid) this.#queue.remove(key);
    else this.#queue.retry(queued);
  }

  #report(queued: QueuedPod, message: string): void {
    const { pod } = queued;
    this.#recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message });
    if (unschedulableCondition(pod)?.message === message) return;
    const known = findCondition(pod.status?.conditions, "PodScheduled");
    this.#write(this.#writeCondition(pod, message, known?.status === "False" ? known.lastTransitionTime : undefined));
  }

  async #writeCondition(pod: Pod, message: string, since: string | undefined): Promise<void> {
    const { client, clock, signal } = this.#options;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: since ?? timestamp(clock.now()),
    };
    try {
      const patch = { status: { conditions: [condition] } };
      await client.resource(PODS).patch(pod.metadata, "strategic", patch, { subresource: "status", signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error)) return;
      this.#logger.warn("cannot report an unschedulable pod", { pod: formatObjectKey(pod.metadata), error });
    }
  }

  #write(writing: Promise<void>): void {
    const tracked = writing.finally(() => {
      this.#writes.delete(tracked);
      this.#slotFree.wake();
    });
    this.#writes.add(tracked);
  }

  #nodeImproved(info: NodeInfo): void {
    // "No nodes available" is not true any more: every waiting pod gets a real reason, or a node.
    if (this.#state.known.length === 1) {
      this.#releaseWhere(() => Number.POSITIVE_INFINITY);
      return;
    }
    this.#releaseWhere((shape) => (this.#selector.mightFit(shape, info) ? podsThatFit(shape, info) : 0));
  }

  #podLeft(nodeName: string): void {
    const info = this.#state.nodes.get(nodeName);
    this.#releaseWhere((shape) =>
      rulesOnOtherPods(shape) || (info !== undefined && this.#selector.mightFit(shape, info)) ? 1 : 0,
    );
  }

  #podPlaced(): void {
    this.#releaseWhere((shape) => (rulesOnOtherPods(shape) ? 1 : 0));
  }

  #releaseWhere(count: (shape: QueuedPod["shape"]) => number): void {
    for (const { shape } of [...this.#queue.waitingShapes()]) this.#queue.release(shape, count(shape));
  }
}

/** What a pod says about why it waits; undefined when it does not say yet that it does. */
function unschedulableCondition(pod: Pod): PodCondition | undefined {
  const condition = findCondition(pod.status?.conditions, "PodScheduled");
  return condition?.status === "False" && condition.reason === "Unschedulable" ? condition : undefined;
}
