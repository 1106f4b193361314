import type { NodeInfo } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";

/** True if other pods coming or going elsewhere may open a node to the pod. */
export function rulesOnOtherPods({ spec }: PodShape): boolean {
  return (
    (spec.topologySpreadConstraints ?? []).length > 0 ||
    spec.affinity?.podAffinity !== undefined ||
    spec.affinity?.podAntiAffinity !== undefined
  );
}

/** How many pods of the shape the node's free resources hold: that many are worth another try when it appears. */
export function podsThatFit({ requests }: PodShape, { allocatable, requested, pods }: NodeInfo): number {
  let count = (allocatable.get("pods") ?? 0) - pods.size;
  for (const [resource, amount] of requests) {
    if (amount <= 0) continue;
    const left = (allocatable.get(resource) ?? 0) - (requested.get(resource) ?? 0);
    count = Math.min(count, Math.floor(left / amount));
  }
  return Math.max(0, count);
}
