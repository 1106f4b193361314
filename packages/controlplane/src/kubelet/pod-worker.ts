import type { Pod, PodCondition, PodStatus } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import type { LogLine } from "./container-log.ts";
import { type ContainerPod, ContainerRunner } from "./container-runner.ts";
import { type ContainerRecord, isInitialized, newRecords, recordsFromStatus } from "./containers.ts";
import { type KubeletServices, newContainerId, type PodNode } from "./kubelet-services.ts";
import { deleteFinishedPod } from "./pod-deletion.ts";
import {
  isFinal,
  isReported,
  type PodFailure,
  type PodStatusPatch,
  podPhaseOf,
  podStatusOf,
  statusPatchOf,
} from "./pod-status.ts";
import type { StatusSource } from "./status-writer.ts";

/** States that last no longer are not worth a write: readers would hardly see them, and writes are what a start costs. */
const WORTH_A_STATUS_MS = 50;
/** How often a pod without an address asks again. */
const SANDBOX_RETRY_MS = 5_000;
const DEFAULT_GRACE_SECONDS = 30;

/**
 * Runs one pod on one node, as its kubelet would: admission, sandbox, init containers in order, containers, end. Simulated containers
 * start after the pull and start times and run until they are stopped; init containers, and those of pods that are not restarted always, end with
 * exit code 0 after another `containerStartMs`. Probes are not run: running is ready.
 */
export class PodWorker implements StatusSource, ContainerPod {
  readonly #services: KubeletServices;
  readonly #node: PodNode;
  #pod: Pod;
  #runners: readonly ContainerRunner[];
  #failure: PodFailure | undefined;
  #ip: string | undefined;
  #ownsIp = false;
  #startTime = "";
  /** Conditions this kubelet wrote last; the informer may lag behind them. */
  #written: readonly PodCondition[] = [];
  #dirty = false;
  #stage: "waiting" | "active" | "finished" | "terminating" | "closed" = "waiting";

  constructor(services: KubeletServices, node: PodNode, pod: Pod) {
    this.#services = services;
    this.#node = node;
    this.#pod = pod;
    this.#runners = this.#runnersFor(newRecords(pod));
  }

  get pod(): Pod {
    return this.#pod;
  }

  get podIp(): string {
    return this.#ip ?? "";
  }

  get isActive(): boolean {
    return this.#stage === "active";
  }

  /** Host-network pods start before the node's network does: the network itself is one of them. */
  get needsNetwork(): boolean {
    return this.#pod.spec.hostNetwork !== true;
  }

  /** Lines of an in-process container; undefined when it is simulated or has not run. */
  logLines(containerName: string): readonly LogLine[] | undefined {
    return this.#runners.find(({ record }) => record.spec.name === containerName)?.logLines;
  }

  /** True while the container runs, also while the pod is being ended. */
  isRunning(containerName: string): boolean {
    return (
      this.#stage !== "closed" &&
      this.#records.some(({ spec, phase }) => spec.name === containerName && phase.kind === "running")
    );
  }

