import type { Refusal } from "./filters.ts";

/** Why a pod could not be placed: refusals with the number of nodes that gave them. */
export interface Diagnosis {
  readonly nodes: number;
  readonly refusals: ReadonlyMap<Refusal, number>;
  /** A reason of the pod itself, found before any node was looked at. */
  readonly podReason?: string;
}

const NOT_HELPFUL = "Preemption is not helpful for scheduling";
const NO_VICTIMS = "No preemption victims found for incoming pod";

/**
 * The sentence of the FailedScheduling event and of the PodScheduled condition.
 * Source: kube-scheduler 1.36, framework.FitError and preemption.Evaluator. We never preempt: nodes where removing pods could
 * help are reported as upstream does when it finds no victim.
 */
export function unschedulableMessage(diagnosis: Diagnosis, preemptionPolicy: string | undefined): string {
  const { nodes, refusals, podReason } = diagnosis;
  if (nodes === 0) return "no nodes available to schedule pods";
  const head = `0/${nodes} nodes are available`;
  if (podReason !== undefined) return `${head}: ${podReason}. preemption: ${head}: ${nodes} ${NOT_HELPFUL}.`;
  const reasons = new Map<string, number>();
  let resolvable = 0;
  for (const [refusal, count] of refusals) {
    for (const reason of refusal.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    if (refusal.resolvable) resolvable += count;
  }
  const preemption =
    preemptionPolicy === "Never"
      ? "not eligible due to preemptionPolicy=Never."
      : `${head}: ${histogram([
          [NO_VICTIMS, resolvable],
          [NOT_HELPFUL, nodes - resolvable],
        ])}.`;
  return `${head}: ${histogram(reasons)}. preemption: ${preemption}`;
}

/** `3 reason, 2 other`, sorted as text like upstream. */
function histogram(counts: Iterable<readonly [string, number]>): string {
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ");
}
