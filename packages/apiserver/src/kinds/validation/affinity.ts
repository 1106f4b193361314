import type { Affinity, NodeSelectorTerm, PodAffinityTerm } from "@nodeless/api";
import type { FieldErrors } from "../field-errors.ts";
import { qualifiedNameProblems } from "./names.ts";
import { validateLabelSelector } from "./selectors.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
const WEIGHT_TEXT = "must be in the range 1-100";

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateAffinity. */
export function validateAffinity(affinity: Affinity | undefined, path: string, errors: FieldErrors): void {
  const node = affinity?.nodeAffinity;
  const required = node?.requiredDuringSchedulingIgnoredDuringExecution;
  const field = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`;
  if (required !== undefined && (required.nodeSelectorTerms ?? []).length === 0)
    errors.required(`${field}.nodeSelectorTerms`, "must have at least one node selector term");
  for (const [index, term] of (required?.nodeSelectorTerms ?? []).entries())
    validateNodeTerm(term, `${field}.nodeSelectorTerms[${index}]`, errors);
  for (const [index, { weight, preference }] of (
    node?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  ).entries()) {
    const preferred = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    validateWeight(weight, `${preferred}.weight`, errors);
    validateNodeTerm(preference ?? {}, `${preferred}.preference`, errors);
  }
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const rules = affinity?.[kind];
    for (const [index, term] of (rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
      validatePodTerm(term, `${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, errors);
    for (const [index, item] of (rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const preferred = `${path}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      validateWeight(item.weight, `${preferred}.weight`, errors);
      validatePodTerm(item.podAffinityTerm, `${preferred}.podAffinityTerm`, errors);
    }
  }
}

function validateWeight(weight: number | undefined, field: string, errors: FieldErrors): void {
  if (weight === undefined || weight < 1 || weight > 100) errors.invalid(field, weight ?? 0, WEIGHT_TEXT);
}

function validateNodeTerm(term: NodeSelectorTerm, path: string, errors: FieldErrors): void {
  for (const [index, { key, operator, values = [] }] of (term.matchExpressions ?? []).entries()) {
    const field = `${path}.matchExpressions[${index}]`;
    errors.invalidAll(`${field}.key`, key, qualifiedNameProblems(key));
    if (!OPERATORS.includes(operator)) errors.invalid(`${field}.operator`, operator, "not a valid selector operator");
    else if ((operator === "In" || operator === "NotIn") && values.length === 0)
      errors.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    else if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0)
      errors.forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    else if ((operator === "Gt" || operator === "Lt") && values.length !== 1)
      errors.required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  }
}

function validatePodTerm(term: PodAffinityTerm | undefined, path: string, errors: FieldErrors): void {
  const topologyKey = term?.topologyKey ?? "";
  if (topologyKey === "") errors.required(`${path}.topologyKey`, "can not be empty");
  else errors.invalidAll(`${path}.topologyKey`, topologyKey, qualifiedNameProblems(topologyKey));
  validateLabelSelector(term?.labelSelector, `${path}.labelSelector`, errors);
}
