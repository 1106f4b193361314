import type { JSONSchemaProps } from "../../generated/kubernetes.ts";

/** A short notation for structural schemas: what a custom resource may hold, readable as a list of fields. */
export type Schema = JSONSchemaProps;

/** Constraints beyond the type. */
type Constraints = Omit<Schema, "type" | "properties" | "items" | "additionalProperties">;

export const text = (constraints: Constraints = {}): Schema => ({ type: "string", ...constraints });

export const oneOf = (values: readonly string[], constraints: Constraints = {}): Schema =>
  text({ enum: values, ...constraints });

export const whole = (minimum?: number, maximum?: number, constraints: Constraints = {}): Schema => ({
  type: "integer",
  ...(minimum === undefined ? {} : { minimum }),
  ...(maximum === undefined ? {} : { maximum }),
  ...constraints,
});

export const flag = (): Schema => ({ type: "boolean" });

export const time = (): Schema => text({ format: "date-time" });

export const list = (items: Schema, constraints: Constraints = {}): Schema => ({
  type: "array",
  items,
  ...constraints,
});

export const mapOf = (values: Schema, constraints: Constraints = {}): Schema => ({
  type: "object",
  additionalProperties: values,
  ...constraints,
});

export const object = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  constraints: Constraints = {},
): Schema => ({ type: "object", properties, ...(required.length === 0 ? {} : { required }), ...constraints });

/** Fields that are not described and are kept as they come. */
export const anything = (): Schema => ({ type: "object", "x-kubernetes-preserve-unknown-fields": true });

const QUANTITY_PATTERN = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

/** A Kubernetes quantity: text or a whole number. */
export const quantity = (): Schema => ({
  anyOf: [{ type: "integer" }, { type: "string" }],
  pattern: QUANTITY_PATTERN,
  "x-kubernetes-int-or-string": true,
});

export const resourceList = (): Schema => mapOf(quantity());

/** Hours, minutes and seconds: `720h`, `1h30m`. */
export const DURATION_PATTERN = "^([0-9]+(s|m|h))+$";
export const DURATION_OR_NEVER_PATTERN = "^(([0-9]+(s|m|h))+|Never)$";
const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;
/** An optional DNS prefix, a slash, and a name. */
const QUALIFIED_NAME_PATTERN = "^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$";

/** Keys are capped at the prefix's 253 characters, the slash and the name's 63 (minus the slash's neighbour, as Karpenter does). */
const KEY_CHARACTERS_MAX = 316;
export const LABEL_VALUE_CHARACTERS_MAX = 63;

export const labelKey = (): Schema => text({ maxLength: KEY_CHARACTERS_MAX, pattern: QUALIFIED_NAME_PATTERN });

export const taints = (): Schema =>
  list(
    object(
      {
        key: text({ minLength: 1, pattern: QUALIFIED_NAME_PATTERN }),
        value: text({ pattern: "^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$" }),
        effect: oneOf(TAINT_EFFECTS),
        timeAdded: time(),
      },
      ["effect", "key"],
    ),
  );

/** Conditions as operators write them. */
export const conditions = (): Schema =>
  list(
    object(
      {
        type: text({ maxLength: KEY_CHARACTERS_MAX }),
        status: oneOf(["True", "False", "Unknown"]),
        reason: text({ maxLength: 1024 }),
        message: text({ maxLength: 32_768 }),
        lastTransitionTime: time(),
        observedGeneration: whole(0, undefined, { format: "int64" }),
      },
      ["lastTransitionTime", "status", "type"],
    ),
  );
