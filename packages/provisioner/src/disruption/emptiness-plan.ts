import type { Node, NodeClaim, NodePool, Pod } from "@nodeless/api";
import { ANNOTATIONS, formatObjectKey } from "@nodeless/api";
import { isConditionTrue } from "@nodeless/runtime";
import { doNotDisruptOf, isMirrorPod, isReschedulable, isTerminal, isTerminating } from "../state/pods.ts";
import { remainingBudget } from "./budgets.ts";

/** A managed node with everything disruption looks at. */
export interface DisruptionNode {
  readonly claim: NodeClaim;
  readonly node: Node;
  readonly pods: readonly Pod[];
  readonly pool: NodePool;
  readonly nominated: boolean;
}

/** Which empty nodes go now, and why others that are empty and quiet do not. */
export interface EmptinessPlan {
  readonly remove: readonly DisruptionNode[];
  readonly blocked: readonly { readonly target: DisruptionNode; readonly reason: string }[];
}

/** Empty and quiet nodes, as many as the budgets of their pools allow, oldest quiet first (karpenter.md §4.8, §4.10). */
export function planEmptiness(nodes: readonly DisruptionNode[], now: Date): EmptinessPlan {
  const remove: DisruptionNode[] = [];
  const blocked: { readonly target: DisruptionNode; readonly reason: string }[] = [];
  const left = new Map<string, number>();
  for (const target of nodes.filter(isEmptyCandidate).sort(byName)) {
    const pool = target.pool.metadata.name;
    const reason = blockedReason(target, now);
    if (reason !== undefined) {
      blocked.push({ target, reason });
      continue;
    }
    const remaining = left.get(pool) ?? budgetOf(target.pool, { nodes, now });
    if (remaining <= 0)
      blocked.push({
        target,
        reason: `the disruption budget of NodePool ${JSON.stringify(pool)} allows no more nodes for now`,
      });
    else remove.push(target);
    left.set(pool, Math.max(0, remaining - 1));
  }
  return { remove, blocked };
}

function byName(a: DisruptionNode, b: DisruptionNode): number {
  return a.claim.metadata.name < b.claim.metadata.name ? -1 : 1;
}

/** Initialized, quiet for consolidateAfter, not going already, and nothing on it needs another home. */
function isEmptyCandidate({ claim, node, pods }: DisruptionNode): boolean {
  const { conditions } = claim.status ?? {};
  return (
    isConditionTrue(conditions, "Initialized") &&
    isConditionTrue(conditions, "Consolidatable") &&
    claim.metadata.deletionTimestamp === undefined &&
    node.metadata.deletionTimestamp === undefined &&
    !pods.some(isReschedulable)
  );
}

function blockedReason({ node, pods, nominated }: DisruptionNode, now: Date): string | undefined {
  if (nominated) return "pods are nominated to this node";
  if (node.metadata.annotations?.[ANNOTATIONS.doNotDisrupt] === "true")
    return `the node carries the annotation ${ANNOTATIONS.doNotDisrupt}`;
  const holder = pods.find(
    (pod) => !isMirrorPod(pod) && !isTerminal(pod) && !isTerminating(pod) && doNotDisruptOf(pod, now).kind === "active",
  );
  if (holder !== undefined)
    return `pod ${formatObjectKey(holder.metadata)} carries the annotation ${ANNOTATIONS.doNotDisrupt}`;
  return undefined;
}

function budgetOf(
  pool: NodePool,
  { nodes, now }: { readonly nodes: readonly DisruptionNode[]; readonly now: Date },
): number {
  const counted = nodes.filter(
    ({ claim, pool: owner }) =>
      owner.metadata.name === pool.metadata.name &&
      isConditionTrue(claim.status?.conditions, "Initialized") &&
      !isConditionTrue(claim.status?.conditions, "InstanceTerminating"),
  );
  const disrupting = counted.filter(
    ({ claim, node }) =>
      claim.metadata.deletionTimestamp !== undefined ||
      node.metadata.deletionTimestamp !== undefined ||
      !isConditionTrue(node.status?.conditions, "Ready"),
  );
  return remainingBudget(pool.spec.disruption?.budgets, {
    nodes: counted.length,
    disrupting: disrupting.length,
    reason: "Empty",
    now,
  });
}
