import type { Container, Pod } from "@nodeless/api";
import { describeError } from "@nodeless/environment";
import { timestamp } from "@nodeless/runtime";
import { ContainerConfigError, resolveEnvironment } from "./container-env.ts";
import type { LogLine } from "./container-log.ts";
import type { ContainerRecord } from "./containers.ts";
import type { InProcessImage } from "./contract.ts";
import { CrashBackoff } from "./crash-backoff.ts";
import { formatDuration } from "./durations.ts";
import { imageSizeBytes, repositoryOf } from "./images.ts";
import { type ContainerExit, InProcessContainer } from "./in-process-container.ts";
import { type KubeletServices, newContainerId, type PodNode } from "./kubelet-services.ts";
import { restartsAfter, runsToCompletion } from "./restart-rules.ts";

/** The pod around a container, as its runner sees it. */
export interface ContainerPod {
  readonly pod: Pod;
  readonly podIp: string;
  /** False once the pod has ended or is being ended: nothing starts any more. */
  readonly isActive: boolean;
  /** The record changed; the status will say so at the next occasion. */
  changed(): void;
  /** Reports changes now. */
  flush(): void;
  /** Goes on after `ms` unless the pod has ended meanwhile; changes are reported first if the wait is worth it. */
  step(ms: number, next: () => void): void;
  event(type: "Normal" | "Warning", reason: string, message: string, record: ContainerRecord): void;
  started(): void;
  /** Ended, and does not start again. */
  ended(): void;
}

/** How often a container with a missing ConfigMap or Secret looks again, as the kubelet's sync loop does. */
const CONFIG_RETRY_MS = 10_000;
/** Exit code of a process ended by SIGTERM: simulated containers obey at once and die of it. */
const TERMINATED_EXIT_CODE = 143;
/** What a kubelet reports for a container that vanished with the machine's previous life. */
const VANISHED_EXIT_CODE = 255;

/** Runs one container of one pod: image, creation, start, end, restarts with backoff. */
export class ContainerRunner {
  readonly record: ContainerRecord;
  readonly #services: KubeletServices;
  readonly #node: PodNode;
  readonly #pod: ContainerPod;
  readonly #backoff = new CrashBackoff();
  #inProcess: InProcessContainer | undefined;
  #isStarting = false;

  constructor(services: KubeletServices, node: PodNode, pod: ContainerPod, record: ContainerRecord) {
    this.#services = services;
    this.#node = node;
    this.#pod = pod;
    this.record = record;
  }

  /** Between the first look at its image and running. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Lines of an in-process container, over all its runs. */
  get logLines(): readonly LogLine[] | undefined {
    return this.#inProcess?.lines;
  }

  /** Settles when the code of an in-process container has ended; undefined when there is none. */
  get exited(): Promise<unknown> | undefined {
    return this.#inProcess?.exited;
  }

