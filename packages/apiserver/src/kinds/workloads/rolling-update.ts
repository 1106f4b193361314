import type { FieldErrors } from "../field-errors.ts";

type IntOrPercent = number | string | undefined;

/** `25%` or a whole number, not negative. */
export function validateIntOrPercent(value: IntOrPercent, field: string, errors: FieldErrors): void {
  if (value === undefined) return;
  if (typeof value === "number") errors.nonNegative(field, value);
  else if (!/^\d+%$/.test(value))
    errors.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    );
}

const isZero = (value: IntOrPercent): boolean => value === 0 || value === "0%" || value === undefined;
const percentOf = (value: IntOrPercent): number =>
  typeof value === "string" && value.endsWith("%") ? Number(value.slice(0, -1)) : 0;

/** Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateRollingUpdateDeployment. */
export function validateRollingUpdate(
  rolling: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string } | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (rolling === undefined) return;
  const { maxSurge, maxUnavailable } = rolling;
  validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`, errors);
  validateIntOrPercent(maxSurge, `${path}.maxSurge`, errors);
  if (isZero(maxSurge) && isZero(maxUnavailable))
    errors.invalid(`${path}.maxUnavailable`, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0");
  if (percentOf(maxUnavailable) > 100)
    errors.invalid(`${path}.maxUnavailable`, maxUnavailable, "must not be greater than 100%");
}
