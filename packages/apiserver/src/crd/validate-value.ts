import type { JSONSchemaProps } from "@nodeless/api";
import { jsonEqual } from "../json-value.ts";
import { FieldErrors } from "../kinds/field-errors.ts";
import type { JsonObject } from "../schema/index.ts";
import { isJsonObject, ownField } from "../schema/index.ts";
import { hasFormat } from "./formats.ts";
import type { SchemaNode } from "./schema-node.ts";
import { childSchema } from "./schema-node.ts";

/** Longer texts do not match any pattern: matching is JavaScript's, which may backtrack, not RE2's. */
const MATCHED_CHARACTERS_MAX = 65_536;

/** A value and where it stands. `old`: what stood there before an update; equal values are not judged again (ratcheting, KEP-4008). */
interface Place {
  readonly field: string;
  readonly old: unknown;
}

/**
 * Checks a value against a schema, with the texts of the real server.
 * Source: k8s.io/kube-openapi pkg/validation/validate and apiextensions-apiserver pkg/apiserver/validation/validation.go.
 */
export function validateValue(node: SchemaNode, value: unknown, place: Place, errors: FieldErrors): void {
  if (place.old !== undefined && jsonEqual(value, place.old)) return;
  if (value === null && node.source.nullable === true) return;
  if (!hasType(node, value)) {
    const wanted = node.intOrString ? "integer,string" : node.type;
    const given = typeName(value);
    errors.typeInvalid(
      place.field,
      given,
      `${place.field} in body must be of type ${wanted}: ${JSON.stringify(given)}`,
    );
    return;
  }
  validateEnum(node.source, value, place, errors);
  if (typeof value === "string") validateText(node, value, place, errors);
  else if (typeof value === "number") validateNumber(node.source, value, place, errors);
  else if (Array.isArray(value)) validateList(node, value, place, errors);
  else if (isJsonObject(value)) validateObject(node, value, place, errors);
  validateLogic(node, value, place, errors);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function hasType({ type, intOrString }: SchemaNode, value: unknown): boolean {
  const given = typeName(value);
  if (intOrString) return given === "integer" || given === "string";
  return type === "" ? true : given === type || (type === "number" && given === "integer");
}

const inBody = (field: string, rule: string): string => `${field} in body ${rule}`;

function validateEnum({ enum: allowed }: JSONSchemaProps, value: unknown, { field }: Place, errors: FieldErrors): void {
  if (allowed !== undefined && allowed.length > 0 && !allowed.some((one) => jsonEqual(one, value)))
    errors.notSupported(field, value, allowed);
}

function validateText({ source, pattern }: SchemaNode, text: string, { field }: Place, errors: FieldErrors): void {
  const characters = source.minLength === undefined && source.maxLength === undefined ? 0 : [...text].length;
  if (source.maxLength !== undefined && characters > source.maxLength) errors.tooLong(field, source.maxLength);
  if (source.minLength !== undefined && characters < source.minLength)
    errors.invalid(field, text, inBody(field, `should be at least ${source.minLength} chars long`));
  if (pattern !== undefined && (text.length > MATCHED_CHARACTERS_MAX || !pattern.test(text)))
    errors.invalid(field, text, inBody(field, `should match '${source.pattern}'`));
  if (source.format !== undefined && !hasFormat(text, source.format))
    errors.invalid(field, text, inBody(field, `must be of type ${source.format}: ${JSON.stringify(text)}`));
}

const INTEGER_MAX: ReadonlyMap<string, number> = new Map([
  ["int32", 2 ** 31 - 1],
  ["int64", 2 ** 63],
]);

function validateNumber(schema: JSONSchemaProps, value: number, { field }: Place, errors: FieldErrors): void {
  const { minimum, maximum, multipleOf, format } = schema;
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const comparison = schema.exclusiveMinimum === true ? "greater than" : "greater than or equal to";
    errors.invalid(field, value, inBody(field, `should be ${comparison} ${minimum}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const comparison = schema.exclusiveMaximum === true ? "less than" : "less than or equal to";
    errors.invalid(field, value, inBody(field, `should be ${comparison} ${maximum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    errors.invalid(field, value, inBody(field, `should be a multiple of ${multipleOf}`));
  const integerMax = INTEGER_MAX.get(format ?? "");
  if (integerMax !== undefined && (value > integerMax || value < -integerMax - 1))
    errors.invalid(field, value, inBody(field, `must be of type ${format}: ${JSON.stringify(value)}`));
}

function validateList(node: SchemaNode, list: readonly unknown[], { field, old }: Place, errors: FieldErrors): void {
  const { minItems, maxItems } = node.source;
  if (maxItems !== undefined && list.length > maxItems) errors.tooMany(field, list.length, maxItems);
  if (minItems !== undefined && list.length < minItems)
    errors.invalid(field, list, inBody(field, `should have at least ${minItems} items`));
  const keys = node.source["x-kubernetes-list-map-keys"] ?? [];
  const { items } = node;
  if (items !== undefined)
    for (const [index, item] of list.entries())
      validateValue(items, item, { field: `${field}[${index}]`, old: sameElement(old, item, keys) }, errors);
  validateUniqueness(node.source, list, field, errors);
}

/** Elements of a list are told apart by their keys; without keys none can be recognized. */
function sameElement(old: unknown, item: unknown, keys: readonly string[]): unknown {
  if (keys.length === 0 || !Array.isArray(old) || !isJsonObject(item)) return undefined;
  return old.find((candidate) => isJsonObject(candidate) && keys.every((key) => jsonEqual(candidate[key], item[key])));
}

function validateUniqueness(
  schema: JSONSchemaProps,
  list: readonly unknown[],
  field: string,
  errors: FieldErrors,
): void {
  const listType = schema["x-kubernetes-list-type"];
  if (listType !== "set" && listType !== "map") return;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const identity =
      listType === "map" && isJsonObject(item)
        ? Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]))
        : item;
    const text = JSON.stringify(identity);
    if (seen.has(text)) errors.duplicate(`${field}[${index}]`, identity);
    seen.add(text);
  }
}

