import type { Pod, Taint } from "@nodeless/api";
import { TAINTS } from "@nodeless/api";
import { toleratesTaints } from "@nodeless/scheduling";
import { doNotDisruptOf, isDaemonSetPod, isMirrorPod, isTerminal, isTerminating } from "../state/pods.ts";

/** On a node from the moment it is to go. */
export const DISRUPTED_TAINT: Taint = { key: TAINTS.disrupted, effect: "NoSchedule" };

/** What to do now with the pods of a node that is going away. */
export interface DrainPlan {
  /** Through the Eviction API, so that disruption budgets are kept. */
  readonly evict: readonly Pod[];
  /** Past their share of the deadline: deleted directly with the seconds that are left. */
  readonly forceDelete: readonly { readonly pod: Pod; readonly gracePeriodSeconds: number }[];
  /** Pods that hold the drain by their own wish. */
  readonly held: readonly Pod[];
  /** Nothing is left to wait for. */
  readonly drained: boolean;
}

/** A pod this long past its deletion deadline is not waited for. */
const STUCK_MS = 60_000;
const CRITICAL: ReadonlySet<string> = new Set(["system-cluster-critical", "system-node-critical"]);

/**
 * Groups go one after the other: ordinary pods, ordinary daemons, critical pods, critical daemons. Pods that tolerate the disrupted
 * taint, mirrors, finished and stuck pods do not count (karpenter.md §4.5).
 */
export function planDrain(
  pods: readonly Pod[],
  { now, deadline }: { readonly now: Date; readonly deadline: Date | undefined },
): DrainPlan {
  const waiting = pods.filter((pod) => isDrainable(pod, now));
  const first = Math.min(...waiting.map(groupOf));
  const group = waiting.filter((pod) => groupOf(pod) === first);
  const forced = waiting.flatMap((pod) => forcedDeletion(pod, { now, deadline }));
  const isForced = (pod: Pod): boolean => forced.some((one) => one.pod === pod);
  const evictable = group.filter((pod) => !isTerminating(pod) && !isForced(pod));
  const isHeld = (pod: Pod): boolean => doNotDisruptOf(pod, now).kind === "active";
  return {
    evict: evictable.filter((pod) => !isHeld(pod)),
    forceDelete: forced,
    held: evictable.filter(isHeld),
    drained: waiting.length === 0 || (deadline !== undefined && now.getTime() >= deadline.getTime()),
  };
}

/** True for pods that a drain removes and waits for. */
export function isDrainable(pod: Pod, now: Date): boolean {
  if (isMirrorPod(pod) || isTerminal(pod)) return false;
  if (toleratesTaints(pod.spec?.tolerations, [DISRUPTED_TAINT])) return false;
  const { deletionTimestamp } = pod.metadata;
  return deletionTimestamp === undefined || now.getTime() - Date.parse(deletionTimestamp) <= STUCK_MS;
}

function groupOf(pod: Pod): number {
  const critical = CRITICAL.has(pod.spec?.priorityClassName ?? "") ? 2 : 0;
  return critical + (isDaemonSetPod(pod) ? 1 : 0);
}

function forcedDeletion(
  pod: Pod,
  { now, deadline }: { readonly now: Date; readonly deadline: Date | undefined },
): DrainPlan["forceDelete"] {
  if (deadline === undefined) return [];
  const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1_000;
  if (now.getTime() < deadline.getTime() - graceMs) return [];
  const { deletionTimestamp } = pod.metadata;
  // Already going, and early enough.
  if (deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= deadline.getTime()) return [];
  return [{ pod, gracePeriodSeconds: Math.max(1, Math.floor((deadline.getTime() - now.getTime()) / 1_000)) }];
}
