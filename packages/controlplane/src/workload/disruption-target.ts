import type { Pod, PodStatus } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";

/** The pod's status with the condition that says who is about to end it. Source: kubernetes API docs, pod disruption conditions. */
export function withDisruptionTarget(
  pod: Pod,
  { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: Date },
): PodStatus {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "DisruptionTarget");
  const condition = { type: "DisruptionTarget", status: "True", reason, message, lastTransitionTime: timestamp(now) };
  return { ...pod.status, conditions: [...others, condition] };
}
