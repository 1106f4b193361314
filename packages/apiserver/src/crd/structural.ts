import type { JSONSchemaProps } from "@nodeless/api";
import type { FieldErrors } from "../kinds/field-errors.ts";
import { compilePattern } from "./pattern.ts";
import { isSchema } from "./schema-node.ts";

/** Deeper schemas are refused: checking recurses. */
const DEPTH_MAX = 100;

const UNSUPPORTED = [
  "$ref",
  "$schema",
  "id",
  "definitions",
  "dependencies",
  "patternProperties",
  "additionalItems",
] as const;
const TYPES = ["array", "boolean", "integer", "number", "object", "string"];

/**
 * Checks that a schema is structural: every field, item and additional property has a type (or is int-or-string or open), and what stands
 * below allOf, anyOf, oneOf and not only restricts values.
 * Source: apiextensions-apiserver pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation/validation.go.
 */
export function validateStructural(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  if (schema.type === undefined || schema.type === "") errors.required(`${path}.type`, "must not be empty at the root");
  else if (schema.type !== "object") errors.invalid(`${path}.type`, schema.type, "must be object at the root");
  validateMetadata(schema.properties?.["metadata"], `${path}.properties[metadata]`, errors);
  validateNode(schema, path, 0, errors);
}

function validateMetadata(metadata: JSONSchemaProps | undefined, path: string, errors: FieldErrors): void {
  const other = Object.keys(metadata?.properties ?? {}).filter((name) => name !== "name" && name !== "generateName");
  if (other.length > 0)
    errors.forbidden(
      path,
      "must not specify anything other than name and generateName, but metadata is implicitly specified",
    );
}

function validateNode(schema: JSONSchemaProps, path: string, depth: number, errors: FieldErrors): void {
  if (depth > DEPTH_MAX) {
    errors.forbidden(path, `must not be nested more than ${DEPTH_MAX} levels deep`);
    return;
  }
  validateSupported(schema, path, errors);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    validateTyped(child, `${path}.properties[${name}]`, "specified object fields", errors);
    validateNode(child, `${path}.properties[${name}]`, depth + 1, errors);
  }
  if (isSchema(schema.items)) {
    validateTyped(schema.items, `${path}.items`, "specified array items", errors);
    validateNode(schema.items, `${path}.items`, depth + 1, errors);
  } else if (schema.type === "array" && schema.items === undefined)
    errors.required(`${path}.items`, "must be specified");
  if (isSchema(schema.additionalProperties)) {
    validateTyped(schema.additionalProperties, `${path}.additionalProperties`, "specified object fields", errors);
    validateNode(schema.additionalProperties, `${path}.additionalProperties`, depth + 1, errors);
  }
  for (const list of ["allOf", "anyOf", "oneOf"] as const)
    for (const [index, child] of (schema[list] ?? []).entries())
      validateRestriction(
        child,
        `${path}.${list}[${index}]`,
        { depth: depth + 1, isIntOrString: schema["x-kubernetes-int-or-string"] === true },
        errors,
      );
  if (schema.not !== undefined)
    validateRestriction(schema.not, `${path}.not`, { depth: depth + 1, isIntOrString: false }, errors);
  validateListType(schema, path, errors);
}

function validateSupported(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  for (const name of UNSUPPORTED)
    if (schema[name] !== undefined) errors.forbidden(`${path}.${name}`, `${name} is not supported`);
  if (schema.uniqueItems === true)
    errors.forbidden(
      `${path}.uniqueItems`,
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    );
  if (schema.additionalProperties === false)
    errors.forbidden(`${path}.additionalProperties`, "additionalProperties cannot be set to false");
  if (isSchema(schema.additionalProperties) && Object.keys(schema.properties ?? {}).length > 0)
    errors.forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive");
  if (Array.isArray(schema.items)) errors.forbidden(`${path}.items`, "items must be a schema object and not an array");
  if (schema.type !== undefined && schema.type !== "" && !TYPES.includes(schema.type))
    errors.notSupported(`${path}.type`, schema.type, TYPES);
  if (schema.pattern !== undefined && compilePattern(schema.pattern) === undefined)
    errors.invalid(`${path}.pattern`, schema.pattern, "must be a valid regular expression, but isn't");
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    errors.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined");
  if (schema["x-kubernetes-embedded-resource"] === true && schema.type !== "object")
    errors.invalid(`${path}.type`, schema.type ?? "", "must be object if x-kubernetes-embedded-resource is true");
}

