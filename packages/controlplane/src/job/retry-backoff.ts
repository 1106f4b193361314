import type { Pod } from "@nodeless/api";
import { podCondition } from "../workload/pod-status.ts";

/** Source: kubernetes pkg/controller/job backoff_utils.go: 10 s, doubled per failure, at most 10 minutes. */
const FIRST_RETRY_MS = 10_000;
const RETRY_MS_MAX = 600_000;

/**
 * Milliseconds until a failed pod may be replaced; the wait doubles with every failure since the last success. Counted from the pods that
 * exist, so that it survives a restart of the controller.
 */
export function retryInMs(pods: readonly Pod[], now: Date): number {
  const lastSuccessMs = Math.max(Number.NEGATIVE_INFINITY, ...finishTimesMs(pods, "Succeeded"));
  const failuresMs = finishTimesMs(pods, "Failed").filter((finishedMs) => finishedMs > lastSuccessMs);
  if (failuresMs.length === 0) return 0;
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failuresMs.length - 1, 10), RETRY_MS_MAX);
  return Math.max(0, Math.max(...failuresMs) + waitMs - now.getTime());
}

function finishTimesMs(pods: readonly Pod[], phase: string): readonly number[] {
  return pods.filter(({ status }) => status?.phase === phase).map(finishedMs);
}

/** When the last container ended, or else when the pod stopped being ready. */
function finishedMs(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.finishedAt ?? []);
  const fallback = podCondition(pod, "Ready")?.lastTransitionTime ?? pod.metadata.creationTimestamp;
  return Math.max(...(times.length === 0 ? [fallback] : times).map((time) => Date.parse(time)));
}
