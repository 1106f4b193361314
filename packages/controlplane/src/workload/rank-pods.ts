import type { Pod } from "@nodeless/api";
import { isPodReady, podCondition, podRestarts } from "./pod-status.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** What the order of deletion depends on besides the pods. */
export interface DeletionRanking {
  readonly now: Date;
  /** Active pods of all siblings, for "spread out what is left": pods on nodes with more of them go first. */
  readonly related: readonly Pod[];
}

/**
 * Pods in the order in which a scale-down takes them: unscheduled, pending, not ready, cheap by annotation, doubled up on a node, younger,
 * more often restarted. Source: kubernetes pkg/controller ActivePodsWithRanks (release 1.35).
 */
export function inDeletionOrder(pods: readonly Pod[], { now, related }: DeletionRanking): readonly Pod[] {
  const perNode = new Map<string, number>();
  for (const { spec } of related)
    if (spec.nodeName !== undefined) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1);
  const ranked = pods.map((pod) => ({ pod, keys: deletionKeys(pod, perNode, now) }));
  return ranked.sort((left, right) => compareKeys(left.keys, right.keys)).map(({ pod }) => pod);
}

/** Numbers to compare one after the other, smaller goes first; the uid settles ties. */
function deletionKeys(pod: Pod, perNode: ReadonlyMap<string, number>, now: Date): readonly (number | string)[] {
  const ready = isPodReady(pod);
  return [
    isScheduled(pod) ? 1 : 0,
    PHASE_ORDER[pod.status?.phase ?? "Pending"] ?? 0,
    ready ? 1 : 0,
    deletionCost(pod),
    -(perNode.get(pod.spec.nodeName ?? "") ?? 0),
    ready ? ageClass(podCondition(pod, "Ready")?.lastTransitionTime, now) : 0,
    -podRestarts(pod),
    ageClass(pod.metadata.creationTimestamp, now),
    pod.metadata.uid,
  ];
}

function isScheduled({ spec }: Pod): boolean {
  return spec.nodeName !== undefined && spec.nodeName !== "";
}

function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

/** Ages count by powers of two, so that pods of about the same age are picked at random (by uid) and not all on the newest node. */
function ageClass(since: string | undefined, now: Date): number {
  if (since === undefined) return -1;
  const ageMs = now.getTime() - Date.parse(since);
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}

function compareKeys(left: readonly (number | string)[], right: readonly (number | string)[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
