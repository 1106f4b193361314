import type { NodeSelectorTerm, PodSpec } from "@nodeless/api";
import { LABELS, normalizedLabelKey, restrictedLabelReason, WELL_KNOWN_LABELS } from "@nodeless/api";
import type { Rejection } from "../model.ts";
import { requiredTerms } from "../requirements/node-affinity.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";

/** Why a pod is not planned for at all, whatever nodes there are. */
export interface PodRefusal {
  readonly rule: Rejection["rule"];
  readonly message: string;
}

/**
 * Karpenter rejects some pods before it looks at any node (karpenter.md §3.2): volumes that are unusable, required node affinity by field,
 * a required term that keeps the pod off every NodePool, and selectors on labels that only Karpenter writes. A selector on
 * `kubernetes.io/hostname` is not refused here: no new node can meet it, an existing one may.
 */
export function refusalOf(spec: PodSpec, volumes: PodVolumes | undefined): PodRefusal | undefined {
  if (volumes?.unusable !== undefined) return { rule: "volumes", message: volumes.unusable };
  const terms = requiredTerms(spec) ?? [];
  if (terms.some(({ matchFields }) => (matchFields ?? []).length > 0))
    return {
      rule: "unsupported",
      message: "required node affinity uses matchFields, which names one existing node; no new node can match",
    };
  if (terms.some(keepsOffPools))
    return {
      rule: "requirements",
      message: `asks for nodes without ${LABELS.nodePool}; every node of a NodePool has it`,
    };
  for (const key of selectedKeys(spec, terms)) {
    const reason = key === LABELS.hostname || WELL_KNOWN_LABELS.has(key) ? undefined : restrictedLabelReason(key);
    if (reason !== undefined) return { rule: "requirements", message: `selects a restricted label: ${reason}` };
  }
  return undefined;
}

/** The usual way to keep a pod, such as the controller itself, off the nodes that it launches. */
function keepsOffPools({ matchExpressions }: NodeSelectorTerm): boolean {
  return (matchExpressions ?? []).some(
    ({ key, operator }) => operator === "DoesNotExist" && (key === LABELS.nodePool || key === LABELS.provisionerName),
  );
}

function selectedKeys({ nodeSelector, affinity }: PodSpec, terms: readonly NodeSelectorTerm[]): ReadonlySet<string> {
  const preferred = affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const all = [...terms, ...preferred.map(({ preference }) => preference)];
  return new Set(
    [
      ...Object.keys(nodeSelector ?? {}),
      ...all.flatMap(({ matchExpressions }) => (matchExpressions ?? []).map(({ key }) => key)),
    ].map(normalizedLabelKey),
  );
}
