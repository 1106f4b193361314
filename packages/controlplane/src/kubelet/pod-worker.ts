import type { Pod, PodCondition, PodStatus } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { describeError } from "@nodeless/environment";
import { type KubernetesClient, timestamp } from "@nodeless/runtime";
import type { BoundedWork } from "./bounded-work.ts";
import { ContainerConfigError, resolveEnvironment } from "./container-env.ts";
import { type ContainerRecord, newRecords, recordsFromStatus } from "./containers.ts";
import type { InProcessImage, KubeletTimings, NodeRegistration } from "./contract.ts";
import { CrashBackoff } from "./crash-backoff.ts";
import { formatDuration } from "./durations.ts";
import { type ImageCache, imageSizeBytes, repositoryOf } from "./images.ts";
import { type ContainerExit, InProcessContainer } from "./in-process-container.ts";
import type { KubeletEvents } from "./kubelet-events.ts";
import type { NodeResources } from "./node-resources.ts";
import { deleteFinishedPod } from "./pod-deletion.ts";
import { isFinal, type PodFailure, podPhaseOf, podStatusOf } from "./pod-status.ts";
import { isJobPod, restartsAfter } from "./restart-rules.ts";
import type { StatusSource, StatusWriter } from "./status-writer.ts";
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

/** States that last no longer are not worth a write: readers would hardly see them, and writes are what a start costs. */
const WORTH_A_STATUS_MS = 50;
/** How often a pod without an address asks again. */
const SANDBOX_RETRY_MS = 5_000;
/** How often a container with a missing ConfigMap or Secret looks again, as the kubelet's sync loop does. */
const CONFIG_RETRY_MS = 10_000;
const DEFAULT_GRACE_SECONDS = 30;
/** Exit code of a process ended by SIGTERM. */
const TERMINATED_EXIT_CODE = 143;
/** What a kubelet reports for a container that vanished with the machine's previous life. */
const VANISHED_EXIT_CODE = 255;

/**
 * Runs one pod on one node, as its kubelet would: sandbox, init containers in order, containers, restarts, end. Simulated containers
 * start after the pull and start times and run until they are stopped; those of a Job's pods, and init containers, end with exit code
 * 0 after another `containerStartMs`. Probes are not run: running is ready.
 */
export class PodWorker implements StatusSource {
  readonly #services: KubeletServices;
  readonly #node: PodNode;
  #pod: Pod;
  #records: readonly ContainerRecord[];
  #failure: PodFailure | undefined;
  #ip: string | undefined;
  #ownsIp = false;
  #startTime = "";
  /** Conditions this kubelet wrote last; the informer may lag behind them. */
  #written: readonly PodCondition[] = [];
  #dirty = false;
  #stage: "waiting" | "active" | "finished" | "terminating" | "closed" = "waiting";
  readonly #starting = new Set<ContainerRecord>();
  readonly #backoffs = new Map<string, CrashBackoff>();
  readonly #inProcess = new Map<string, InProcessContainer>();

