import type { Container, Pod, PodSpec, Toleration } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { FieldErrors } from "../field-errors.ts";

const CHANGEABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodUpdate and its siblings. */
export function validatePodUpdate(pod: Pod, old: Pod, errors: FieldErrors, subresource: string): void {
  if (subresource === "") validateSpecUpdate(pod.spec, old.spec, errors);
  if (subresource === "ephemeralcontainers") validateEphemeralUpdate(pod.spec, old.spec, errors);
}

function validateSpecUpdate(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  if (spec.containers.length !== old.containers.length) {
    errors.forbidden("spec.containers", "pod updates may not add or remove containers");
    return;
  }
  if ((spec.initContainers ?? []).length !== (old.initContainers ?? []).length) {
    errors.forbidden("spec.initContainers", "pod updates may not add or remove containers");
    return;
  }
  validateDeadline(spec, old, errors);
  validateTolerations(spec.tolerations ?? [], old.tolerations ?? [], errors);
  validateGates(spec, old, errors);
  const wanted = withChangeable(spec, old);
  if (!jsonEqual(wanted, old)) errors.forbidden("spec", `${CHANGEABLE}\n${difference(wanted, old)}`);
}

function validateDeadline(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (before === undefined) return;
  if (now === undefined || now > before)
    errors.invalid("spec.activeDeadlineSeconds", now ?? null, "must be less than or equal to previous value");
}

function validateTolerations(now: readonly Toleration[], old: readonly Toleration[], errors: FieldErrors): void {
  const identity = ({ tolerationSeconds: _seconds, ...rest }: Toleration): unknown => rest;
  const kept = old.every((toleration) => now.some((candidate) => jsonEqual(identity(candidate), identity(toleration))));
  if (!kept)
    errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
}

function validateGates({ schedulingGates = [] }: PodSpec, old: PodSpec, errors: FieldErrors): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  for (const [index, { name }] of schedulingGates.entries())
    if (!before.has(name))
      errors.forbidden(
        `spec.schedulingGates[${index}].name`,
        `only deletion is allowed, but found new scheduling gate '${name}'`,
      );
}

/** The new spec with everything that may change set back to the old value: what differs then is forbidden. */
function withChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const gated = (old.schedulingGates ?? []).length > 0;
  const graceShortened = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  return takeFrom(
    old,
    {
      ...spec,
      containers: withImagesOf(spec.containers, old.containers),
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: withImagesOf(spec.initContainers, old.initContainers ?? []) }),
    },
    [
      "activeDeadlineSeconds",
      "tolerations",
      "schedulingGates",
      "ephemeralContainers",
      ...(graceShortened ? (["terminationGracePeriodSeconds"] as const) : []),
      ...(gated ? (["nodeSelector", "affinity"] as const) : []),
    ],
  );
}

function takeFrom(old: PodSpec, spec: PodSpec, fields: readonly (keyof PodSpec)[]): PodSpec {
  const result: Partial<Record<keyof PodSpec, unknown>> = { ...spec };
  for (const field of fields) {
    if (old[field] === undefined) delete result[field];
    else result[field] = old[field];
  }
  return result as unknown as PodSpec;
}

function withImagesOf(containers: readonly Container[], old: readonly Container[]): readonly Container[] {
  return containers.map((container, index) => {
    const image = old[index]?.image;
    return image === undefined ? container : { ...container, image };
  });
}

/** The changed fields, old value first, as a reader of the error needs them. */
function difference(spec: PodSpec, old: PodSpec): string {
  const fields = [...new Set([...Object.keys(old), ...Object.keys(spec)])] as (keyof PodSpec)[];
  return fields
    .filter((field) => !jsonEqual(spec[field], old[field]))
    .map(
      (field) =>
        `- ${field}: ${JSON.stringify(old[field]) ?? "unset"}\n+ ${field}: ${JSON.stringify(spec[field]) ?? "unset"}`,
    )
    .join("\n");
}

function validateEphemeralUpdate(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  const now = new Map((spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const container of old.ephemeralContainers ?? []) {
    const candidate = now.get(container.name);
    if (candidate === undefined)
      errors.forbidden(
        "spec.ephemeralContainers",
        `existing ephemeral containers ${JSON.stringify(container.name)} may not be removed\n`,
      );
    else if (!jsonEqual(candidate, container))
      errors.forbidden(
        "spec.ephemeralContainers",
        `existing ephemeral containers ${JSON.stringify(container.name)} may not be changed\n`,
      );
  }
  const taken = new Set([...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name));
  for (const [index, { name, image = "" }] of (spec.ephemeralContainers ?? []).entries()) {
    if (taken.has(name)) errors.duplicate(`spec.ephemeralContainers[${index}].name`, name);
    if (image === "") errors.required(`spec.ephemeralContainers[${index}].image`);
    taken.add(name);
  }
}
