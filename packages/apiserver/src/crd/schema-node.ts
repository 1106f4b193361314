import type { JSONSchemaProps } from "@nodeless/api";
import type { JsonObject } from "../schema/index.ts";
import { isJsonObject } from "../schema/index.ts";
import { compilePattern } from "./pattern.ts";

/** A JSON schema prepared for checking many objects: patterns are compiled, keys from users are in maps. */
export interface SchemaNode {
  readonly type: string;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Schema of fields that are not in `properties`; true: any. */
  readonly additional: SchemaNode | boolean;
  readonly items: SchemaNode | undefined;
  readonly required: readonly string[];
  readonly pattern: RegExp | undefined;
  readonly intOrString: boolean;
  readonly preserveUnknown: boolean;
  readonly embeddedResource: boolean;
  readonly allOf: readonly SchemaNode[];
  readonly anyOf: readonly SchemaNode[];
  readonly oneOf: readonly SchemaNode[];
  readonly not: SchemaNode | undefined;
  /** Some field at or below has a default. */
  readonly hasDefaults: boolean;
  /** What needs no preparation, `x-kubernetes-validations` included: CEL rules are accepted and kept but not evaluated yet. */
  readonly source: JSONSchemaProps;
}

/** Prepares a schema. Malformed parts are taken as absent: `validateCrd` reports them. */
export function compileSchema(source: JSONSchemaProps): SchemaNode {
  const properties = new Map(
    Object.entries(source.properties ?? {}).map(([name, schema]) => [name, compileSchema(schema)]),
  );
  const { additionalProperties } = source;
  const additional = isSchema(additionalProperties)
    ? compileSchema(additionalProperties)
    : additionalProperties === true;
  const items = isSchema(source.items) ? compileSchema(source.items) : undefined;
  const children = [
    ...properties.values(),
    ...(typeof additional === "boolean" ? [] : [additional]),
    ...(items === undefined ? [] : [items]),
  ];
  return {
    type: source.type ?? "",
    properties,
    additional,
    items,
    required: source.required ?? [],
    pattern: source.pattern === undefined || source.pattern === "" ? undefined : compilePattern(source.pattern),
    intOrString: source["x-kubernetes-int-or-string"] === true,
    preserveUnknown: source["x-kubernetes-preserve-unknown-fields"] === true,
    embeddedResource: source["x-kubernetes-embedded-resource"] === true,
    allOf: (source.allOf ?? []).map(compileSchema),
    anyOf: (source.anyOf ?? []).map(compileSchema),
    oneOf: (source.oneOf ?? []).map(compileSchema),
    not: source.not === undefined ? undefined : compileSchema(source.not),
    hasDefaults: source.default !== undefined || children.some((child) => child.hasDefaults),
    source,
  };
}

/** `items` and `additionalProperties` may also be lists and booleans. */
export function isSchema(value: unknown): value is JSONSchemaProps & JsonObject {
  return isJsonObject(value);
}

/** A declared field, or what the schema says of undeclared ones. */
export function childSchema(node: SchemaNode, name: string): SchemaNode | undefined {
  const declared = node.properties.get(name);
  if (declared !== undefined) return declared;
  return typeof node.additional === "boolean" ? undefined : node.additional;
}
