import type { NodeClaim, NodePool } from "@nodeless/api";
import { type ConditionReport, findCondition, isConditionTrue } from "@nodeless/runtime";
import { formatDuration, parseDurationOrNever } from "../settings/duration.ts";

/** Whether a claim has been quiet for its pool's consolidateAfter, and when to look again (karpenter.md §4.8). */
export interface Consolidatable {
  readonly report: ConditionReport;
  readonly remainingMs?: number;
}

/** Default of spec.disruption.consolidateAfter. Source: karpenter.md §1.4. */
const CONSOLIDATE_AFTER = "0s";

/** True iff initialized and now − (last pod event or initialization) ≥ consolidateAfter; undefined when the claim is not that far. */
export function judgeConsolidatable(
  claim: NodeClaim,
  pool: Pick<NodePool, "spec">,
  now: Date,
): Consolidatable | undefined {
  const { conditions, lastPodEventTime } = claim.status ?? {};
  if (!isConditionTrue(conditions, "Initialized")) return undefined;
  const text = pool.spec.disruption?.consolidateAfter ?? CONSOLIDATE_AFTER;
  const afterMs = parseDurationOrNever(text);
  const no = (reason: string, message: string): ConditionReport => ({
    type: "Consolidatable",
    status: "False",
    reason,
    message,
  });
  if (afterMs === undefined) return { report: no("ConsolidationDisabled", "consolidateAfter is Never") };
  const initializedTime =
    findCondition(conditions, "Initialized")?.lastTransitionTime ?? claim.metadata.creationTimestamp;
  const quietSinceMs = Math.max(Date.parse(lastPodEventTime ?? initializedTime), Date.parse(initializedTime));
  const remainingMs = quietSinceMs + afterMs - now.getTime();
  if (remainingMs > 0)
    return { report: no("RecentPodEvents", `pods came or went less than ${formatDuration(afterMs)} ago`), remainingMs };
  return { report: { type: "Consolidatable", status: "True", reason: "Consolidatable", message: "" } };
}
