import type { LabelSelector, LabelSelectorRequirement } from "@nodeless/api";
import { labelSelectorClauses, matchesClauses } from "@nodeless/api";
import type { FieldErrors } from "../field-errors.ts";
import { labelValueProblems, qualifiedNameProblems } from "./names.ts";
import { validateLabels } from "./object-meta.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

/** Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string, errors: FieldErrors): void {
  validateLabels(selector?.matchLabels, `${path}.matchLabels`, errors);
  for (const [index, requirement] of (selector?.matchExpressions ?? []).entries())
    validateRequirement(requirement, `${path}.matchExpressions[${index}]`, errors);
}

function validateRequirement(
  { key, operator, values = [] }: LabelSelectorRequirement,
  path: string,
  errors: FieldErrors,
): void {
  if (!OPERATORS.includes(operator)) errors.invalid(`${path}.operator`, operator, "not a valid selector operator");
  else if ((operator === "In" || operator === "NotIn") && values.length === 0)
    errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
  else if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0)
    errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  errors.invalidAll(`${path}.key`, key, qualifiedNameProblems(key));
  for (const [index, value] of values.entries())
    errors.invalidAll(`${path}.values[${index}]`, value, labelValueProblems(value));
}

export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  selector === undefined || labelSelectorClauses(selector).length === 0;

/** Workloads must select the pods they make. */
export function validateTemplateMatches(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  errors: FieldErrors,
): void {
  if (selector === undefined || isEmptySelector(selector)) return;
  if (!matchesClauses(labelSelectorClauses(selector), labels))
    errors.invalid("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`");
}
