import type { Container, ContainerState, ContainerStatus, Pod } from "@nodeless/api";
import { imageIdOf, normalizedImage } from "./images.ts";

/** `init` runs to completion before the next starts; `sidecar` is an init container that stays (restartPolicy Always). */
export type ContainerRole = "init" | "sidecar" | "app";

export type ContainerPhase =
  | { readonly kind: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly kind: "running"; readonly startedAt: string; readonly startedMs: number }
  | TerminatedPhase;

export interface TerminatedPhase {
  readonly kind: "terminated";
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly containerId: string;
}

/** What the kubelet knows of one container of one pod. */
export interface ContainerRecord {
  /** Only its image may change. */
  spec: Container;
  readonly role: ContainerRole;
  phase: ContainerPhase;
  /** The run before this one, if it ended. */
  last: TerminatedPhase | undefined;
  restartCount: number;
  containerId: string;
}

/** Records of a pod that has not started anything, init containers first, in the order they start. */
export function newRecords(pod: Pod): ContainerRecord[] {
  const init = pod.spec.initContainers ?? [];
  const record = (spec: Container, role: ContainerRole, reason: string): ContainerRecord => ({
    spec,
    role,
    phase: { kind: "waiting", reason },
    last: undefined,
    restartCount: 0,
    containerId: "",
  });
  const appReason = init.length === 0 ? "ContainerCreating" : "PodInitializing";
  return [
    ...init.map((spec) => record(spec, spec.restartPolicy === "Always" ? "sidecar" : "init", "PodInitializing")),
    ...pod.spec.containers.map((spec) => record(spec, "app", appReason)),
  ];
}

/** Records as an earlier kubelet process left them in the status. */
export function recordsFromStatus(pod: Pod, nowMs: number): ContainerRecord[] {
  const statuses = new Map(
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((status) => [
      status.name,
      status,
    ]),
  );
  return newRecords(pod).map((record) => {
    const status = statuses.get(record.spec.name);
    if (status === undefined) return record;
    const containerId = status.containerID ?? "";
    return {
      ...record,
      containerId,
      restartCount: status.restartCount,
      phase: phaseFromState(status.state, containerId, nowMs) ?? record.phase,
      last: terminatedFromState(status.lastState),
    };
  });
}

function phaseFromState(
  state: ContainerState | undefined,
  containerId: string,
  startedMs: number,
): ContainerPhase | undefined {
  if (state?.running !== undefined) return { kind: "running", startedAt: state.running.startedAt ?? "", startedMs };
  if (state?.waiting !== undefined)
    return {
      kind: "waiting",
      reason: state.waiting.reason ?? "",
      ...(state.waiting.message === undefined ? {} : { message: state.waiting.message }),
    };
  const terminated = terminatedFromState(state);
  return terminated === undefined ? undefined : { ...terminated, containerId };
}

function terminatedFromState(state: ContainerState | undefined): TerminatedPhase | undefined {
  const terminated = state?.terminated;
  if (terminated === undefined) return undefined;
  return {
    kind: "terminated",
    exitCode: terminated.exitCode,
    reason: terminated.reason ?? "",
    startedAt: terminated.startedAt ?? "",
    finishedAt: terminated.finishedAt ?? "",
    containerId: terminated.containerID ?? "",
    ...(terminated.message === undefined ? {} : { message: terminated.message }),
  };
}

/** True when the containers after it may start. */
export function isInitialized({ role, phase }: ContainerRecord): boolean {
  if (role === "app") return true;
  return role === "sidecar" ? phase.kind === "running" : phase.kind === "terminated" && phase.exitCode === 0;
}

/** Simulated containers have no probes to fail: running is ready. A finished init container counts as ready. */
export function isReady({ role, phase }: ContainerRecord): boolean {
  return role === "init" ? phase.kind === "terminated" && phase.exitCode === 0 : phase.kind === "running";
}

/** The entry for `containerStatuses` or `initContainerStatuses`. */
export function containerStatusOf(record: ContainerRecord): ContainerStatus {
  const { spec, phase, last, restartCount, containerId } = record;
  const image = spec.image ?? "";
  const hasRun = containerId !== "";
  return {
    name: spec.name,
    image: hasRun ? normalizedImage(image) : image,
    imageID: hasRun ? imageIdOf(image) : "",
    ...(hasRun ? { containerID: containerId } : {}),
    ready: isReady(record),
    started: phase.kind === "running",
    restartCount,
    state: stateOf(phase),
    ...(last === undefined ? {} : { lastState: stateOf(last) }),
  };
}

function stateOf(phase: ContainerPhase): ContainerState {
  switch (phase.kind) {
    case "waiting":
      return {
        waiting: { reason: phase.reason, ...(phase.message === undefined ? {} : { message: phase.message }) },
      };
    case "running":
      return { running: { startedAt: phase.startedAt } };
    case "terminated":
      return {
        terminated: {
          exitCode: phase.exitCode,
          reason: phase.reason,
          ...(phase.message === undefined ? {} : { message: phase.message }),
          startedAt: phase.startedAt,
          finishedAt: phase.finishedAt,
          containerID: phase.containerId,
        },
      };
  }
}
