import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from "@nodeless/api";
import { FieldErrors } from "../kinds/field-errors.ts";
import type { FieldError } from "../kinds/kind.ts";
import { dns1035LabelProblems, subdomainProblems } from "../kinds/validation/names.ts";
import { InvalidJsonPathError, parseJsonPath } from "./json-path.ts";
import { validateStructural } from "./structural.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const SCOPES = ["Cluster", "Namespaced"];

/**
 * Every rule a CustomResourceDefinition (with defaults) must keep; empty: it is sound.
 * Source: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go (release 1.36).
 */
export function validateCrd(crd: CustomResourceDefinition): readonly FieldError[] {
  const errors = new FieldErrors();
  const { metadata, spec } = crd;
  const wantedName = `${spec.names?.plural ?? ""}.${spec.group ?? ""}`;
  if (metadata.name !== wantedName)
    errors.invalid("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group');
  validateGroup(spec.group ?? "", errors);
  errors.oneOf("spec.scope", spec.scope, SCOPES);
  validateNames(spec.names, errors);
  if (spec.preserveUnknownFields === true)
    errors.invalid("spec.preserveUnknownFields", true, "must be false in order to use apiextensions.k8s.io/v1");
  // Webhooks would need a second server to call; refusing is better than serving objects nobody converts.
  if (spec.conversion !== undefined && spec.conversion.strategy !== "None")
    errors.notSupported("spec.conversion.strategy", spec.conversion.strategy, ["None"]);
  validateVersions(spec.versions ?? [], errors);
  return errors.all;
}

function validateGroup(group: string, errors: FieldErrors): void {
  if (group === "") errors.required("spec.group");
  else if (subdomainProblems(group).length > 0) errors.invalidAll("spec.group", group, subdomainProblems(group));
  else if (!group.includes(".")) errors.invalid("spec.group", group, "should be a domain with at least one dot");
}

function validateNames(names: CustomResourceDefinitionNames | undefined, errors: FieldErrors): void {
  const { plural = "", singular = "", kind = "", listKind = "", shortNames = [], categories = [] } = names ?? {};
  const field = "spec.names";
  errors.invalidAll(`${field}.plural`, plural, dns1035LabelProblems(plural));
  if (singular !== "") errors.invalidAll(`${field}.singular`, singular, dns1035LabelProblems(singular));
  for (const [name, value] of [
    ["kind", kind],
    ["listKind", listKind],
  ] as const)
    for (const problem of dns1035LabelProblems(value.toLowerCase()))
      errors.invalid(`${field}.${name}`, value, `may have mixed case, but should otherwise match: ${problem}`);
  if (kind !== "" && kind === listKind)
    errors.invalid(`${field}.listKind`, listKind, "kind and listKind may not be the same");
  for (const [index, name] of shortNames.entries())
    errors.invalidAll(`${field}.shortNames[${index}]`, name, dns1035LabelProblems(name));
  for (const [index, name] of categories.entries())
    errors.invalidAll(`${field}.categories[${index}]`, name, dns1035LabelProblems(name));
}

function validateVersions(versions: readonly CustomResourceDefinitionVersion[], errors: FieldErrors): void {
  if (versions.length === 0) errors.required("spec.versions", "must have at least one version");
  const names = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const field = `spec.versions[${index}]`;
    errors.invalidAll(`${field}.name`, version.name, dns1035LabelProblems(version.name ?? ""));
    if (names.has(version.name)) errors.invalid("spec.versions", version.name, "must contain unique version names");
    names.add(version.name);
    validateVersion(version, field, errors);
  }
  if (versions.filter(({ storage }) => storage === true).length !== 1)
    errors.invalid(
      "spec.versions",
      versions.map(({ name }) => name),
      "must have exactly one version marked as storage version",
    );
}

function validateVersion(version: CustomResourceDefinitionVersion, field: string, errors: FieldErrors): void {
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) errors.required(`${field}.schema.openAPIV3Schema`, "schemas are required");
  else validateStructural(schema, `${field}.schema.openAPIV3Schema`, errors);
  if (version.deprecationWarning !== undefined && version.deprecated !== true)
    errors.invalid(
      `${field}.deprecationWarning`,
      version.deprecationWarning,
      "can only be set for deprecated versions",
    );
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries())
    validateColumn(column, `${field}.additionalPrinterColumns[${index}]`, errors);
  for (const [index, { jsonPath }] of (version.selectableFields ?? []).entries())
    validatePath(jsonPath, `${field}.selectableFields[${index}].jsonPath`, errors);
  const scale = version.subresources?.scale;
  if (scale === undefined) return;
  for (const [name, prefix] of [
    ["specReplicasPath", ".spec."],
    ["statusReplicasPath", ".status."],
  ] as const) {
    const path = scale[name] ?? "";
    if (path === "") errors.required(`${field}.subresources.scale.${name}`);
    else if (!path.startsWith(prefix))
      errors.invalid(`${field}.subresources.scale.${name}`, path, `should be a json path under ${prefix.slice(0, -1)}`);
  }
}

function validateColumn(column: CustomResourceColumnDefinition, field: string, errors: FieldErrors): void {
  if ((column.name ?? "") === "") errors.required(`${field}.name`);
  errors.oneOf(`${field}.type`, column.type, COLUMN_TYPES);
  validatePath(column.jsonPath, `${field}.jsonPath`, errors);
}

function validatePath(path: string | undefined, field: string, errors: FieldErrors): void {
  if (path === undefined || path === "") {
    errors.required(field);
    return;
  }
  try {
    parseJsonPath(path);
  } catch (error) {
    if (!(error instanceof InvalidJsonPathError)) throw error;
    errors.invalid(field, path, error.message);
  }
}

/** What may not change once a definition exists. */
export function validateCrdUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition): readonly FieldError[] {
  const errors = new FieldErrors();
  const immutable = "field is immutable";
  if (crd.spec.group !== old.spec.group) errors.invalid("spec.group", crd.spec.group, immutable);
  if (crd.spec.names.plural !== old.spec.names.plural)
    errors.invalid("spec.names.plural", crd.spec.names.plural, immutable);
  const established =
    old.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false;
  if (established && crd.spec.scope !== old.spec.scope) errors.invalid("spec.scope", crd.spec.scope, immutable);
  if (established && crd.spec.names.kind !== old.spec.names.kind)
    errors.invalid("spec.names.kind", crd.spec.names.kind, immutable);
  const present = new Set(crd.spec.versions.map(({ name }) => name));
  for (const [index, version] of (crd.status?.storedVersions ?? []).entries())
    if (!present.has(version))
      errors.invalid(
        `status.storedVersions[${index}]`,
        version,
        `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
      );
  return errors.all;
}
