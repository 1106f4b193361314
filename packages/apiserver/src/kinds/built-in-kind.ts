import type { Draft, KubernetesObject } from "@nodeless/api";
import { draftOf } from "@nodeless/api";
import { strategicMergePatch } from "../patch/index.ts";
import type { ResourceEntry } from "../schema/index.ts";
import { findKind } from "../schema/index.ts";
import { openApiSchemas } from "../schema/open-api.ts";
import type { AnyBehaviour } from "./behaviour.ts";
import { NAME_AND_AGE } from "./columns/plain.ts";
import { decodeBuiltIn } from "./decode-built-in.ts";
import { FieldErrors } from "./field-errors.ts";
import type { FieldError, KindDefinition } from "./kind.ts";
import { resourceNames, tracksGeneration } from "./resource-names.ts";
import { subresourcesOf } from "./subresources.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./validation/object-meta.ts";

type WithStatus = KubernetesObject & { readonly status?: unknown };

/** Builds the definition of one resource of the schema table. `related` are its subresources' entries. */
export function builtInKind(
  entry: ResourceEntry,
  related: readonly ResourceEntry[],
  rules: AnyBehaviour,
): KindDefinition {
  const { group, version, resource, kind } = entry;
  const type = findKind({ group, version, kind });
  if (type === undefined) throw new Error(`the schema table has no type for ${group}/${version} ${kind}`);
  const columns = rules.columns ?? NAME_AND_AGE;
  const subresources = subresourcesOf(resource, related);
  const shared = SHARED_STORAGE.get(`${group}/${resource}`);
  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced: entry.namespaced,
    ...resourceNames(group, resource),
    verbs: verbsOf(entry),
    subresources,
    custom: false,
    tracksGeneration: tracksGeneration(group, resource),
    requiresResourceVersionOnUpdate: kind === "CustomResourceDefinition",
    storagePrefix: shared ?? `${group === "" ? "core" : group}/${resource}`,
    ...(rules.storageForm === undefined ? {} : { storageForm: rules.storageForm }),
    decode: (body, fieldValidation, duplicateFields, old) =>
      decodeBuiltIn(type.name, { group, version, kind }, body, { fieldValidation, duplicateFields, old }),
    applyDefaults: (object) => edited(object, rules.applyDefaults),
    prepareForCreate: (object) => {
      const fresh = subresources.status && rules.keepsStatusOnCreate !== true ? withoutStatus(object) : object;
      return edited(fresh, (draft: Draft<KubernetesObject>) => {
        rules.applyDefaults?.(draft);
        rules.prepareForCreate?.(draft);
      });
    },
    completeCreate: (object) => edited(object, rules.completeCreate),
    prepareForUpdate: (object, old, subresource) =>
      preparedForUpdate(rules, subresources.status, { object, old, subresource }),
    validateCreate: (object) => validatedCreate(rules, entry, object),
    validateUpdate: (object, old, subresource) => validatedUpdate(rules, { object, old, subresource }),
    strategicMergePatch: (current, patch) => strategicMergePatch(type.name, current, patch),
    columns: columns.map(({ column }) => column),
    cells: (object, now) => columns.map(({ cell }) => cell(object, now)),
    selectableFields: new Map(Object.entries(rules.selectableFields ?? {})),
    openApiSchemas: () => openApiSchemas(type.name),
  };
}

/** Resources that are views of another one's objects. */
const SHARED_STORAGE: ReadonlyMap<string, string> = new Map([["events.k8s.io/events", "core/events"]]);

function verbsOf({ group, verbs }: ResourceEntry): readonly string[] {
  // Aggregated API servers do not exist here, so the list of them can only be read.
  const served = group === "apiregistration.k8s.io" ? verbs.filter((verb) => verb === "get" || verb === "list") : verbs;
  return served.includes("list") ? [...served, "watch"].sort() : served;
}

function edited<T extends KubernetesObject>(object: T, edit: ((draft: Draft<T>) => void) | undefined): T {
  if (edit === undefined) return object;
  const draft = draftOf(object);
  edit(draft);
  return draft as T;
}

function withoutStatus(object: KubernetesObject): KubernetesObject {
  const { status: _status, ...rest } = object as WithStatus;
  return rest;
}

function withStatusOf(object: KubernetesObject, source: KubernetesObject): KubernetesObject {
  const { status } = source as WithStatus;
  return status === undefined ? withoutStatus(object) : ({ ...withoutStatus(object), status } as KubernetesObject);
}

interface Update {
  readonly object: KubernetesObject;
  readonly old: KubernetesObject;
  readonly subresource: string;
}

function preparedForUpdate(
  rules: AnyBehaviour,
  hasStatusEndpoint: boolean,
  { object, old, subresource }: Update,
): KubernetesObject {
  if (subresource === "status") {
    const updated: WithStatus = { ...withStatusOf(old, object), metadata: object.metadata };
    if (rules.prepareForStatusUpdate === undefined) return updated;
    const status = { ...(updated.status as object | undefined) };
    rules.prepareForStatusUpdate(status, old);
    return { ...updated, status } as KubernetesObject;
  }
  const part = rules.subresources?.[subresource];
  if (part !== undefined) return edited({ ...old, metadata: object.metadata }, (draft) => part(draft, object));
  // What else there is (binding) is written by the server itself, which knows what it does.
  if (subresource !== "" && subresource !== "scale") return object;
  const kept = hasStatusEndpoint ? withStatusOf(object, old) : object;
  return edited(kept, rules.prepareForUpdate && ((draft) => rules.prepareForUpdate?.(draft, old)));
}

function validatedCreate(rules: AnyBehaviour, entry: ResourceEntry, object: KubernetesObject): readonly FieldError[] {
  const errors = new FieldErrors();
  validateObjectMeta(object.metadata, errors, { namespaced: entry.namespaced, nameRule: rules.nameRule });
  rules.validate?.(object, errors);
  rules.validateCreate?.(object, errors);
  return errors.all;
}

function validatedUpdate(rules: AnyBehaviour, { object, old, subresource }: Update): readonly FieldError[] {
  const errors = new FieldErrors();
  validateObjectMetaUpdate(object.metadata, old.metadata, errors);
  if (subresource === "" || subresource === "scale") rules.validate?.(object, errors);
  rules.validateUpdate?.(object, old, errors, subresource);
  return errors.all;
}