  /** Begins the pod, or takes up one that an earlier process began. */
  start(): void {
    if (this.#stage !== "waiting") return;
    const { status } = this.#pod;
    this.#stage = "active";
    this.#startTime = status?.startTime ?? this.#now();
    if (isFinal(status?.phase)) {
      this.#runners = this.#runnersFor(recordsFromStatus(this.#pod, this.#services.clock.monotonicMs()));
      this.#stage = "finished";
    } else if (status?.podIP !== undefined) this.#takeUp(status.podIP);
    else this.#admit();
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.#terminate();
  }

  /** The object changed on the server. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (this.#stage === "closed") return;
    if (pod.metadata.deletionTimestamp === undefined) this.#followImages();
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
    else if (pod.spec.readinessGates !== undefined && this.isActive) {
      this.#dirty = true;
      this.flush();
    }
  }

  #followImages(): void {
    const { containers, initContainers = [] } = this.#pod.spec;
    for (const runner of this.#runners) {
      const { name } = runner.record.spec;
      const spec = [...containers, ...initContainers].find((container) => container.name === name);
      if (spec !== undefined) runner.changeTo(spec);
    }
  }

  /** The object is gone, or the machine: nothing is written any more. */
  close(): void {
    this.#stage = "closed";
    this.#services.statuses.forget(this);
    for (const runner of this.#runners) runner.stop("the container is killed");
    this.#releaseResources();
  }

  // What the status writer asks.

  statusToWrite(): PodStatusPatch | undefined {
    if (!this.#dirty || this.#stage === "closed") return undefined;
    this.#dirty = false;
    const known = this.#knownConditions();
    const status = this.#status();
    const before = this.#written;
    this.#written = status.conditions ?? [];
    // A readiness gate makes us look at every change of the pod, and most of them (our own writes!) change nothing here.
    const answersItself = this.#pod.spec.readinessGates !== undefined && isReported(this.#pod, before, status);
    return answersItself ? undefined : statusPatchOf(status, known);
  }

  statusWasLost(): void {
    this.#dirty = true;
    this.#written = [];
  }

  /** Our own as written last, everybody else's as the informer has them. */
  #knownConditions(): readonly PodCondition[] {
    const own = new Set(this.#written.map(({ type }) => type));
    const foreign = (this.#pod.status?.conditions ?? []).filter(({ type }) => !own.has(type));
    return [...this.#written, ...foreign];
  }

  #status(): PodStatus {
    return podStatusOf({
      pod: this.#pod,
      records: this.#records,
      failure: this.#failure,
      podIp: this.#ip,
      hostIp: this.#node.registration.internalIp,
      startTime: this.#startTime,
      conditions: this.#knownConditions(),
      now: this.#now(),
    });
  }

  // What the containers ask.

  changed(): void {
    this.#dirty = true;
  }

  flush(): void {
    if (this.#dirty) this.#services.statuses.enqueue(this);
  }

  step(ms: number, next: () => void): void {
    if (ms > WORTH_A_STATUS_MS && this.#dirty) this.#services.statuses.enqueueInterim(this);
    this.#after(ms, next);
  }

  event(type: "Normal" | "Warning", reason: string, message: string, record?: ContainerRecord): void {
    this.#services.events.record({
      subject: this.#pod,
      nodeName: this.#node.registration.name,
      type,
      reason,
      message,
      ...(record === undefined ? {} : { fieldPath: fieldPathOf(record) }),
    });
  }

  /** Starts the next container whose turn it is; containers of a pod start one after the other. */
  started(): void {
    for (const runner of this.#runners) {
      if (runner.isStarting) return;
      const { phase, last, role } = runner.record;
      if (phase.kind === "waiting" && last === undefined) {
        runner.start();
        return;
      }
      if (role === "init" && !isInitialized(runner.record)) return;
    }
    this.flush();
  }

  ended(): void {
    if (!isFinal(podPhaseOf({ pod: this.#pod, records: this.#records, failure: this.#failure }))) {
      this.started();
      return;
    }
    for (const runner of this.#runners) runner.kill();
    this.#finish();
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
    this.event("Warning", reason, message.replace("Pod was rejected: ", ""));
    this.#finish();
  }

  #createSandbox(): void {
    const { registration } = this.#node;
    this.#dirty = true;
    this.#ip = this.needsNetwork ? registration.allocatePodIp(this.#pod) : registration.internalIp;
    this.#ownsIp = this.needsNetwork && this.#ip !== undefined;
    if (this.#ip !== undefined) {
      this.started();
      return;
    }
    const sandbox = newContainerId(this.#services.random);
    this.event(
      "Warning",
      "FailedCreatePodSandBox",
      `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${sandbox}": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container`,
    );
    this.step(SANDBOX_RETRY_MS, () => this.#createSandbox());
  }

  /** Takes up a pod that ran when the previous process ended. */
  #takeUp(ip: string): void {
    this.#node.resources.adopt(this.#pod);
    this.#ip = ip;
    this.#ownsIp = this.needsNetwork;
    if (this.#ownsIp) this.#node.registration.adoptPodIp?.(ip);
    this.#runners = this.#runnersFor(recordsFromStatus(this.#pod, this.#services.clock.monotonicMs()));
    for (const runner of this.#runners) runner.resume();
    this.#watchDeadline();
    this.started();
  }

  #watchDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return;
    const elapsedMs = this.#services.clock.now().getTime() - Date.parse(this.#startTime);
    this.#after(activeDeadlineSeconds * 1_000 - elapsedMs, () => {
      const message = "Pod was active on the node longer than the specified deadline";
      this.#failure = { reason: "DeadlineExceeded", message };
      this.event("Warning", "DeadlineExceeded", message);
      for (const runner of this.#runners) runner.kill();
      this.#finish();
    });
  }

  // The end.

  /** The pod has reached its last phase: its sandbox and resources go, the object stays for its owner to read. */
  #finish(): void {
    this.#stage = "finished";
    this.#dirty = true;
    this.#releaseResources();
    this.flush();
  }

  #terminate(): void {
    const { wheel, timings } = this.#services;
    const graceMs = (this.#pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
    const running = this.#records.filter(({ phase }) => phase.kind === "running");
    if (this.#stage !== "terminating")
      for (const record of running) this.event("Normal", "Killing", `Stopping container ${record.spec.name}`, record);
    this.#stage = "terminating";
    for (const runner of this.#runners) runner.stop("the pod is deleted");
    // A second, shorter deletion sets a second, earlier end; the first one to arrive closes the worker.
    const end = (): void => {
      if (this.#stage === "terminating") this.#remove();
    };
    const code = this.#runners.flatMap(({ exited }) => exited ?? []);
    if (code.length === 0) wheel.after(running.length === 0 ? 0 : Math.min(timings.containerStopMs, graceMs), end);
    else {
      void Promise.all(code).then(end);
      wheel.after(graceMs, end);
    }
  }

  #remove(): void {
    const { deletions, client, wheel, signal, logger } = this.#services;
    for (const runner of this.#runners) runner.kill();
    const pod = this.#pod;
    // Only those with a finalizer outlive the deletion, so only their last status is ever read (a Job counts its pods by it).
    const lastStatus = (pod.metadata.finalizers ?? []).length > 0 ? this.#lastStatus() : undefined;
    this.#stage = "closed";
    this.#services.statuses.forget(this);
    this.#releaseResources();
    deletions.add(() => deleteFinishedPod({ client, wheel, signal, logger, deletions }, pod, lastStatus));
  }

  /** A deleted pod ends in a final phase, also one that would have restarted or never started. */
  #lastStatus(): PodStatusPatch {
    const known = this.#knownConditions();
    const { phase = "Failed", startTime, ...status } = this.#status();
    const final = { ...status, startTime: startTime || this.#now(), phase: isFinal(phase) ? phase : "Failed" };
    return statusPatchOf(final, known);
  }

  #releaseResources(): void {
    this.#node.resources.release(this.#pod);
    if (this.#ownsIp && this.#ip !== undefined) this.#node.registration.releasePodIp(this.#ip);
    this.#ownsIp = false;
  }

  // Small tools.

  get #records(): readonly ContainerRecord[] {
    return this.#runners.map(({ record }) => record);
  }

  #runnersFor(records: readonly ContainerRecord[]): readonly ContainerRunner[] {
    return records.map((record) => new ContainerRunner(this.#services, this.#node, this, record));
  }

  #after(ms: number, next: () => void): void {
    this.#services.wheel.after(ms, () => {
      if (this.isActive) next();
    });
  }

  #now(): string {
    return timestamp(this.#services.clock.now());
  }
}

const fieldPathOf = ({ role, spec }: ContainerRecord): string =>
  `spec.${role === "app" ? "containers" : "initContainers"}{${spec.name}}`;