  constructor(services: KubeletServices, node: PodNode, pod: Pod) {
    this.#services = services;
    this.#node = node;
    this.#pod = pod;
    this.#records = newRecords(pod);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Host-network pods start before the node's network does: the network itself is one of them. */
  get needsNetwork(): boolean {
    return this.#pod.spec.hostNetwork !== true;
  }

  /** Lines of an in-process container; undefined when it is simulated or has not run. */
  logLines(containerName: string): readonly string[] | undefined {
    return this.#inProcess.get(containerName)?.lines;
  }

  /** Begins the pod, or takes up one that an earlier process began. */
  start(): void {
    if (this.#stage !== "waiting") return;
    const { status } = this.#pod;
    this.#stage = "active";
    this.#startTime = status?.startTime ?? this.#now();
    if (isFinal(status?.phase)) {
      this.#records = recordsFromStatus(this.#pod, this.#services.clock.monotonicMs());
      this.#stage = "finished";
    } else if (status?.podIP !== undefined) this.#takeUp(status.podIP);
    else this.#admit();
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.#terminate();
  }

  /** The object changed on the server. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (this.#stage === "closed") return;
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
    else if (pod.spec.readinessGates !== undefined && this.#stage === "active") {
      this.#dirty = true;
      this.#flush();
    }
  }

  /** The object is gone, or the machine: nothing is written any more. */
  close(): void {
    this.#stage = "closed";
    this.#services.statuses.forget(this);
    for (const container of this.#inProcess.values()) container.stop("the container is killed");
    this.#releaseResources();
  }

  statusToWrite(): PodStatus | undefined {
    if (!this.#dirty || this.#stage === "closed") return undefined;
    this.#dirty = false;
    const status = this.#status();
    const before = this.#written;
    this.#written = status.conditions ?? [];
    // A readiness gate is watched on every change of the pod, most of which change nothing here.
    return this.#pod.spec.readinessGates !== undefined &&
      sameConditions(before, this.#written) &&
      isKnown(this.#pod, status)
      ? undefined
      : status;
  }

  statusWasLost(): void {
    this.#dirty = true;
    this.#written = [];
  }

  #status(): PodStatus {
    const own = new Set(this.#written.map(({ type }) => type));
    const foreign = (this.#pod.status?.conditions ?? []).filter(({ type }) => !own.has(type));
    return podStatusOf({
      pod: this.#pod,
      records: this.#records,
      failure: this.#failure,
      podIp: this.#ip,
      hostIp: this.#node.registration.internalIp,
      startTime: this.#startTime,
      conditions: [...this.#written, ...foreign],
      now: this.#now(),
    });
  }

  // Beginning.

  #admit(): void {
    this.#failure = this.#node.resources.admit(this.#pod);
    if (this.#failure === undefined) {
      this.#watchDeadline();
      this.#createSandbox();
      return;
    }
    const { reason, message } = this.#failure;
    this.#event("Warning", reason, message.replace("Pod was rejected: ", ""));
    this.#finish();
  }

  #createSandbox(): void {
    const { registration } = this.#node;
    this.#dirty = true;
    this.#ip = this.needsNetwork ? registration.allocatePodIp(this.#pod) : registration.internalIp;
    this.#ownsIp = this.needsNetwork && this.#ip !== undefined;
    if (this.#ip !== undefined) {
      this.#startNext();
      return;
    }
    this.#event(
      "Warning",
      "FailedCreatePodSandBox",
      `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${this.#hexId()}": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container`,
    );
    this.#step(SANDBOX_RETRY_MS, () => this.#createSandbox());
  }

  /** Takes up a pod that ran when the previous process ended. Simulated containers went on meanwhile; code of ours did not. */
  #takeUp(ip: string): void {
    const { clock } = this.#services;
    this.#node.resources.adopt(this.#pod);
    this.#ip = ip;
    this.#ownsIp = this.needsNetwork;
    if (this.#ownsIp) this.#node.registration.adoptPodIp?.(ip);
    this.#records = recordsFromStatus(this.#pod, clock.monotonicMs());
    for (const record of this.#records) {
      if (record.containerId !== "") this.#node.images.adopt(record.spec.image ?? "");
      if (record.phase.kind === "running") this.#resume(record);
      else if (record.phase.kind === "terminated" && restartsAfter(record, this.#pod, record.phase.exitCode))
        this.#restart(record);
      else if (record.phase.kind === "waiting" && record.last !== undefined) this.#restart(record);
    }
    this.#watchDeadline();
    this.#startNext();
  }

  #resume(record: ContainerRecord): void {
    if (this.#imageOf(record) === undefined) {
      this.#scheduleSimulatedExit(record);
      return;
    }
    this.#end(record, { exitCode: VANISHED_EXIT_CODE }, "Unknown");
    this.#restart(record);
  }

  #watchDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return;
    const elapsedMs = this.#services.clock.now().getTime() - Date.parse(this.#startTime);
    this.#after(activeDeadlineSeconds * 1_000 - elapsedMs, () => {
      this.#failure = {
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline",
      };
      this.#event("Warning", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
      this.#killContainers();
      this.#finish();
    });
  }

  /** Starts the next container whose turn it is; containers of a pod start one after the other. */
  #startNext(): void {
    for (const record of this.#records) {
      if (this.#starting.has(record)) return;
      if (record.phase.kind === "waiting" && record.last === undefined) {
        this.#pull(record);
        return;
      }
      if (record.role === "init" && !(record.phase.kind === "terminated" && record.phase.exitCode === 0)) return;
    }
    this.#flush();
  }

  // One container.

  #pull(record: ContainerRecord): void {
    const { clock, timings } = this.#services;
    const image = record.spec.image ?? "";
    this.#starting.add(record);
    const plan = this.#node.images.plan(image, {
      policy: record.spec.imagePullPolicy ?? "IfNotPresent",
      nowMs: clock.monotonicMs(),
      pullMs: timings.imagePullMs,
    });
    if (plan.pulls) this.#event("Normal", "Pulling", `Pulling image "${image}"`, record);
    this.#step(plan.waitMs, () => {
      const took = formatDuration(plan.waitMs);
      const pulled = plan.pulls
        ? `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${imageSizeBytes(image)} bytes.`
        : `Container image "${image}" already present on machine`;
      this.#event("Normal", "Pulled", pulled, record);
      this.#create(record);
    });
  }

  #create(record: ContainerRecord): void {
    const image = this.#imageOf(record);
    if (image === undefined) this.#startCreated(record, () => this.#scheduleSimulatedExit(record));
    else void this.#createInProcess(record, image);
  }

  async #createInProcess(record: ContainerRecord, image: InProcessImage): Promise<void> {
    const { client, signal } = this.#services;
    const { registration } = this.#node;
    const { spec: container } = record;
    const pod = this.#pod;
    try {
      const env = await resolveEnvironment({
        pod,
        container,
        podIp: this.#ip ?? "",
        hostIp: registration.internalIp,
        nodeAllocatable: registration.allocatable,
        client,
        signal,
      });
      if (this.#stage !== "active") return;
      this.#startCreated(record, () => {
        const previousLines = this.#inProcess.get(container.name)?.lines ?? [];
        const running = new InProcessContainer({ image, pod, container, env, client, previousLines });
        this.#inProcess.set(container.name, running);
        this.#services.trackInProcess(running.exited);
        void running.exited.then((exit) => this.#exited(record, exit));
      });
    } catch (error) {
      if (this.#stage === "active") this.#configFailed(record, error);
    }
  }

  #configFailed(record: ContainerRecord, error: unknown): void {
    const message = describeError(error);
    this.#starting.delete(record);
    record.phase = { kind: "waiting", reason: "CreateContainerConfigError", message };
    this.#event("Warning", "Failed", `Error: ${message}`, record);
    if (!(error instanceof ContainerConfigError))
      this.#services.logger.warn("could not configure a container", { error });
    this.#dirty = true;
    this.#step(CONFIG_RETRY_MS, () => this.#pull(record));
  }

  #startCreated(record: ContainerRecord, run: () => void): void {
    const { clock, timings } = this.#services;
    this.#event("Normal", "Created", `Created container: ${record.spec.name}`, record);
    this.#step(timings.containerStartMs, () => {
      this.#starting.delete(record);
      record.containerId = `simulated://${this.#hexId()}`;
      record.phase = { kind: "running", startedAt: this.#now(), startedMs: clock.monotonicMs() };
      this.#dirty = true;
      this.#event("Normal", "Started", `Started container ${record.spec.name}`, record);
      run();
      this.#startNext();
    });
  }

  #scheduleSimulatedExit(record: ContainerRecord): void {
    const ends = record.role === "init" || (record.role === "app" && isJobPod(this.#pod));
    if (ends) this.#step(this.#services.timings.containerStartMs, () => this.#exited(record, { exitCode: 0 }));
  }

  /** A container ended by itself. */
  #exited(record: ContainerRecord, exit: ContainerExit): void {
    if (this.#stage !== "active" || record.phase.kind !== "running") return;
    const ranMs = this.#services.clock.monotonicMs() - record.phase.startedMs;
    this.#end(record, exit, exit.exitCode === 0 ? "Completed" : "Error");
    if (restartsAfter(record, this.#pod, exit.exitCode)) {
      this.#backOff(record, ranMs);
      return;
    }
    if (isFinal(podPhaseOf({ pod: this.#pod, records: this.#records, failure: this.#failure }))) {
      this.#killContainers();
      this.#finish();
      return;
    }
    this.#startNext();
  }

  #backOff(record: ContainerRecord, ranMs: number): void {
    const { name } = record.spec;
    const backoff = this.#backoffs.get(name) ?? new CrashBackoff();
    this.#backoffs.set(name, backoff);
    const waitMs = backoff.nextMs(ranMs);
    if (waitMs === 0) {
      this.#restart(record);
      return;
    }
    const { namespace, name: podName, uid } = this.#pod.metadata;
    const subject = `failed container=${name} pod=${podName}_${namespace}(${uid})`;
    this.#remember(record);
    const message = `back-off ${formatDuration(waitMs)} restarting ${subject}`;
    record.phase = { kind: "waiting", reason: "CrashLoopBackOff", message };
    this.#event(
      "Warning",
      "BackOff",
      `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`,
      record,
    );
    this.#flush();
    this.#after(waitMs, () => this.#restart(record));
  }

  #restart(record: ContainerRecord): void {
    this.#remember(record);
    record.restartCount += 1;
    this.#dirty = true;
    this.#pull(record);
  }

  #remember(record: ContainerRecord): void {
    if (record.phase.kind === "terminated") record.last = record.phase;
  }

  #end(record: ContainerRecord, { exitCode, message }: ContainerExit, reason: string): void {
    const startedAt = record.phase.kind === "running" ? record.phase.startedAt : this.#now();
    record.phase = {
      kind: "terminated",
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      startedAt,
      finishedAt: this.#now(),
      containerId: record.containerId,
    };
    this.#dirty = true;
  }

  // The end.

  /** The pod has reached its last phase: its sandbox and resources go, the object stays for its owner to read. */
  #finish(): void {
    this.#stage = "finished";
    this.#dirty = true;
    this.#releaseResources();
    this.#flush();
  }

  #terminate(): void {
    const isNew = this.#stage !== "terminating";
    const graceMs = (this.#pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
    const running = this.#records.filter(({ phase }) => phase.kind === "running");
    if (isNew) {
      this.#stage = "terminating";
      for (const record of running) this.#event("Normal", "Killing", `Stopping container ${record.spec.name}`, record);
    }
    for (const container of this.#inProcess.values()) container.stop("the pod is deleted");
    const stopMs = running.length === 0 ? 0 : Math.min(this.#services.timings.containerStopMs, graceMs);
    // A second, shorter deletion sets a second, earlier end; the first one to arrive closes the worker.
    const end = (): void => {
      if (this.#stage === "terminating") this.#remove();
    };
    const inProcess = [...this.#inProcess.values()].map(({ exited }) => exited);
    if (inProcess.length === 0) this.#services.wheel.after(stopMs, end);
    else {
      void Promise.all(inProcess).then(end);
      this.#services.wheel.after(graceMs, end);
    }
  }

  #remove(): void {
    const { deletions, client, wheel, signal, logger } = this.#services;
    this.#killContainers();
    const pod = this.#pod;
    // Only those with a finalizer outlive the deletion, so only their last status is ever read (a Job counts its pods by it).
    const lastStatus = (pod.metadata.finalizers ?? []).length > 0 ? this.#lastStatus() : undefined;
    this.#stage = "closed";
    this.#services.statuses.forget(this);
    this.#releaseResources();
    deletions.add(() => deleteFinishedPod({ client, wheel, signal, logger, deletions }, pod, lastStatus));
  }

  /** A deleted pod ends in a final phase, also one that would have restarted or never started. */
  #lastStatus(): PodStatus {
    const { phase = "Failed", startTime, ...status } = this.#status();
    return { ...status, startTime: startTime || this.#now(), phase: isFinal(phase) ? phase : "Failed" };
  }

  /** Ends everything that runs. Simulated containers obey SIGTERM at once and die of it. */
  #killContainers(): void {
    for (const container of this.#inProcess.values()) container.stop("the pod has ended");
    for (const record of this.#records)
      if (record.phase.kind === "running") this.#end(record, { exitCode: TERMINATED_EXIT_CODE }, "Error");
  }

  #releaseResources(): void {
    this.#node.resources.release(this.#pod);
    if (this.#ownsIp && this.#ip !== undefined) this.#node.registration.releasePodIp(this.#ip);
    this.#ownsIp = false;
  }

  // Small tools.

  #imageOf({ spec }: ContainerRecord): InProcessImage | undefined {
    const repository = repositoryOf(spec.image ?? "");
    return this.#services.inProcessImages.find((image) => image.matches(repository));
  }

  /** Goes on after `ms` unless the pod has ended meanwhile. A state that lasts is reported first. */
  #step(ms: number, next: () => void): void {
    if (ms > WORTH_A_STATUS_MS) this.#flush();
    this.#after(ms, next);
  }

  #after(ms: number, next: () => void): void {
    this.#services.wheel.after(ms, () => {
      if (this.#stage === "active") next();
    });
  }

  #flush(): void {
    if (this.#dirty) this.#services.statuses.enqueue(this);
  }

  #now(): string {
    return timestamp(this.#services.clock.now());
  }

  #hexId(): string {
    return Buffer.from(this.#services.random.bytes(32)).toString("hex");
  }

  #event(type: "Normal" | "Warning", reason: string, message: string, record?: ContainerRecord): void {
    this.#services.events.record({
      subject: this.#pod,
      nodeName: this.#node.registration.name,
      type,
      reason,
      message,
      ...(record === undefined ? {} : { fieldPath: fieldPathOf(record) }),
    });
  }
}

const fieldPathOf = ({ role, spec }: ContainerRecord): string =>
  `spec.${role === "app" ? "containers" : "initContainers"}{${spec.name}}`;

function sameConditions(a: readonly PodCondition[], b: readonly PodCondition[]): boolean {
  return (
    a.length === b.length && a.every((one, index) => one.status === b[index]?.status && one.reason === b[index]?.reason)
  );
}

/** True if the server already has what a status says beyond conditions. */
function isKnown({ status }: Pod, next: PodStatus): boolean {
  return (
    status?.phase === next.phase &&
    JSON.stringify(status?.containerStatuses) === JSON.stringify(next.containerStatuses) &&
    JSON.stringify(status?.initContainerStatuses) === JSON.stringify(next.initContainerStatuses)
  );
}
