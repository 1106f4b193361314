import { closest } from "@nodeless/eks/spec";
import { describe, isPlainObject, type Path, quoteHint, type Report } from "./check-value.ts";

/** The part of a CustomResourceDefinition's schema that Karpenter's definitions use. */
export interface ValueSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** How a schema is checked. */
export interface SchemaCheck {
  readonly report: Report;
  /** False: other code checks the form of texts, with better words than a pattern. */
  readonly patterns: boolean;
}

/** Checks a value against a structural schema and fills in its defaults, as the API server does for a custom resource. The value is not changed. */
export function checkSchema(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (schema["x-kubernetes-int-or-string"] === true) return checkIntOrString(value, schema, path, check);
  switch (schema.type) {
    case "object":
      return checkFields(value, schema, path, check);
    case "array":
      return checkItems(value, schema, path, check);
    case "string":
      return checkText(value, schema, path, check);
    case "integer":
      return checkWhole(value, schema, path, check);
    case "boolean":
      if (typeof value !== "boolean") check.report(path, `expected true or false, found ${describe(value)}`);
      return value;
    default:
      return value;
  }
}

function checkFields(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (!isPlainObject(value)) {
    check.report(path, `expected a mapping, found ${describe(value)}`);
    return undefined;
  }
  const { properties, additionalProperties, required = [] } = schema;
  const result: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue;
    const field = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (field !== undefined) result.push([key, checkSchema(item, field, [...path, key], check)]);
    else if (isPlainObject(additionalProperties))
      result.push([key, checkSchema(item, additionalProperties, [...path, key], check)]);
    else if (properties === undefined || schema["x-kubernetes-preserve-unknown-fields"] === true)
      result.push([key, item]);
    else check.report([...path, key], unknownField(key, Object.keys(properties)));
  }
  for (const [key, field] of Object.entries(properties ?? {}))
    if (field.default !== undefined && (value[key] ?? undefined) === undefined) result.push([key, field.default]);
  for (const key of required)
    if (!result.some(([name]) => name === key)) check.report([...path, key], "required; add it");
  return Object.fromEntries(result);
}

function unknownField(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  return near === undefined
    ? `unknown field; known fields here are ${known.join(", ")}`
    : `unknown field; did you mean ${JSON.stringify(near)}?`;
}

function checkItems(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (!Array.isArray(value)) {
    check.report(path, `expected a list, found ${describe(value)}`);
    return undefined;
  }
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  if (value.length < minItems) check.report(path, `needs at least ${minItems} item${minItems === 1 ? "" : "s"}`);
  if (value.length > maxItems) check.report(path, `at most ${maxItems} items, not ${value.length}`);
  return value.map((item: unknown, index) =>
    isPlainObject(items) ? checkSchema(item, items, [...path, index], check) : item,
  );
}

function checkText(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (typeof value !== "string") {
    check.report(path, `expected text, found ${describe(value)}${quoteHint(value)}`);
    return undefined;
  }
  const words = schema.enum?.map(String);
  if (words !== undefined && !words.includes(value)) {
    const near = closest(value, words);
    check.report(
      path,
      `expected ${words.join(" or ")}, found ${describe(value)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  } else if (check.patterns && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    check.report(path, `${describe(value)} does not match ${schema.pattern}`);
  else if (value.length < (schema.minLength ?? 0)) check.report(path, "must not be empty");
  else if (value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
    check.report(path, `at most ${schema.maxLength} characters, not ${value.length}`);
  return value;
}

function checkWhole(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    const hint = typeof value === "string" && /^-?\d+$/.test(value) ? "; remove the quotes" : "";
    check.report(path, `expected a whole number, found ${describe(value)}${hint}`);
    return undefined;
  }
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (value < minimum) check.report(path, `must be at least ${minimum}, not ${value}`);
  if (value > maximum) check.report(path, `must be at most ${maximum}, not ${value}`);
  return value;
}

function checkIntOrString(value: unknown, schema: ValueSchema, path: Path, check: SchemaCheck): unknown {
  if (typeof value !== "string" && !Number.isInteger(value))
    check.report(path, `expected a quantity, found ${describe(value)}`);
  else if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(String(value)))
    check.report(path, `${describe(value)} is not a quantity; write a number with a suffix, such as 1000 or 64Gi`);
  return value;
}
