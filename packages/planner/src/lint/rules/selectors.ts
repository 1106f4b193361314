import type { LabelSelector, PodAffinityTerm } from "@nodeless/api";
import { formatLabelClauses, labelSelectorClauses, matchesLabelSelector } from "@nodeless/api";
import type { SourceDocument } from "../../contract.ts";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";
import { makesUnknownPods, selectsAnyPod, workloadsIn } from "../manifests/by-namespace.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, atPod, eachWorkload, valueAt } from "./hits.ts";

/** Selectors that select nothing. They speak only where the input has workloads that could have been meant. */
export const SELECTOR_RULES: readonly LintRule[] = [
  selectorRule({
    id: "service-selects-nothing",
    kind: "Service",
    title: "Service that selects no pod",
    why: "It has no endpoints: connections are refused.",
    path: ["spec", "selector"],
    read: (selector) => ({ matchLabels: selector as Readonly<Record<string, string>> }),
  }),
  selectorRule({
    id: "pdb-selects-nothing",
    kind: "PodDisruptionBudget",
    title: "PodDisruptionBudget that selects no pod",
    why: "It protects nothing: all pods it was written for may be evicted at once.",
    path: ["spec", "selector"],
    read: (selector) => selector as LabelSelector,
  }),
  selectorRule({
    id: "network-policy-selects-nothing",
    kind: "NetworkPolicy",
    title: "NetworkPolicy that selects no pod",
    why: "It forbids nothing.",
    path: ["spec", "podSelector"],
    read: (selector) => selector as LabelSelector,
  }),
  {
    id: "affinity-selects-nothing",
    severity: "warning",
    title: "pod affinity or anti-affinity that selects no pod",
    why: "Required affinity to pods that do not exist keeps the pod Pending; anti-affinity to them keeps nothing apart.",
    source: "Kubernetes, assigning pods to nodes",
    check: eachWorkload(function* (workload, project) {
      for (const { term, path, isRequired } of affinityTerms(workload)) {
        const { labelSelector, namespaces, namespaceSelector } = term;
        if (labelSelector === undefined || namespaceSelector !== undefined || (namespaces ?? []).length > 0) continue;
        if (selectsAnyPod(project, workload.namespace, labelSelector) || makesUnknownPods(project, workload.namespace))
          continue;
        yield atPod(workload, path, {
          message: `no pod in namespace ${workload.namespace} has ${textOf(labelSelector)}${isRequired ? "; the pod stays Pending" : ""}`,
          remedy: "select labels that a pod template of the namespace has",
        });
      }
    }),
  },
  {
    id: "spread-selects-nothing",
    severity: "warning",
    title: "topology spread that does not count its own pods",
    why: "Only pods that the selector matches are counted: without one of its own the constraint always holds, and all replicas may land in one zone.",
    source: "Kubernetes, pod topology spread constraints",
    check: eachWorkload(function* (workload) {
      const { topologySpreadConstraints = [] } = workload.pod.spec;
      for (const [index, { labelSelector }] of topologySpreadConstraints.entries())
        if (!matchesLabelSelector(labelSelector, workload.pod.metadata.labels))
          yield atPod(
            workload,
            ["spec", "topologySpreadConstraints", index, ...(labelSelector === undefined ? [] : ["labelSelector"])],
            {
              message:
                labelSelector === undefined
                  ? "has no labelSelector and counts no pod"
                  : `selects ${textOf(labelSelector)}, which the pod itself does not have`,
              remedy: "select the labels of the pod template",
            },
          );
    }),
  },
];

interface SelectorRule {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly why: string;
  readonly path: Path;
  readonly read: (selector: Readonly<Record<string, unknown>>) => LabelSelector;
}

function selectorRule({ id, kind, title, why, path, read }: SelectorRule): LintRule {
  return {
    id,
    severity: "warning",
    title,
    why,
    source: "Kubernetes, labels and selectors",
    check: function* (project): Iterable<LintHit> {
      for (const document of project.documents) {
        const selector = document.kind === kind ? valueAt(document.object, path) : undefined;
        if (!isPlainObject(selector) || Object.keys(selector).length === 0) continue;
        const said = nothingSelected(read(selector), document, project);
        if (said !== undefined) yield atDocument(document, path, said);
      }
    },
  };
}

/** Why nothing is selected; undefined when something is, or when the input does not have what could be. */
function nothingSelected(
  selector: LabelSelector,
  { namespace = "default" }: SourceDocument,
  project: LintProject,
): { readonly message: string; readonly remedy: string } | undefined {
  if (selectsAnyPod(project, namespace, selector) || makesUnknownPods(project, namespace)) return undefined;
  const elsewhere = project.workloads.find(
    (workload) => workload.namespace !== namespace && matchesLabelSelector(selector, workload.pod.metadata.labels),
  );
  if (elsewhere !== undefined)
    return {
      message: `no pod in namespace ${namespace} has ${textOf(selector)}; ${elsewhere.subject} has, in another namespace`,
      remedy: `write metadata.namespace: ${elsewhere.namespace}`,
    };
  const neighbours = workloadsIn(project, namespace);
  if (neighbours.length === 0) return undefined;
  return {
    message: `no pod in namespace ${namespace} has ${textOf(selector)}`,
    remedy: `select labels of a pod template${nearest(selector, neighbours)}`,
  };
}

const textOf = (selector: LabelSelector): string => formatLabelClauses(labelSelectorClauses(selector));

/** `; Deployment default/web has app=web`: one that has a key of the selector with another value. */
function nearest({ matchLabels = {} }: LabelSelector, workloads: readonly LintWorkload[]): string {
  for (const { subject, pod } of workloads)
    for (const key of Object.keys(matchLabels)) {
      const value = pod.metadata.labels?.[key];
      if (value !== undefined && value !== matchLabels[key]) return `; ${subject} has ${key}=${value}`;
    }
  return "";
}

interface AffinityTerm {
  readonly term: PodAffinityTerm;
  readonly path: Path;
  readonly isRequired: boolean;
}

function* affinityTerms({ pod }: LintWorkload): Iterable<AffinityTerm> {
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const affinity = pod.spec.affinity?.[kind];
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const base = ["spec", "affinity", kind];
    for (const [index, term] of required.entries())
      yield {
        term,
        path: [...base, "requiredDuringSchedulingIgnoredDuringExecution", index, "labelSelector"],
        isRequired: kind === "podAffinity",
      };
    for (const [index, { podAffinityTerm }] of preferred.entries())
      yield {
        term: podAffinityTerm,
        path: [...base, "preferredDuringSchedulingIgnoredDuringExecution", index, "podAffinityTerm", "labelSelector"],
        isRequired: false,
      };
  }
}
