import type { Node, NodeClaim, Pod, ResourceAmounts, Taint } from "@nodeless/api";
import { LABELS, parseResourceList, podRequests, TAINTS } from "@nodeless/api";
import { type ExistingNode, matchesNodeAffinity, toleratesTaints } from "@nodeless/scheduling";
import { poolNameOf } from "../state/effective-pools.ts";
import { isDaemonSetPod, isTerminal } from "../state/pods.ts";
import { addAmounts, subtractAmounts } from "./resource-lists.ts";

/** A node, its claim, or both, with the pods bound to it. */
export interface ObservedNode {
  readonly node?: Node;
  readonly claim?: NodeClaim;
  readonly pods: readonly Pod[];
}

/** Taints that go away while a node comes up. Source: karpenter.md §2.3. */
export function isEphemeralTaint({ key, effect, value }: Taint): boolean {
  if (key === TAINTS.notReady || key === TAINTS.unreachable) return effect === "NoSchedule" || effect === "NoExecute";
  if (key === "node.cloudprovider.kubernetes.io/uninitialized") return effect === "NoSchedule" && value === "true";
  if (key === TAINTS.unregistered) return effect === "NoExecute";
  return key.startsWith("readiness.k8s.io/");
}

/** Two taints occupy the same place on a node. */
export const isSameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/**
 * A node as scheduling sees it (karpenter.md §3.6): while it comes up, the claim fills in labels, taints and amounts that the node does
 * not report yet, and what goes away by itself is left out. `attachments`: what its pods attach, and how much it may attach.
 */
export function existingNode(
  observed: ObservedNode,
  daemonSetPods: readonly Pod[],
  attachments: (pods: readonly Pod[]) => Pick<ExistingNode, "attachLimits" | "attachedVolumes">,
): ExistingNode | undefined {
  const { node, claim } = observed;
  const name = node?.metadata.name ?? claim?.metadata.name;
  if (name === undefined) return undefined;
  const initialized = claim === undefined || node?.metadata.labels?.[LABELS.nodeInitialized] === "true";
  const labels = initialized
    ? (node?.metadata.labels ?? {})
    : {
        ...claim.metadata.labels,
        ...node?.metadata.labels,
        [LABELS.hostname]: node?.metadata.labels?.[LABELS.hostname] ?? name,
      };
  const taints = initialized ? (node?.spec?.taints ?? []) : comingTaints(observed);
  const pods = observed.pods.filter((pod) => !isTerminal(pod));
  const nodePool = claim === undefined ? undefined : poolNameOf(claim);
  const allocatable = initialized ? parseResourceList(node?.status?.allocatable) : comingAllocatable(observed);
  return {
    name,
    labels,
    taints,
    allocatable,
    pods,
    pendingDaemonRequests: pendingDaemonRequests({ name, labels, taints, pods }, daemonSetPods),
    initialized,
    ...(nodePool === undefined ? {} : { nodePool }),
    ...attachments(pods),
  };
}

function comingTaints({ node, claim }: ObservedNode): readonly Taint[] {
  const own =
    node !== undefined && node.metadata.labels?.[LABELS.nodeRegistered] === "true" ? (node.spec?.taints ?? []) : [];
  const startup = claim?.spec.startupTaints ?? [];
  const promised = claim?.spec.taints ?? [];
  const present = own.filter((taint) => !promised.some((other) => isSameTaint(other, taint)));
  return [...promised, ...present].filter(
    (taint) => !isEphemeralTaint(taint) && !startup.some((other) => isSameTaint(other, taint)),
  );
}

/** Extended resources arrive late: what a node reports as nothing is taken from the claim. */
function comingAllocatable({ node, claim }: ObservedNode): ResourceAmounts {
  const promised = parseResourceList(claim?.status?.allocatable ?? claim?.spec.resources?.requests);
  const reported = parseResourceList(node?.status?.allocatable);
  const merged = new Map(promised);
  for (const [name, amount] of reported) if (amount > 0) merged.set(name, amount);
  return merged;
}

interface DaemonTarget {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly pods: readonly Pod[];
}

/** Requests of the daemons that will come to this node and are not bound yet. */
function pendingDaemonRequests(node: DaemonTarget, daemonSetPods: readonly Pod[]): ResourceAmounts {
  const expected = daemonSetPods.filter(
    (pod) => matchesNodeAffinity(pod, node) && toleratesTaints(pod.spec?.tolerations, node.taints),
  );
  return subtractAmounts(requestsOf(expected), requestsOf(node.pods.filter(isDaemonSetPod)));
}

function requestsOf(pods: readonly Pod[]): ResourceAmounts {
  let total: Map<string, number> = new Map();
  for (const { spec } of pods) if (spec !== undefined) total = addAmounts(total, podRequests(spec).set("pods", 1));
  return total;
}
