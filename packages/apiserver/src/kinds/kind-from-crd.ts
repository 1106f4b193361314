import type { CustomResourceDefinition, CustomResourceDefinitionVersion, KubernetesObject } from "@nodeless/api";
import type { SchemaNode } from "../crd/index.ts";
import { compileSchema, parseJsonPath, pruneObject, validateValue, withDefaults } from "../crd/index.ts";
import type { JsonObject } from "../schema/index.ts";
import { DecodeError, isJsonObject } from "../schema/index.ts";
import { badRequest } from "../status.ts";
import { customColumns } from "./custom-columns.ts";
import { customOpenApi } from "./custom-open-api.ts";
import { apiVersionOf, cannotHandle, checkTypeMeta, judgeFields } from "./decode-built-in.ts";
import { FieldErrors } from "./field-errors.ts";
import type { Decoded, FieldError, FieldValidation, KindDefinition, Subresources } from "./kind.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./validation/object-meta.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

interface Version {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly node: SchemaNode;
  readonly hasStatus: boolean;
  readonly deprecation: readonly string[];
}

/**
 * The kind that one version of a (defaulted and valid) definition serves: decoding with pruning, defaults, validation by its schema, printer columns.
 * Throws if the definition has no such version.
 */
export function kindFromCrd(crd: CustomResourceDefinition, versionName: string): KindDefinition {
  const declared = crd.spec.versions.find(({ name }) => name === versionName);
  if (declared === undefined) throw new Error(`${crd.metadata.name} has no version ${versionName}`);
  const { group, names } = crd.spec;
  const schema = declared.schema?.openAPIV3Schema;
  const node = compileSchema(schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true });
  const subresources = subresourcesOf(declared);
  const version: Version = {
    group,
    version: versionName,
    kind: names.kind,
    node,
    hasStatus: subresources.status,
    deprecation: deprecationOf(crd, declared),
  };
  const columns = customColumns(declared.additionalPrinterColumns);
  return {
    group,
    version: versionName,
    resource: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    kind: names.kind,
    listKind: names.listKind || `${names.kind}List`,
    namespaced: crd.spec.scope === "Namespaced",
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: VERBS,
    subresources,
    custom: true,
    tracksGeneration: true,
    requiresResourceVersionOnUpdate: true,
    storagePrefix: `${group}/${names.plural}`,
    decode: (body, fieldValidation, duplicateFields) => decode(version, body, { fieldValidation, duplicateFields }),
    applyDefaults: (object) => withDefaults(node, object) as KubernetesObject,
    prepareForCreate: (object) => {
      const defaulted = withDefaults(node, object) as KubernetesObject;
      return version.hasStatus ? withStatus(defaulted, undefined) : defaulted;
    },
    prepareForUpdate: (object, old, subresource) => preparedForUpdate(version, { object, old, subresource }),
    validateCreate: (object) => validateNew(version, object, crd.spec.scope === "Namespaced"),
    validateUpdate: (object, old) => validateChanged(version, object, old),
    columns: columns.map(({ column }) => column),
    cells: (object, now) => columns.map(({ cell }) => cell(object, now)),
    selectableFields: selectableFieldsOf(declared),
    openApiSchemas: () => customOpenApi(crd, versionName, schema),
  };
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): Subresources {
  return {
    status: subresources?.status !== undefined,
    ...(subresources?.scale === undefined ? {} : { scale: subresources.scale }),
    others: [],
  };
}

function deprecationOf(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): readonly string[] {
  if (version.deprecated !== true) return [];
  return [version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`];
}

function selectableFieldsOf({
  selectableFields = [],
}: CustomResourceDefinitionVersion): ReadonlyMap<string, (object: KubernetesObject) => string> {
  return new Map(
    selectableFields.map(({ jsonPath }) => {
      const path = parseJsonPath(jsonPath);
      return [jsonPath.replace(/^\./, ""), (object: KubernetesObject) => String(path.find(object)[0] ?? "")];
    }),
  );
}

function decode(
  version: Version,
  body: unknown,
  options: { readonly fieldValidation: FieldValidation; readonly duplicateFields: readonly string[] },
): Decoded {
  checkTypeMeta(body, version);
  if (!isJsonObject(body)) throw badRequest("the body is not an object");
  const unknown: string[] = [];
  const pruned = pruneOrRefuse(version, body, unknown);
  const problems = judgeFields(version, options.fieldValidation, { duplicate: options.duplicateFields, unknown });
  const object = {
    ...pruned,
    apiVersion: apiVersionOf(version),
    kind: version.kind,
    metadata: pruned["metadata"] ?? {},
  };
  return { object: object as KubernetesObject, warnings: [...version.deprecation, ...problems] };
}

function pruneOrRefuse(version: Version, body: JsonObject, unknownFields: string[]): JsonObject {
  try {
    return pruneObject(version.node, body, unknownFields);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotHandle(version, error.message);
    throw error;
  }
}

function withStatus(object: KubernetesObject, status: unknown): KubernetesObject {
  const { status: _status, ...rest } = object as KubernetesObject & { readonly status?: unknown };
  return status === undefined ? rest : ({ ...rest, status } as KubernetesObject);
}

function preparedForUpdate(
  version: Version,
  update: { readonly object: KubernetesObject; readonly old: KubernetesObject; readonly subresource: string },
): KubernetesObject {
  const { object, old, subresource } = update;
  if (!version.hasStatus) return object;
  const [source, target] = subresource === "status" ? [object, old] : [old, object];
  const result = withStatus(target, (source as { readonly status?: unknown }).status);
  if (subresource !== "status") return result;
  // Whoever writes status owns those fields, and nothing else of the metadata changes.
  const { managedFields } = object.metadata;
  return managedFields === undefined ? result : { ...result, metadata: { ...result.metadata, managedFields } };
}

function validateNew({ node }: Version, object: KubernetesObject, namespaced: boolean): readonly FieldError[] {
  const errors = new FieldErrors();
  validateObjectMeta(object.metadata, errors, { namespaced });
  validateValue(node, object, { field: "", old: undefined }, errors);
  return errors.all;
}

function validateChanged({ node }: Version, object: KubernetesObject, old: KubernetesObject): readonly FieldError[] {
  const errors = new FieldErrors();
  validateObjectMetaUpdate(object.metadata, old.metadata, errors);
  validateValue(node, object, { field: "", old }, errors);
  return errors.all;
}
