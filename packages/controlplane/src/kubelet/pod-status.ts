import type { Pod, PodCondition, PodStatus } from "@nodeless/api";
import { type ContainerRecord, containerStatusOf, isInitialized, isReady } from "./containers.ts";

/** Why a pod will never run (again) here, whatever its containers say. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

/** Everything a status is made of. */
export interface PodFacts {
  readonly pod: Pod;
  readonly records: readonly ContainerRecord[];
  readonly failure: PodFailure | undefined;
  /** Undefined until the sandbox exists. */
  readonly podIp: string | undefined;
  readonly hostIp: string;
  readonly startTime: string;
  /** Conditions as last known, of all owners. */
  readonly conditions: readonly PodCondition[];
  /** RFC 3339. */
  readonly now: string;
}

/**
 * The status a kubelet reports. Holds every condition the kubelet owns; others stay as they are on the server, because conditions
 * are merged by type. Source: kubernetes pkg/kubelet/kubelet_pods.go and status/generate.go (release 1.35).
 */
export function podStatusOf(facts: PodFacts): PodStatus {
  const { pod, records, failure, podIp, hostIp, startTime } = facts;
  const init = records.filter(({ role }) => role !== "app").map(containerStatusOf);
  const { generation } = pod.metadata;
  return {
    phase: podPhaseOf(facts),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(failure === undefined ? {} : { reason: failure.reason, message: failure.message }),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime,
    conditions: conditionsOf(facts),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: records.filter(({ role }) => role === "app").map(containerStatusOf),
  };
}

/** The phase that follows from the containers. Source: getPhase in pkg/kubelet/kubelet_pods.go (release 1.35). */
export function podPhaseOf({ pod, records, failure }: Pick<PodFacts, "pod" | "records" | "failure">): string {
  if (failure !== undefined) return "Failed";
  const policy = pod.spec.restartPolicy ?? "Always";
  const brokenInit = records.some(
    ({ role, phase }) => role === "init" && phase.kind === "terminated" && phase.exitCode !== 0,
  );
  if (brokenInit && policy === "Never") return "Failed";
  if (!records.every((record) => isInitialized(record) || record.role === "sidecar")) return "Pending";
  const apps = records.filter(({ role }) => role === "app");
  if (apps.some(({ phase, last }) => phase.kind === "waiting" && last === undefined)) return "Pending";
  const ended = apps.flatMap(({ phase }) => (phase.kind === "terminated" ? [phase] : []));
  if (ended.length < apps.length || policy === "Always") return "Running";
  if (ended.every(({ exitCode }) => exitCode === 0)) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function conditionsOf(facts: PodFacts): readonly PodCondition[] {
  const { pod, records, podIp, conditions, now } = facts;
  const generation = pod.metadata.generation;
  const phase = podPhaseOf(facts);
  const uninitialized = namesOf(records.filter((record) => !isInitialized(record)));
  const unready = namesOf(records.filter((record) => record.role !== "init" && !isReady(record)));
  const completed = phase === "Succeeded";
  const containers = completed
    ? { status: "False", reason: "PodCompleted" }
    : phase === "Failed"
      ? { status: "False", reason: "PodFailed" }
      : unready === ""
        ? { status: "True" }
        : { status: "False", reason: "ContainersNotReady", message: `containers with unready status: [${unready}]` };
  const reports: readonly PodCondition[] = [
    { type: "PodReadyToStartContainers", status: podIp === undefined || isFinal(phase) ? "False" : "True" },
    uninitialized === "" || completed
      ? { type: "Initialized", status: "True", ...(completed ? { reason: "PodCompleted" } : {}) }
      : {
          type: "Initialized",
          status: "False",
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: [${uninitialized}]`,
        },
    { type: "Ready", ...withReadinessGates(pod, conditions, containers) },
    { type: "ContainersReady", ...containers },
    { type: "PodScheduled", status: "True" },
  ];
  return reports.map((report) => ({
    ...report,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: transitionTime(conditions, report, now),
  }));
}

const namesOf = (records: readonly ContainerRecord[]): string => records.map(({ spec }) => spec.name).join(" ");
export const isFinal = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";

function transitionTime(conditions: readonly PodCondition[], report: PodCondition, now: string): string {
  const previous = conditions.find(({ type }) => type === report.type);
  return previous?.status === report.status ? (previous.lastTransitionTime ?? now) : now;
}

/** A pod with readiness gates is ready only when their conditions, which others report, are true as well. */
function withReadinessGates(
  pod: Pod,
  conditions: readonly PodCondition[],
  containers: Omit<PodCondition, "type">,
): Omit<PodCondition, "type"> {
  if (containers.status !== "True") return containers;
  const open = (pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) => conditions.find(({ type }) => type === conditionType)?.status !== "True",
  );
  if (open.length === 0) return containers;
  const names = open.map(
    ({ conditionType }) => `corresponding condition of pod readiness gate "${conditionType}" is not "True".`,
  );
  return { status: "False", reason: "ReadinessGatesNotReady", message: names.join(" ") };
}

/** What is sent: a strategic merge patch of the status. */
export type PodStatusPatch = Readonly<Record<string, unknown>>;

/**
 * The patch that turns conditions as they were into those of `status`. Conditions are merged by type, field by field, so a reason
 * that no longer holds must be taken away in words.
 */
export function statusPatchOf(status: PodStatus, previous: readonly PodCondition[]): PodStatusPatch {
  const conditions = (status.conditions ?? []).map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    return {
      ...(before?.reason === undefined ? {} : { reason: null }),
      ...(before?.message === undefined ? {} : { message: null }),
      ...condition,
    };
  });
  return { ...status, conditions };
}

/** True if a status only says what was written before and the server has: `written` are the conditions of the last write. */
export function isReported({ status }: Pod, written: readonly PodCondition[], next: PodStatus): boolean {
  const sameConditions =
    written.length === (next.conditions ?? []).length &&
    (next.conditions ?? []).every(
      ({ status: value, reason }, index) => value === written[index]?.status && reason === written[index]?.reason,
    );
  return (
    sameConditions &&
    status?.phase === next.phase &&
    JSON.stringify(status?.containerStatuses) === JSON.stringify(next.containerStatuses) &&
    JSON.stringify(status?.initContainerStatuses) === JSON.stringify(next.initContainerStatuses)
  );
}