function validateObject(node: SchemaNode, object: JsonObject, { field, old }: Place, errors: FieldErrors): void {
  const { minProperties, maxProperties } = node.source;
  const names = Object.keys(object);
  if (maxProperties !== undefined && names.length > maxProperties) errors.tooMany(field, names.length, maxProperties);
  if (minProperties !== undefined && names.length < minProperties)
    errors.invalid(field, object, inBody(field, `should have at least ${minProperties} properties`));
  for (const name of node.required)
    if (!Object.hasOwn(object, name)) errors.required(field === "" ? name : `${field}.${name}`);
  for (const name of names) {
    const child = childSchema(node, name);
    if (child === undefined) continue;
    const oldChild = isJsonObject(old) ? ownField(old, name) : undefined;
    validateValue(child, object[name], { field: field === "" ? name : `${field}.${name}`, old: oldChild }, errors);
  }
}

function problems(node: SchemaNode, value: unknown, field: string): FieldErrors {
  const errors = new FieldErrors();
  validateValue(node, value, { field, old: undefined }, errors);
  return errors;
}

function validateLogic(node: SchemaNode, value: unknown, { field }: Place, errors: FieldErrors): void {
  const holds = (schema: SchemaNode): boolean => problems(schema, value, field).all.length === 0;
  for (const schema of node.allOf) for (const error of problems(schema, value, field).all) errors.add(error);
  const name = JSON.stringify(field);
  if (node.anyOf.length > 0 && !node.anyOf.some(holds)) {
    errors.invalid(field, value, `${name} must validate at least one schema (anyOf)`);
    addNearest(node.anyOf, value, field, errors);
  }
  if (node.oneOf.length > 0) {
    const valid = node.oneOf.filter(holds).length;
    if (valid === 0) {
      errors.invalid(field, value, `${name} must validate one and only one schema (oneOf). Found none valid`);
      addNearest(node.oneOf, value, field, errors);
    } else if (valid > 1)
      errors.invalid(
        field,
        value,
        `${name} must validate one and only one schema (oneOf). Found ${valid} valid alternatives`,
      );
  }
  if (node.not !== undefined && holds(node.not))
    errors.invalid(field, value, `${name} must not validate the schema (not)`);
}

/** What is missing to the alternative that fails least. */
function addNearest(alternatives: readonly SchemaNode[], value: unknown, field: string, errors: FieldErrors): void {
  const [nearest] = alternatives
    .map((schema) => problems(schema, value, field).all)
    .sort((a, b) => a.length - b.length);
  for (const error of nearest ?? []) errors.add(error);
}