function validateTyped(schema: JSONSchemaProps, path: string, what: string, errors: FieldErrors): void {
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (schema.type !== undefined && schema.type !== "")
      errors.invalid(`${path}.type`, schema.type, "must be empty if x-kubernetes-int-or-string is true");
  } else if ((schema.type === undefined || schema.type === "") && !isOpen)
    errors.required(`${path}.type`, `must not be empty for ${what}`);
}

/** Facts about values only: what a field is must be said outside. */
const STRUCTURAL = ["type", "title", "description", "default", "additionalProperties", "nullable"] as const;

function validateRestriction(
  schema: JSONSchemaProps,
  path: string,
  context: { readonly depth: number; readonly isIntOrString: boolean },
  errors: FieldErrors,
): void {
  if (context.depth > DEPTH_MAX) {
    errors.forbidden(path, `must not be nested more than ${DEPTH_MAX} levels deep`);
    return;
  }
  for (const name of STRUCTURAL) {
    // `anyOf: [{type: integer}, {type: string}]` is the one allowed way to spell int-or-string out.
    if (schema[name] === undefined || (name === "type" && context.isIntOrString)) continue;
    errors.forbidden(
      `${path}.${name}`,
      name === "type" || name === "title" || name === "description"
        ? "must be empty to be structural"
        : "must be undefined to be structural",
    );
  }
  const below = { depth: context.depth + 1, isIntOrString: context.isIntOrString };
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    validateRestriction(child, `${path}.properties[${name}]`, { ...below, isIntOrString: false }, errors);
  if (isSchema(schema.items))
    validateRestriction(schema.items, `${path}.items`, { ...below, isIntOrString: false }, errors);
  for (const list of ["allOf", "anyOf", "oneOf"] as const)
    for (const [index, child] of (schema[list] ?? []).entries())
      validateRestriction(child, `${path}.${list}[${index}]`, below, errors);
  if (schema.not !== undefined) validateRestriction(schema.not, `${path}.not`, below, errors);
  if (schema.pattern !== undefined && compilePattern(schema.pattern) === undefined)
    errors.invalid(`${path}.pattern`, schema.pattern, "must be a valid regular expression, but isn't");
}

const LIST_TYPES = ["atomic", "map", "set"];
const MAP_TYPES = ["atomic", "granular"];

function validateListType(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const listType = schema["x-kubernetes-list-type"];
  const mapType = schema["x-kubernetes-map-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (listType !== undefined && !LIST_TYPES.includes(listType))
    errors.notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES);
  if (listType !== undefined && schema.type !== "array")
    errors.invalid(`${path}.type`, schema.type ?? "", "must be array if x-kubernetes-list-type is specified");
  if (mapType !== undefined && !MAP_TYPES.includes(mapType))
    errors.notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES);
  if (listType === "map" && keys.length === 0)
    errors.required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map");
  if (listType !== "map" && keys.length > 0)
    errors.required(`${path}.x-kubernetes-list-type`, "must be map if x-kubernetes-list-map-keys is non-empty");
  if (listType !== "map" || !isSchema(schema.items)) return;
  const { properties = {}, required = [] } = schema.items;
  for (const [index, key] of keys.entries()) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined)
      errors.invalid(
        `${path}.x-kubernetes-list-map-keys[${index}]`,
        key,
        "entries must all be names of item properties",
      );
    else if (property.default === undefined && !required.includes(key))
      errors.required(
        `${path}.items.properties[${key}].default`,
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      );
  }
}
