import { timestamp } from "@nodeless/runtime";

/** The fields that conditions of workloads share. */
export interface WorkloadCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/**
 * The list with the condition taken in; unchanged when status and reason already are as reported, and the transition time moves only with
 * the status. Source: kubernetes pkg/controller/replicaset SetCondition, deployment util SetDeploymentCondition.
 */
export function withCondition<T extends WorkloadCondition>(
  conditions: readonly T[],
  report: T,
  now: Date,
): readonly T[] {
  const current = conditions.find((condition) => condition.type === report.type);
  if (current?.status === report.status && current.reason === report.reason) return conditions;
  const lastTransitionTime = current?.status === report.status ? current.lastTransitionTime : undefined;
  return [
    ...conditions.filter((condition) => condition.type !== report.type),
    { ...report, lastTransitionTime: lastTransitionTime ?? timestamp(now) },
  ];
}

/** The list without a type of condition. */
export function withoutCondition<T extends WorkloadCondition>(conditions: readonly T[], type: string): readonly T[] {
  return conditions.filter((condition) => condition.type !== type);
}
