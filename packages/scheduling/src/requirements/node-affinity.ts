import type { NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec } from "@nodeless/api";
import type { Requirement } from "../model.ts";
import { labelOf } from "./labels.ts";
import { allowsLabel, allowsValue, requirement } from "./requirement.ts";

/** What node affinity looks at on a node. */
export interface LabelledNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The scheduler's node affinity rule: nodeSelector and at least one required term hold; terms may name the node by
 * `matchFields: metadata.name`. A term without any expression matches nothing.
 * Source: k8s.io/component-helpers scheduling/corev1/nodeaffinity (release 1.36).
 */
export function matchesNodeAffinity(pod: Pick<Pod, "spec">, node: LabelledNode): boolean {
  const spec = pod.spec;
  if (spec === undefined) return true;
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {}))
    if (labelOf(node.labels, key) !== value) return false;
  const terms = requiredTerms(spec);
  return terms === undefined || terms.some((term) => matchesNodeSelectorTerm(term, node));
}

/** The OR-terms of required node affinity; undefined when the pod has none. */
export function requiredTerms(spec: Pick<PodSpec, "affinity">): readonly NodeSelectorTerm[] | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** True if every expression and field of the term holds; a term with neither matches nothing. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: LabelledNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((one) => allowsLabel(expressionRequirement(one), labelOf(node.labels, one.key))) &&
    fields.every((one) => one.key === "metadata.name" && allowsValue(expressionRequirement(one), node.name))
  );
}

const parsed = new WeakMap<NodeSelectorRequirement, Requirement>();

/** Objects of the cluster are immutable, so that each expression is parsed once. */
function expressionRequirement(expression: NodeSelectorRequirement): Requirement {
  let known = parsed.get(expression);
  if (known === undefined) {
    known = requirement(expression.key, expression.operator, expression.values);
    parsed.set(expression, known);
  }
  return known;
}
