import type { ContainerStatus, Pod } from "@nodeless/api";

/** What the pod table shows, derived from the container statuses. */
export interface PodSummary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last ended before being restarted. */
  readonly lastRestart: string | undefined;
}

interface Progress {
  status: string;
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

/** Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, printPod (release 1.36). */
export function summarizePod(pod: Pod): PodSummary {
  const sidecars = sidecarNames(pod);
  const progress: Progress = { status: phaseText(pod), ready: 0, restarts: 0, lastRestart: undefined };
  const initializing = readInitContainers(pod, sidecars, progress);
  if (!initializing || hasCondition(pod, "Initialized")) {
    // From here on only containers that keep running count; finished init steps are history.
    progress.restarts = 0;
    progress.lastRestart = undefined;
    for (const status of pod.status?.initContainerStatuses ?? [])
      if (sidecars.has(status.name)) countRestarts(status, progress);
    readContainers(pod, progress);
  }
  return {
    ...progress,
    status: deletionText(pod) ?? progress.status,
    total: pod.spec.containers.length + sidecars.size,
  };
}

function sidecarNames(pod: Pod): ReadonlySet<string> {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return new Set(sidecars.map(({ name }) => name));
}

function phaseText({ status }: Pod): string {
  const gated = (status?.conditions ?? []).some(
    ({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated",
  );
  if (gated) return "SchedulingGated";
  return status?.reason !== undefined && status.reason !== "" ? status.reason : (status?.phase ?? "");
}

function deletionText({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status?.reason === "NodeLost") return "Unknown";
  return status?.phase === "Succeeded" || status?.phase === "Failed" ? undefined : "Terminating";
}

function hasCondition({ status }: Pod, wanted: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === wanted && condition.status === "True");
}

function countRestarts({ restartCount, lastState }: ContainerStatus, progress: Progress): void {
  progress.restarts += restartCount;
  const finishedAt = lastState?.terminated?.finishedAt;
  if (finishedAt !== undefined && (progress.lastRestart === undefined || progress.lastRestart < finishedAt))
    progress.lastRestart = finishedAt;
}

/** True if an init container is not done yet; the status then says which. */
function readInitContainers(pod: Pod, sidecars: ReadonlySet<string>, progress: Progress): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, container] of statuses.entries()) {
    countRestarts(container, progress);
    const { terminated, waiting } = container.state ?? {};
    if (terminated !== undefined && terminated.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started === true) {
      if (container.ready) progress.ready += 1;
      continue;
    }
    if (terminated !== undefined) progress.status = `Init:${terminationText(terminated)}`;
    else if (waiting?.reason !== undefined && waiting.reason !== "" && waiting.reason !== "PodInitializing")
      progress.status = `Init:${waiting.reason}`;
    else progress.status = `Init:${index}/${pod.spec.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
}

function terminationText(terminated: {
  readonly reason?: string;
  readonly signal?: number;
  readonly exitCode: number;
}): string {
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason;
  if (terminated.signal !== undefined && terminated.signal !== 0) return `Signal:${terminated.signal}`;
  return `ExitCode:${terminated.exitCode}`;
}

function readContainers(pod: Pod, progress: Progress): void {
  let hasRunning = false;
  // Backwards, so that the first container's reason wins.
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(container, progress);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "") progress.status = waiting.reason;
    else if (terminated !== undefined) progress.status = terminationText(terminated);
    else if (container.ready && running !== undefined) {
      hasRunning = true;
      progress.ready += 1;
    }
  }
  if (progress.status === "Completed" && hasRunning)
    progress.status = hasCondition(pod, "Ready") ? "Running" : "NotReady";
}
