import type { ObjectMeta } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { NameRule } from "../behaviour.ts";
import type { FieldErrors } from "../field-errors.ts";
import { labelValueProblems, qualifiedNameProblems, SUBDOMAIN_NAME } from "./names.ts";

/** Keys and values of all annotations of one object. Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** Rules of metadata on create. A missing name is the caller's to report: it may still be generated. */
export function validateObjectMeta(
  metadata: Partial<ObjectMeta>,
  errors: FieldErrors,
  { namespaced, nameRule = SUBDOMAIN_NAME }: { readonly namespaced: boolean; readonly nameRule?: NameRule | undefined },
): void {
  const { name = "", generateName = "", namespace = "" } = metadata;
  if (generateName !== "") errors.invalidAll("metadata.generateName", generateName, nameRule(generateName, true));
  if (name !== "") errors.invalidAll("metadata.name", name, nameRule(name, false));
  if (!namespaced && namespace !== "") errors.forbidden("metadata.namespace", "not allowed on this type");
  validateMutableMeta(metadata, errors);
}

/** Rules of metadata on update; that name, uid and times stay is the caller's. */
export function validateObjectMetaUpdate(
  metadata: Partial<ObjectMeta>,
  old: Partial<ObjectMeta>,
  errors: FieldErrors,
): void {
  const isKept = MUTABLE.every((field) => jsonEqual(metadata[field], old[field]));
  if (!isKept) validateMutableMeta(metadata, errors);
}

const MUTABLE = ["labels", "annotations", "finalizers", "ownerReferences"] as const;

function validateMutableMeta(metadata: Partial<ObjectMeta>, errors: FieldErrors): void {
  validateLabels(metadata.labels, "metadata.labels", errors);
  validateAnnotations(metadata.annotations, "metadata.annotations", errors);
  validateOwners(metadata, errors);
  for (const [index, finalizer] of (metadata.finalizers ?? []).entries())
    errors.invalidAll(`metadata.finalizers[${index}]`, finalizer, qualifiedNameProblems(finalizer));
}

/** Keys are qualified names, values short words. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
  errors: FieldErrors,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.invalidAll(field, key, qualifiedNameProblems(key));
    errors.invalidAll(field, value, labelValueProblems(value));
  }
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
  errors: FieldErrors,
): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.invalidAll(field, key, qualifiedNameProblems(key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) errors.tooLong(field, ANNOTATIONS_BYTES_MAX);
}

function validateOwners({ ownerReferences = [] }: Partial<ObjectMeta>, errors: FieldErrors): void {
  let controller: string | undefined;
  for (const [index, owner] of ownerReferences.entries()) {
    const field = `metadata.ownerReferences[${index}]`;
    if (owner.apiVersion === "") errors.invalid(`${field}.apiVersion`, owner.apiVersion, "version must not be empty");
    if (owner.kind === "") errors.invalid(`${field}.kind`, owner.kind, "must not be empty");
    if (owner.name === "") errors.invalid(`${field}.name`, owner.name, "must not be empty");
    if (owner.uid === "") errors.invalid(`${field}.uid`, owner.uid, "must not be empty");
    if (owner.controller !== true) continue;
    if (controller !== undefined)
      errors.invalid(
        "metadata.ownerReferences",
        ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.name}`,
      );
    controller = owner.name;
  }
}
