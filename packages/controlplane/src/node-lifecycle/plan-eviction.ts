import type { Pod, Taint } from "@nodeless/api";
import { toleratesTaint } from "@nodeless/scheduling";

/** When a pod must leave its node because of NoExecute taints: never, or in so many milliseconds (0: now). */
export type EvictionPlan = { readonly kind: "stay" } | { readonly kind: "evict"; readonly inMs: number };

/**
 * The shortest tolerationSeconds among the tolerations used counts, from the time the taint was added. Source: kubernetes
 * pkg/controller/tainteviction processPodOnNode; there the count starts when the controller sees the taint.
 */
export function planEviction(pod: Pod, taints: readonly Taint[], now: Date): EvictionPlan {
  if (pod.metadata.deletionTimestamp !== undefined) return { kind: "stay" };
  let soonestMs = Number.POSITIVE_INFINITY;
  for (const taint of taints.filter(({ effect }) => effect === "NoExecute")) {
    const used = (pod.spec.tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint));
    if (used.length === 0) return { kind: "evict", inMs: 0 };
    const sinceMs = taint.timeAdded === undefined ? now.getTime() : Date.parse(taint.timeAdded);
    for (const { tolerationSeconds } of used)
      if (tolerationSeconds !== undefined)
        soonestMs = Math.min(soonestMs, sinceMs + Math.max(0, tolerationSeconds) * 1_000 - now.getTime());
  }
  return Number.isFinite(soonestMs) ? { kind: "evict", inMs: Math.max(0, soonestMs) } : { kind: "stay" };
}
