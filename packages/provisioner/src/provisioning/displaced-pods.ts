import { matchesLabelSelector, type Pod, type PodDisruptionBudget } from "@nodeless/api";
import { doNotDisruptOf, isReschedulable } from "../state/pods.ts";

/**
 * Pods on a node that is going away which will need a new home; planned for now, so that the new node boots meanwhile. Those that the
 * drain cannot move (do-not-disrupt, a budget that allows nothing, two budgets at once) wait where they are (karpenter.md §3.2).
 */
export function displacedPods(
  pods: readonly Pod[],
  { budgets, now }: { readonly budgets: readonly PodDisruptionBudget[]; readonly now: Date },
): readonly Pod[] {
  return pods.filter((pod) => {
    if (!isReschedulable(pod) || doNotDisruptOf(pod, now).kind === "active") return false;
    const matching = budgets.filter((budget) => covers(budget, pod));
    return matching.length <= 1 && !matching.some(blocksFully);
  });
}

function covers({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  return metadata.namespace === pod.metadata.namespace && matchesLabelSelector(spec?.selector, pod.metadata.labels);
}

/** No number of replicas ever lets a pod go. */
function blocksFully({ spec }: PodDisruptionBudget): boolean {
  const { maxUnavailable, minAvailable } = spec ?? {};
  return maxUnavailable === 0 || maxUnavailable === "0" || maxUnavailable === "0%" || minAvailable === "100%";
}
