import type { NodeSelectorTerm, Pod } from "@nodeless/api";
import { FARGATE_SCHEDULER, LABELS } from "@nodeless/api";
import { isBound, isDaemonSetPod, isMirrorPod, isTerminal, isTerminating } from "../state/pods.ts";

/** What the provisioner does with a pod. */
export type PodVerdict =
  | { readonly kind: "provision" }
  /** None of our business: bound, finished, a daemon, somebody else's scheduler. */
  | { readonly kind: "ignore" }
  /** Ours, but no node can help; the user should know why. */
  | { readonly kind: "refuse"; readonly message: string };

const IGNORE: PodVerdict = { kind: "ignore" };

/**
 * Whether a pod waits for a node that we should launch: the scheduler called it Unschedulable, it is not preempting, not a daemon or
 * mirror, and not EKS Fargate's. Source: karpenter.md §3.2; Fargate pods are left out on purpose (trap 13).
 */
export function judgePod(pod: Pod): PodVerdict {
  if (pod.spec === undefined || isBound(pod) || isTerminal(pod) || isTerminating(pod)) return IGNORE;
  if (pod.spec.schedulerName === FARGATE_SCHEDULER) return IGNORE;
  if (isDaemonSetPod(pod) || isMirrorPod(pod)) return IGNORE;
  if (!isUnschedulable(pod) || (pod.status?.nominatedNodeName ?? "") !== "") return IGNORE;
  const terms = requiredTerms(pod);
  if (terms.some(forbidsOurNodes)) return IGNORE;
  if (terms.some((term) => (term.matchFields ?? []).length > 0))
    return {
      kind: "refuse",
      message: "required node affinity uses matchFields, which names one existing node; no new node can match",
    };
  return { kind: "provision" };
}

export const isProvisionable = (pod: Pod): boolean => judgePod(pod).kind === "provision";

function isUnschedulable(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some(
      ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
    ) === true
  );
}

function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

/** The usual way to keep a pod (the controller itself) off launched nodes; refused quietly. */
function forbidsOurNodes(term: NodeSelectorTerm): boolean {
  return (term.matchExpressions ?? []).some(
    ({ key, operator }) => operator === "DoesNotExist" && (key === LABELS.nodePool || key === LABELS.provisionerName),
  );
}