  /** Pulls the image, creates and starts the container. */
  start(): void {
    const { clock, timings } = this.#services;
    const { spec } = this.record;
    const image = spec.image ?? "";
    this.#isStarting = true;
    const plan = this.#node.images.plan(image, {
      policy: spec.imagePullPolicy ?? "IfNotPresent",
      nowMs: clock.monotonicMs(),
      pullMs: timings.imagePullMs,
    });
    if (plan.pulls) this.#event("Normal", "Pulling", `Pulling image "${image}"`);
    this.#pod.step(plan.waitMs, () => {
      const took = formatDuration(plan.waitMs);
      const pulled = plan.pulls
        ? `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${imageSizeBytes(image)} bytes.`
        : `Container image "${image}" already present on machine`;
      this.#event("Normal", "Pulled", pulled);
      this.#create();
    });
  }

  /** Takes up a container as an earlier process left it: simulated ones ran on meanwhile, code of ours did not. */
  resume(): void {
    const { phase, last, containerId, spec } = this.record;
    if (containerId !== "") this.#node.images.adopt(spec.image ?? "");
    if (phase.kind === "terminated" && restartsAfter(this.record, this.#pod.pod, phase.exitCode)) this.#restart();
    else if (phase.kind === "waiting" && last !== undefined) this.#restart();
    else if (phase.kind === "running" && this.#image() === undefined) this.#scheduleSimulatedExit();
    else if (phase.kind === "running") {
      this.#end({ exitCode: VANISHED_EXIT_CODE }, "Unknown");
      this.#restart();
    }
  }

  /**
   * The pod's container has another image: what runs ends, and starts again whatever the restart policy says.
   * Source: computePodActions in pkg/kubelet/kuberuntime/kuberuntime_manager.go (release 1.35).
   */
  changeTo(spec: Container): void {
    if (spec.image === this.record.spec.image) return;
    this.record.spec = spec;
    if (!this.#pod.isActive || this.record.phase.kind !== "running") return;
    this.#event("Normal", "Killing", `Container ${spec.name} definition changed, will be restarted`);
    this.stop("the container's image changed");
    this.#end({ exitCode: TERMINATED_EXIT_CODE }, "Error");
    this.#restart();
  }

  /** Asks code to end; simulated containers need no asking. */
  stop(reason: string): void {
    this.#inProcess?.stop(reason);
  }

  /** Ends the container for good, if it runs. */
  kill(): void {
    this.stop("the pod has ended");
    if (this.record.phase.kind === "running") this.#end({ exitCode: TERMINATED_EXIT_CODE }, "Error");
  }

  #create(): void {
    const image = this.#image();
    if (image === undefined) this.#startCreated(() => this.#scheduleSimulatedExit());
    else void this.#createInProcess(image);
  }

  async #createInProcess(image: InProcessImage): Promise<void> {
    const { client, clock, signal, trackInProcess } = this.#services;
    const { registration } = this.#node;
    const { pod, podIp } = this.#pod;
    const container = this.record.spec;
    const { internalIp: hostIp, allocatable: nodeAllocatable } = registration;
    try {
      const env = await resolveEnvironment({ pod, container, podIp, hostIp, nodeAllocatable, client, signal });
      if (!this.#pod.isActive) return;
      this.#startCreated(() => {
        const previousLines = this.#inProcess?.lines ?? [];
        const running = new InProcessContainer({ image, pod, container, env, client, clock, previousLines });
        this.#inProcess = running;
        trackInProcess(running.exited);
        void running.exited.then((exit) => {
          // A run that was replaced ends late, in the time of its successor.
          if (this.#inProcess === running) this.#exited(exit);
        });
      });
    } catch (error) {
      if (this.#pod.isActive) this.#configFailed(error);
    }
  }

  #configFailed(error: unknown): void {
    const message = describeError(error);
    this.#isStarting = false;
    this.record.phase = { kind: "waiting", reason: "CreateContainerConfigError", message };
    this.#event("Warning", "Failed", `Error: ${message}`);
    if (!(error instanceof ContainerConfigError))
      this.#services.logger.warn("could not configure a container", { container: this.record.spec.name, error });
    this.#pod.changed();
    this.#pod.step(CONFIG_RETRY_MS, () => this.start());
  }

  #startCreated(run: () => void): void {
    const { clock, timings, random } = this.#services;
    const { name } = this.record.spec;
    this.#event("Normal", "Created", `Created container: ${name}`);
    this.#pod.step(timings.containerStartMs, () => {
      this.#isStarting = false;
      this.record.containerId = `simulated://${newContainerId(random)}`;
      this.record.phase = { kind: "running", startedAt: this.#now(), startedMs: clock.monotonicMs() };
      this.#pod.changed();
      this.#event("Normal", "Started", `Started container ${name}`);
      run();
      this.#pod.started();
    });
  }

  /** Init containers and those of pods that run to completion finish by themselves; all others run until they are stopped. */
  #scheduleSimulatedExit(): void {
    const { role } = this.record;
    const ends = role === "init" || (role === "app" && runsToCompletion(this.#pod.pod));
    if (ends) this.#pod.step(this.#services.timings.containerStartMs, () => this.#exited({ exitCode: 0 }));
  }

  #exited(exit: ContainerExit): void {
    const { phase } = this.record;
    if (!this.#pod.isActive || phase.kind !== "running") return;
    const ranMs = this.#services.clock.monotonicMs() - phase.startedMs;
    this.#end(exit, exit.exitCode === 0 ? "Completed" : "Error");
    if (restartsAfter(this.record, this.#pod.pod, exit.exitCode)) this.#backOff(ranMs);
    else this.#pod.ended();
  }

  #backOff(ranMs: number): void {
    const waitMs = this.#backoff.nextMs(ranMs);
    if (waitMs === 0) {
      this.#restart();
      return;
    }
    const { name } = this.record.spec;
    const { namespace, name: podName, uid } = this.#pod.pod.metadata;
    const fullName = `${podName}_${namespace}(${uid})`;
    this.#remember();
    this.record.phase = {
      kind: "waiting",
      reason: "CrashLoopBackOff",
      message: `back-off ${formatDuration(waitMs)} restarting failed container=${name} pod=${fullName}`,
    };
    this.#event("Warning", "BackOff", `Back-off restarting failed container ${name} in pod ${fullName}`);
    this.#pod.flush();
    this.#pod.step(waitMs, () => this.#restart());
  }

  #restart(): void {
    this.#remember();
    this.record.restartCount += 1;
    this.#pod.changed();
    this.start();
  }

  #remember(): void {
    if (this.record.phase.kind === "terminated") this.record.last = this.record.phase;
  }

  #end({ exitCode, message }: ContainerExit, reason: string): void {
    const { phase, containerId } = this.record;
    this.record.phase = {
      kind: "terminated",
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      startedAt: phase.kind === "running" ? phase.startedAt : this.#now(),
      finishedAt: this.#now(),
      containerId,
    };
    this.#pod.changed();
  }

  #image(): InProcessImage | undefined {
    const repository = repositoryOf(this.record.spec.image ?? "");
    return this.#services.inProcessImages.find((image) => image.matches(repository));
  }

  #now(): string {
    return timestamp(this.#services.clock.now());
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    this.#pod.event(type, reason, message, this.record);
  }
}
