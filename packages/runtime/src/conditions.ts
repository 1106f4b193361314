import type { Condition } from "@nodeless/api";

/** What a controller says about one condition type. */
export type ConditionReport = Omit<Condition, "lastTransitionTime">;

/** What every kind's conditions have, those of nodes and pods too. */
type ConditionState = Pick<Condition, "type"> & { readonly status: string };

/** The condition of a type, if reported. */
export function findCondition<C extends ConditionState>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** True if the condition is reported with status `True`. */
export function isConditionTrue(conditions: readonly ConditionState[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/**
 * The list with the report taken in: the very same list when nothing changes, and `lastTransitionTime` moves only with the status.
 * New types go to the end. Source: apimachinery api/meta SetStatusCondition.
 */
export function updateCondition(
  conditions: readonly Condition[] | undefined,
  report: ConditionReport,
  now: Date,
): readonly Condition[] {
  const known = conditions ?? [];
  const previous = findCondition(known, report.type);
  if (previous === undefined) return [...known, { ...report, lastTransitionTime: timestamp(now) }];
  if (
    previous.status === report.status &&
    previous.reason === report.reason &&
    previous.message === report.message &&
    previous.observedGeneration === report.observedGeneration
  )
    return known;
  const lastTransitionTime = previous.status === report.status ? previous.lastTransitionTime : timestamp(now);
  return known.map((condition) => (condition.type === report.type ? { ...report, lastTransitionTime } : condition));
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
