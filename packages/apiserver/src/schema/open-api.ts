import type { FieldSchema, TypeReference, TypeSchema } from "./table.ts";
import { findType, typeOf } from "./table.ts";

/** OpenAPI v3 component schemas: those a type needs, by component name, and the name of its own. */
export interface OpenApiSchemas {
  readonly root: string;
  readonly schemas: Readonly<Record<string, unknown>>;
}

/**
 * The schemas of a type and of everything it refers to, with the extensions kubectl reads: x-kubernetes-group-version-kind,
 * x-kubernetes-patch-merge-key and -strategy, list and map types. Descriptions are not in the table, so there are none.
 */
export function openApiSchemas(typeName: string): OpenApiSchemas {
  const schemas: Record<string, unknown> = {};
  const pending = [typeName];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const component = componentName(name);
    if (Object.hasOwn(schemas, component)) continue;
    schemas[component] = componentSchema(name);
    const type = findType(name);
    if (type !== undefined)
      for (const field of type.fields.values()) for (const reference of references(field.type)) pending.push(reference);
  }
  return { root: componentName(typeName), schemas };
}

const GROUP_PACKAGES: ReadonlyMap<string, string> = new Map([
  ["meta", "io.k8s.apimachinery.pkg.apis.meta"],
  ["apiextensions", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"],
  ["apiregistration", "io.k8s.kube-aggregator.pkg.apis.apiregistration"],
]);

/** `apps/v1.Deployment` → `io.k8s.api.apps.v1.Deployment`, the name the real server publishes. */
function componentName(typeName: string): string {
  const [group = "", rest = ""] = typeName.split("/");
  return `${GROUP_PACKAGES.get(group) ?? `io.k8s.api.${group}`}.${rest}`;
}

function references(type: TypeReference): readonly string[] {
  switch (type.kind) {
    case "scalar":
      return [];
    case "list":
      return references(type.items);
    case "map":
      return references(type.values);
    case "object":
      return [type.name];
  }
}

const componentCache = new Map<string, unknown>();

function componentSchema(name: string): unknown {
  const known = componentCache.get(name);
  if (known !== undefined) return known;
  // Unions of several shapes publish no structure: anything goes.
  const schema = findType(name) === undefined ? {} : objectSchema(typeOf(name));
  componentCache.set(name, schema);
  return schema;
}

function objectSchema({ fields, gvk, atomic }: TypeSchema): unknown {
  const required = [...fields.values()].filter((field) => field.required).map(({ name }) => name);
  return {
    type: "object",
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries([...fields.values()].map((field) => [field.name, fieldSchema(field)])),
    ...(gvk === undefined ? {} : { "x-kubernetes-group-version-kind": [gvk] }),
    ...(atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
  };
}

function fieldSchema(field: FieldSchema): unknown {
  const { type, listType, listKeys, mapType, patchStrategies, patchMergeKey } = field;
  const extensions = {
    ...(listType === undefined ? {} : { "x-kubernetes-list-type": listType }),
    ...(listKeys.length === 0 ? {} : { "x-kubernetes-list-map-keys": listKeys }),
    ...(mapType === undefined ? {} : { "x-kubernetes-map-type": mapType }),
    ...(patchStrategies.length === 0 ? {} : { "x-kubernetes-patch-strategy": patchStrategies.join(",") }),
    ...(patchMergeKey === undefined ? {} : { "x-kubernetes-patch-merge-key": patchMergeKey }),
  };
  if (type.kind !== "object") return { ...(typeSchema(type) as object), ...extensions };
  // Siblings of a $ref are ignored by readers, so a reference with extensions or a default stands in allOf.
  const reference = { $ref: `#/components/schemas/${componentName(type.name)}` };
  return { allOf: [reference], ...(field.pointer ? {} : { default: {} }), ...extensions };
}

function typeSchema(type: TypeReference): unknown {
  switch (type.kind) {
    case "list":
      return { type: "array", items: itemSchema(type.items) };
    case "map":
      return { type: "object", additionalProperties: itemSchema(type.values) };
    case "object":
      return { $ref: `#/components/schemas/${componentName(type.name)}` };
    case "scalar":
      return SCALAR_SCHEMAS[type.scalar];
  }
}

function itemSchema(type: TypeReference): unknown {
  return type.kind === "object" ? { allOf: [typeSchema(type)], default: {} } : typeSchema(type);
}

const QUANTITY = { oneOf: [{ type: "string" }, { type: "number" }] };
const SCALAR_SCHEMAS = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bool: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  time: { type: "string", format: "date-time" },
  microTime: { type: "string", format: "date-time" },
  quantity: QUANTITY,
  intOrString: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  any: { "x-kubernetes-preserve-unknown-fields": true },
} as const;
