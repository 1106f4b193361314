import type { Node } from "@nodeless/api";
import { compareQuantities } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { FieldErrors } from "../field-errors.ts";
import { labelValueProblems, qualifiedNameProblems } from "./names.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateNode. */
export function validateNode({ spec, status }: Node, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { key, value = "", effect }] of (spec?.taints ?? []).entries()) {
    const field = `spec.taints[${index}]`;
    errors.invalidAll(`${field}.key`, key, qualifiedNameProblems(key));
    errors.invalidAll(`${field}.value`, value, labelValueProblems(value));
    errors.oneOf(`${field}.effect`, effect, EFFECTS);
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) errors.duplicate(field, { key, value, effect });
    seen.add(identity);
  }
  for (const [name, quantity] of Object.entries(status?.capacity ?? {}))
    if (compareQuantities(quantity, "0") < 0)
      errors.invalid(`status.capacity.${name}`, quantity, "must be greater than or equal to 0");
}

/** A node keeps its provider and, once given, its addresses for pods. */
export function validateNodeUpdate({ spec }: Node, { spec: old }: Node, errors: FieldErrors): void {
  if (old?.providerID !== undefined && spec?.providerID !== old.providerID)
    errors.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid');
  if ((old?.podCIDRs ?? []).length > 0 && !jsonEqual(old?.podCIDRs, spec?.podCIDRs))
    errors.forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid');
}
