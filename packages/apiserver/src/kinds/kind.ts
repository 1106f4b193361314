import type { KubernetesObject } from "@nodeless/api";

/** How unknown and duplicate fields are treated (query parameter fieldValidation; the server's default is Warn). */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** One violated rule of one field, as it appears in `Status.details.causes`. */
export interface FieldError {
  /** `spec.template.spec.containers[0].image` */
  readonly field: string;
  readonly reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueDuplicate"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTypeInvalid"
    | "FieldValueNotFound";
  /** Without the field in front, e.g. `Invalid value: "x": must be ...`. */
  readonly message: string;
}

/** A decoded object and what the client should be warned of (`Warning: 299` headers). */
export interface Decoded {
  readonly object: KubernetesObject;
  readonly warnings: readonly string[];
}

export interface TableColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 with -o wide. */
  readonly priority: number;
}

export interface Subresources {
  readonly status: boolean;
  /** JSON paths as in a CRD's `subresources.scale`, e.g. `.spec.replicas`. */
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath?: string;
  };
  /** Others by name (`log`, `binding`, `eviction`, `token`, `finalize`, `ephemeralcontainers`, `resize`, ...). */
  readonly others: readonly {
    readonly name: string;
    readonly kind: string;
    readonly group: string;
    readonly version: string;
    readonly verbs: readonly string[];
  }[];
}

/**
 * Everything the generic REST machinery needs to know of one served resource version: built-in kinds come from the schema table,
 * custom ones from their CustomResourceDefinition. All functions are pure; none mutates its arguments.
 */
export interface KindDefinition {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: Subresources;
  readonly custom: boolean;
  /** Whether `metadata.generation` is kept (kubernetes-api.md §8). */
  readonly tracksGeneration: boolean;
  /** PUT without resourceVersion is refused (custom resources, CRDs). */
  readonly requiresResourceVersionOnUpdate: boolean;
  /** Key prefix in the store; versions of one resource share it. */
  readonly storagePrefix: string;
  /**
   * Kinds that share their storage with another version or group (HorizontalPodAutoscaler v1, Event of events.k8s.io): from this kind's
   * form to the stored one and back. Undefined: stored in this form; only apiVersion may differ (custom resources).
   */
  readonly storageForm?: {
    toStorage(object: KubernetesObject): KubernetesObject;
    fromStorage(object: KubernetesObject): KubernetesObject;
  };

  /**
   * From a parsed JSON body to a typed object of this kind: type checks, unknown fields (error, warning or dropped), canonical quantities and times.
   * `old`: an object of this kind that the body was made from; what it shares with it (a patch changes little) need not be decoded again.
   * Throws StatusError 400 with the messages of kubernetes-api.md §9.
   */
  decode(
    body: unknown,
    fieldValidation: FieldValidation,
    duplicateFields: readonly string[],
    old?: KubernetesObject,
  ): Decoded;
  /** Fills in defaults (kubernetes-api.md §19; for custom resources the schema's). Idempotent. */
  applyDefaults(object: KubernetesObject): KubernetesObject;
  /** Defaults again, since admission may have changed the object, and what the server resets or derives on create, e.g. drops status, sets Pod status.phase and qosClass. */
  prepareForCreate(object: KubernetesObject): KubernetesObject;
  /** What can only be derived once metadata.name and uid are set (a Job's selector). Undefined: nothing. Runs before validateCreate. */
  completeCreate?(object: KubernetesObject): KubernetesObject;
  /** Main endpoint: keeps the old status; `subresource === "status"`: keeps the old spec and fills in the status's defaults. */
  prepareForUpdate(object: KubernetesObject, old: KubernetesObject, subresource: string): KubernetesObject;
  validateCreate(object: KubernetesObject): readonly FieldError[];
  validateUpdate(object: KubernetesObject, old: KubernetesObject, subresource: string): readonly FieldError[];

  /** Undefined: strategic merge patch is not supported (custom resources: 415). */
  readonly strategicMergePatch?: (current: KubernetesObject, patch: unknown) => unknown;

  readonly columns: readonly TableColumn[];
  /** Cells in the order of `columns`; `now` for ages. */
  cells(object: KubernetesObject, now: Date): readonly unknown[];

  /** Selectable fields besides metadata.name and metadata.namespace: name → value (unset = ""). */
  readonly selectableFields: ReadonlyMap<string, (object: KubernetesObject) => string>;

  /** OpenAPI v3 schemas of this kind by component name, and the name of the kind's own. */
  openApiSchemas(): { readonly root: string; readonly schemas: Readonly<Record<string, unknown>> };
}

/** The built-in kinds and those of the CustomResourceDefinitions that are established. */
export interface KindRegistry {
  all(): readonly KindDefinition[];
  find(group: string, version: string, resource: string): KindDefinition | undefined;
  /** Increases whenever the set changes: discovery and OpenAPI caches compare it. */
  readonly generation: number;
}
