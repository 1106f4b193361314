import type { Draft, LabelSelector, PodTemplateSpec } from "@nodeless/api";
import { applyPodSpecDefaults } from "../defaults/pod-spec.ts";
import type { FieldErrors } from "../field-errors.ts";
import { validateAnnotations, validateLabels } from "../validation/object-meta.ts";
import { validatePodSpec } from "../validation/pod-spec.ts";
import { isEmptySelector, validateLabelSelector, validateTemplateMatches } from "../validation/selectors.ts";

/** A template with its defaults, made if it is missing: Go has no missing structs either. */
export function defaultedTemplate(template: Draft<PodTemplateSpec> | undefined): Draft<PodTemplateSpec> {
  const result = template ?? {};
  result.metadata ??= {};
  result.spec ??= { containers: [] };
  result.spec.containers ??= [];
  applyPodSpecDefaults(result.spec);
  return result;
}

interface TemplateRules {
  /** What restartPolicy may be. */
  readonly restartPolicies: readonly string[];
}

export function validateTemplate(
  template: PodTemplateSpec | undefined,
  path: string,
  errors: FieldErrors,
  { restartPolicies }: TemplateRules,
): void {
  if (template?.spec === undefined) {
    errors.required(path);
    return;
  }
  validateLabels(template.metadata?.labels, `${path}.metadata.labels`, errors);
  validateAnnotations(template.metadata?.annotations, `${path}.metadata.annotations`, errors);
  validatePodSpec(template.spec, `${path}.spec`, errors);
  const { restartPolicy, activeDeadlineSeconds } = template.spec;
  if (restartPolicy !== undefined && !restartPolicies.includes(restartPolicy))
    errors.notSupported(`${path}.spec.restartPolicy`, restartPolicy, restartPolicies);
  if (activeDeadlineSeconds !== undefined && restartPolicies.includes("Always"))
    errors.forbidden(`${path}.spec.activeDeadlineSeconds`, "activeDeadlineSeconds in ReplicaSet is not Supported");
}

interface Selecting {
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
}

/** A workload's selector must be set, sound, and match its own template. `kind` in lower case is the word for it in the text. */
export function validateSelecting({ selector, template }: Selecting, errors: FieldErrors, kind: string): void {
  if (selector === undefined) errors.required("spec.selector");
  else {
    validateLabelSelector(selector, "spec.selector", errors);
    if (isEmptySelector(selector)) errors.invalid("spec.selector", selector, `empty selector is invalid for ${kind}`);
  }
  validateTemplateMatches(selector, template?.metadata?.labels, errors);
  validateTemplate(template, "spec.template", errors, { restartPolicies: ["Always"] });
}
