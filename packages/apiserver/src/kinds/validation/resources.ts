import type { ResourceRequirements } from "@nodeless/api";
import { compareQuantities } from "@nodeless/api";
import type { FieldErrors } from "../field-errors.ts";
import { qualifiedNameProblems } from "./names.ts";

const STANDARD = new Set(["cpu", "memory", "ephemeral-storage"]);
const isNative = (name: string): boolean => !name.includes("/") || name.startsWith("kubernetes.io/");
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
/** Devices and huge pages cannot be overcommitted. */
const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Requests and limits of a container. Source: kubernetes/kubernetes pkg/apis/core/validation, validateContainerResourceRequirements. */
export function validateResources(
  resources: ResourceRequirements | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (resources === undefined) return;
  const { requests = {}, limits = {} } = resources;
  for (const [name, quantity] of Object.entries(limits)) validateAmount(name, quantity, `${path}.limits`, errors);
  for (const [name, quantity] of Object.entries(requests)) {
    validateAmount(name, quantity, `${path}.requests`, errors);
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined) {
      if (!isOvercommitAllowed(name))
        errors.required(`${path}.limits`, "Limit must be set for non overcommitable resources");
      continue;
    }
    const difference = compareQuantities(quantity, limit);
    if (difference !== 0 && !isOvercommitAllowed(name))
      errors.invalid(`${path}.requests`, quantity, `must be equal to ${name} limit of ${limit}`);
    else if (difference > 0)
      errors.invalid(`${path}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`);
  }
}

function validateAmount(name: string, quantity: string, path: string, errors: FieldErrors): void {
  const field = `${path}[${name}]`;
  errors.invalidAll(field, name, qualifiedNameProblems(name));
  if (!name.includes("/") && !STANDARD.has(name) && !isHugePages(name))
    errors.invalid(field, name, "must be a standard resource for containers");
  if (compareQuantities(quantity, "0") < 0) errors.invalid(field, quantity, "must be greater than or equal to 0");
  // Devices come whole: a fractional one would be milli-units in canonical form.
  if (name.includes("/") && !isNative(name) && /[mun]$/.test(quantity))
    errors.invalid(field, quantity, "must be an integer");
}
