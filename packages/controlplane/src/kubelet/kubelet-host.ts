import type { Pod } from "@nodeless/api";
import { PODS } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { aborted, type Informer, type KubernetesClient } from "@nodeless/runtime";
import type { SharedInformers } from "../shared-informers.ts";
import { BoundedWork } from "./bounded-work.ts";
import { followLog, formatLines, type LogLine, type LogPart, selectLines } from "./container-log.ts";
import type { InProcessImage, KubeletHost, KubeletTimings, NodeRegistration } from "./contract.ts";
import { repositoryOf } from "./images.ts";
import { KubeletEvents } from "./kubelet-events.ts";
import type { KubeletServices } from "./kubelet-services.ts";
import { NodeAgent } from "./node-agent.ts";
import { StatusWriter } from "./status-writer.ts";
import { TimerWheel } from "./timer-wheel.ts";

/** What the kubelets of one cluster need. */
export interface KubeletHostOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: KubeletTimings;
  /** The caller's, who may share them with other parts of the control plane; they end after the kubelets. */
  readonly informers: SharedInformers;
  /** Images whose containers run as code in this process; every other image is simulated. First match wins. */
  readonly images: readonly InProcessImage[];
}

/** Deletions under way at once, as for statuses. */
const DELETIONS_MAX = 128;

/** Makes the kubelets' host; nothing happens before `run`, but nodes may be started earlier. */
export function createKubeletHost(options: KubeletHostOptions): KubeletHost {
  return new SimulatedKubelets(options);
}

class SimulatedKubelets implements KubeletHost {
  readonly #options: KubeletHostOptions;
  readonly #pods: Informer<Pod>;
  readonly #agents = new Map<string, NodeAgent>();
  readonly #stop = new AbortController();
  readonly #inProcess = new Set<Promise<unknown>>();
  readonly #services: KubeletServices;
  #running = false;

  constructor(options: KubeletHostOptions) {
    const { client, clock, random, timings, images } = options;
    const logger = options.logger.with({ component: "kubelet" });
    const { signal } = this.#stop;
    const wheel = new TimerWheel(clock);
    const statuses = new StatusWriter({ client, wheel, logger, signal });
    this.#options = options;
    this.#pods = options.informers.of(PODS);
    this.#services = {
      client,
      clock,
      random: random.split("kubelet"),
      logger,
      timings,
      inProcessImages: images,
      wheel,
      statuses,
      events: new KubeletEvents({ client, clock, wheel, logger, signal, isBusy: () => statuses.isBusy }),
      deletions: new BoundedWork(DELETIONS_MAX),
      signal,
      trackInProcess: (exited) => this.#track(exited),
    };
    this.#pods.subscribe({
      onAdd: (pod) => this.#listening(pod)?.observe(pod),
      onUpdate: (pod) => this.#listening(pod)?.observe(pod),
      onDelete: (pod) => this.#listening(pod)?.forget(pod),
    });
  }

  start(node: NodeRegistration): void {
    this.stop(node.name);
    const agent = new NodeAgent(this.#services, node);
    this.#agents.set(node.name, agent);
    if (this.#running) this.#begin(agent);
  }

  stop(nodeName: string): void {
    this.#agents.get(nodeName)?.stop();
    this.#agents.delete(nodeName);
  }

  logs(pod: Pod, containerName: string, part: LogPart = {}): string | undefined {
    const lines = this.#logLines(pod, containerName);
    return lines === undefined ? undefined : formatLines(selectLines(lines, part, this.#options.clock.now()), part);
  }

  async *followLogs(pod: Pod, containerName: string, part: LogPart, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const isRunning = (): boolean => this.#agentOf(pod)?.workerOf(pod)?.isRunning(containerName) === true;
    // Whatever it printed until it ended is still given.
    let ended = false;
    const read = (): readonly LogLine[] | undefined => {
      if (ended) return undefined;
      ended = !isRunning();
      return this.#logLines(pod, containerName) ?? [];
    };
    yield* followLog({ read }, part, {
      clock: this.#options.clock,
      signal: AbortSignal.any([signal, this.#stop.signal]),
    });
  }

  #logLines(pod: Pod, containerName: string): readonly LogLine[] | undefined {
    const { spec, status } = pod;
    const container = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === containerName);
    if (container === undefined) return undefined;
    const image = container.image ?? "";
    const repository = repositoryOf(image);
    if (this.#options.images.some((one) => one.matches(repository)))
      return this.#agentOf(pod)?.workerOf(pod)?.logLines(containerName) ?? [];
    const { state } =
      [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
        ({ name }) => name === containerName,
      ) ?? {};
    const startedAt = state?.running?.startedAt ?? state?.terminated?.startedAt;
    const text = `nodeless: container ${containerName} (image ${image}) is simulated; no process runs, so it prints nothing`;
    return [{ at: startedAt === undefined ? this.#options.clock.now() : new Date(startedAt), text, sequence: 1 }];
  }

  async run(signal: AbortSignal): Promise<void> {
    const { events, wheel, statuses, deletions } = this.#services;
    const stop = (): void => this.#stop.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    this.#running = true;
    for (const agent of this.#agents.values()) this.#begin(agent);
    await aborted(this.#stop.signal);
    signal.removeEventListener("abort", stop);
    this.#running = false;
    wheel.close();
    for (const agent of this.#agents.values()) agent.stop();
    await Promise.all([statuses.settled(), events.settled(), deletions.close(), ...this.#inProcess]);
  }

  #begin(agent: NodeAgent): void {
    agent.start();
    for (const pod of this.#pods.byIndex("node", agent.registration.name)) agent.observe(pod);
  }

  /** What comes before the host runs is looked up when it begins; what comes after it is for nobody. */
  #listening(pod: Pod): NodeAgent | undefined {
    return this.#running ? this.#agentOf(pod) : undefined;
  }

  #agentOf(pod: Pod): NodeAgent | undefined {
    return pod.spec.nodeName === undefined ? undefined : this.#agents.get(pod.spec.nodeName);
  }

  #track(exited: Promise<unknown>): void {
    this.#inProcess.add(exited);
    void exited.finally(() => this.#inProcess.delete(exited));
  }
}
