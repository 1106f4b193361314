import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from "@nodeless/api";
import { updateCondition } from "@nodeless/runtime";
import { isPodReady } from "../workload/pod-status.ts";
import { scaledValue } from "../workload/scaled-value.ts";

/** An eviction that was granted is believed for this long if the pod does not go. Source: disruption DeletionTimeout. */
const DISRUPTED_POD_MS = 120_000;

/** What a budget's status is computed from. */
export interface DisruptionInput {
  readonly budget: PodDisruptionBudget;
  /** Pods the selector takes. */
  readonly pods: readonly Pod[];
  /** Sum of the wanted replicas of the pods' controllers; undefined when the budget counts pods instead (integer minAvailable). */
  readonly wantedReplicas: number;
  readonly now: Date;
}

/** True if the budget is relative to what the pods' controllers want, not to the pods that are there. */
export function needsWantedReplicas({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === "string";
}

/** How many pods may be evicted now. Source: kubernetes pkg/controller/disruption trySync (release 1.35). */
export function computeDisruption({ budget, pods, wantedReplicas, now }: DisruptionInput): PodDisruptionBudgetStatus {
  const { spec, metadata, status } = budget;
  const counted = pods.filter(
    ({ status: podStatus }) => podStatus?.phase !== "Succeeded" && podStatus?.phase !== "Failed",
  );
  const expectedPods = needsWantedReplicas(budget) ? wantedReplicas : counted.length;
  const desiredHealthy =
    spec.maxUnavailable === undefined
      ? scaledValue(spec.minAvailable, expectedPods, "up")
      : Math.max(0, expectedPods - scaledValue(spec.maxUnavailable, expectedPods, "up"));
  const disruptedPods = stillDisrupted(status?.disruptedPods ?? {}, pods, now);
  const currentHealthy = counted.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      !Object.hasOwn(disruptedPods, pod.metadata.name) &&
      isPodReady(pod),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  return {
    conditions: withVerdict(status?.conditions, disruptionsAllowed, { generation: metadata.generation, now }),
    currentHealthy,
    desiredHealthy,
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    disruptionsAllowed,
    expectedPods,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  };
}

/** Granted evictions whose pod is still there and has not started to go, younger than the timeout. */
function stillDisrupted(
  disrupted: Readonly<Record<string, string>>,
  pods: readonly Pod[],
  now: Date,
): Readonly<Record<string, string>> {
  const staying = new Set(
    pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name),
  );
  return Object.fromEntries(
    Object.entries(disrupted).filter(
      ([name, since]) => staying.has(name) && now.getTime() - Date.parse(since) < DISRUPTED_POD_MS,
    ),
  );
}

/** Milliseconds until a granted eviction is forgotten, undefined when there is none. */
export function nextForgottenMs(status: PodDisruptionBudgetStatus, now: Date): number | undefined {
  const waits = Object.values(status.disruptedPods ?? {}).map(
    (since) => Date.parse(since) + DISRUPTED_POD_MS - now.getTime(),
  );
  return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits));
}

function withVerdict(
  conditions: readonly Condition[] | undefined,
  disruptionsAllowed: number,
  { generation, now }: { readonly generation: number | undefined; readonly now: Date },
): readonly Condition[] {
  const allowed = disruptionsAllowed > 0;
  return updateCondition(
    conditions,
    {
      type: "DisruptionAllowed",
      status: allowed ? "True" : "False",
      reason: allowed ? "SufficientPods" : "InsufficientPods",
      message: "",
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    },
    now,
  );
}
