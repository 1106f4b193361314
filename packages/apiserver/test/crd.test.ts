import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomResourceDefinition, KubernetesObject } from "@nodeless/api";
import { crdStatus, parseJsonPath, validateCrd, validateCrdUpdate } from "../src/crd/index.ts";
import { kindFromCrd } from "../src/kinds/index.ts";
import { StatusError } from "../src/status.ts";
import { created, kindOf, texts, updated } from "./kind-pipeline.ts";

const NOW = "2026-01-01T00:00:00Z";
const definitions = kindOf("CustomResourceDefinition");

interface Options {
  readonly schema?: object;
  readonly version?: object;
  readonly spec?: object;
  readonly name?: string;
}
function crdOf({ schema = {}, version = {}, spec = {}, name = "widgets.ex.io" }: Options): CustomResourceDefinition {
  const openAPIV3Schema = { type: "object", properties: { spec: { type: "object", ...schema } } };
  return created(definitions, {
    metadata: { name },
    spec: {
      group: "ex.io",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
      ...spec,
    },
  }) as CustomResourceDefinition;
}

const AT = "spec.versions[0].schema.openAPIV3Schema.properties[spec]";
for (const { rule, options, want } of [
  { rule: "a sound one", options: { schema: { properties: { a: { type: "string" } } } }, want: [] },
  {
    rule: "its name is plural and group",
    options: { name: "gadgets.ex.io" },
    want: ['metadata.name: Invalid value: "gadgets.ex.io": must be spec.names.plural+"."+spec.group'],
  },
  {
    rule: "one version is stored",
    options: { version: { storage: false } },
    want: ['spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version'],
  },
  {
    rule: "every field has a type",
    options: { schema: { properties: { a: {} } } },
    want: [`${AT}.properties[a].type: Required value: must not be empty for specified object fields`],
  },
  {
    rule: "items have a type",
    options: { schema: { properties: { a: { type: "array", items: {} } } } },
    want: [`${AT}.properties[a].items.type: Required value: must not be empty for specified array items`],
  },
  {
    rule: "int-or-string has none",
    options: {
      schema: {
        properties: { a: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] } },
      },
    },
    want: [],
  },
  {
    rule: "no references",
    options: { schema: { properties: { a: { type: "object", $ref: "#/x" } } } },
    want: [`${AT}.properties[a].$ref: Forbidden: $ref is not supported`],
  },
  {
    rule: "additionalProperties or properties",
    options: { schema: { properties: { a: { type: "object" } }, additionalProperties: { type: "string" } } },
    want: [`${AT}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
  },
  {
    rule: "below anyOf only values are restricted",
    options: { schema: { anyOf: [{ properties: { a: { type: "string" } } }] } },
    want: [`${AT}.anyOf[0].properties[a].type: Forbidden: must be empty to be structural`],
  },
  {
    rule: "patterns must be expressions",
    options: { schema: { properties: { a: { type: "string", pattern: "(" } } } },
    want: [`${AT}.properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn't`],
  },
  {
    rule: "a list map needs keys",
    options: {
      schema: { properties: { a: { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" } } },
    },
    want: [
      `${AT}.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
  },
  {
    rule: "webhooks do not convert here",
    options: { spec: { conversion: { strategy: "Webhook" } } },
    want: ['spec.conversion.strategy: Unsupported value: "Webhook": supported values: "None"'],
  },
  {
    rule: "columns lead somewhere",
    options: { version: { additionalPrinterColumns: [{ name: "A", type: "string", jsonPath: ".a[?(" }] } },
    want: ['spec.versions[0].additionalPrinterColumns[0].jsonPath: Invalid value: ".a[?(": invalid JSON path ".a[?("'],
  },
  {
    rule: "rules in CEL are accepted",
    options: { schema: { "x-kubernetes-validations": [{ rule: "self.a > 0" }] } },
    want: [],
  },
])
  test(`definition: ${rule}`, () => assert.deepEqual(texts(validateCrd(crdOf(options))), want));

test("an established definition keeps its scope and its stored versions", () => {
  const crd = crdOf({});
  const old = { ...crd, status: crdStatus(crd, [], NOW) } as CustomResourceDefinition;
  const changed = crdOf({ spec: { scope: "Cluster", versions: [{ ...crd.spec.versions[0], name: "v2" }] } });
  assert.deepEqual(
    texts(validateCrdUpdate({ ...changed, ...(old.status === undefined ? {} : { status: old.status }) }, old)).map(
      (text) => text.slice(0, 60),
    ),
    [
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'status.storedVersions[0]: Invalid value: "v1": missing from ',
    ],
  );
});

test("names are accepted, then the definition is established; what does not change keeps its time", () => {
  const crd = crdOf({});
  const status = crdStatus(crd, [], NOW);
  assert.deepEqual(status, {
    acceptedNames: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
    storedVersions: ["v1"],
    conditions: [
      {
        type: "NamesAccepted",
        status: "True",
        reason: "NoConflicts",
        message: "no conflicts found",
        lastTransitionTime: NOW,
      },
      {
        type: "Established",
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
        lastTransitionTime: NOW,
      },
    ],
  });
  assert.deepEqual(crdStatus({ ...crd, status }, [], "2027-01-01T00:00:00Z"), status);
});

test("names belong to who has them first", () => {
  const first = crdOf({});
  const taken = { ...first, status: crdStatus(first, [], NOW) };
  const second = crdOf({ name: "gadgets.ex.io", spec: { names: { plural: "gadgets", kind: "Widget" } } });
  const conditions = crdStatus(second, [taken], NOW).conditions ?? [];
  assert.deepEqual(
    conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`),
    [
      'NamesAccepted=False SingularConflict: "widget" is already in use',
      "Established=False NotAccepted: not all names are accepted",
    ],
  );
});

const KIND = { version: { subresources: { status: {} } } };
function decodeSpec(schema: object, spec: unknown): { readonly spec: unknown; readonly warnings: readonly string[] } {
  const definition = kindFromCrd(crdOf({ schema, ...KIND }), "v1");
  const { object, warnings } = definition.decode({ metadata: { name: "w" }, spec }, "Warn", []);
  return { spec: (definition.applyDefaults(object) as KubernetesObject & { spec: unknown }).spec, warnings };
}

for (const { rule, schema, spec, want, warnings = [] } of [
  {
    rule: "unknown fields are pruned",
    schema: { properties: { a: { type: "object", properties: {} } } },
    spec: { a: { x: 1 }, y: 2 },
    want: { a: {} },
    warnings: ['unknown field "spec.a.x"', 'unknown field "spec.y"'],
  },
  {
    rule: "in lists too",
    schema: { properties: { l: { type: "array", items: { type: "object", properties: { a: { type: "string" } } } } } },
    spec: { l: [{ a: "1", b: 2 }] },
    want: { l: [{ a: "1" }] },
    warnings: ['unknown field "spec.l[0].b"'],
  },
  {
    rule: "maps keep their keys",
    schema: { additionalProperties: { type: "string" } },
    spec: { any: "x" },
    want: { any: "x" },
  },
  {
    rule: "open parts keep everything",
    schema: { "x-kubernetes-preserve-unknown-fields": true, properties: { a: { type: "object", properties: {} } } },
    spec: { a: { gone: 1 }, kept: { deep: [1] } },
    want: { a: {}, kept: { deep: [1] } },
    warnings: ['unknown field "spec.a.gone"'],
  },
  {
    rule: "embedded objects keep their kind and get their metadata decoded",
    schema: { properties: { o: { type: "object", "x-kubernetes-embedded-resource": true } } },
    spec: { o: { apiVersion: "v1", kind: "Pod", metadata: { name: "p", bad: 1 }, spec: {} } },
    want: { o: { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } } },
    warnings: ['unknown field "spec.o.metadata.bad"', 'unknown field "spec.o.spec"'],
  },
  {
    rule: "defaults fill what is missing, at every depth",
    schema: { properties: { a: { type: "object", default: {}, properties: { b: { type: "integer", default: 3 } } } } },
    spec: {},
    want: { a: { b: 3 } },
  },
  {
    rule: "defaults stand in for null where null is no value",
    schema: {
      properties: { a: { type: "string", default: "x" }, b: { type: "string", nullable: true, default: "y" } },
    },
    spec: { a: null, b: null },
    want: { a: "x", b: null },
  },
  {
    rule: "a key called __proto__ is pruned like any other",
    schema: { properties: {} },
    spec: JSON.parse('{"__proto__":{"x":1}}'),
    want: {},
    warnings: ['unknown field "spec.__proto__"'],
  },
])
  test(`decoding: ${rule}`, () => {
    const decoded = decodeSpec(schema, spec);
    assert.deepEqual(decoded.spec, want);
    assert.deepEqual(decoded.warnings, warnings);
  });

test("strict clients get 400 for unknown fields", () => {
  const definition = kindFromCrd(crdOf({}), "v1");
  assert.throws(
    () => definition.decode({ spec: { x: 1 }, metadata: {} }, "Strict", []),
    (error) =>
      error instanceof StatusError &&
      error.message ===
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.x"',
  );
});

const field = (schema: object): object => ({ properties: { a: schema } });
for (const { rule, schema, spec, want } of [
  {
    rule: "type",
    schema: field({ type: "integer" }),
    spec: { a: "3" },
    want: ['spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"'],
  },
  {
    rule: "null",
    schema: field({ type: "integer" }),
    spec: { a: null },
    want: ['spec.a: Invalid value: "null": spec.a in body must be of type integer: "null"'],
  },
  { rule: "nullable", schema: field({ type: "integer", nullable: true }), spec: { a: null }, want: [] },
  { rule: "a whole number is a number", schema: field({ type: "number" }), spec: { a: 3 }, want: [] },
  {
    rule: "int-or-string",
    schema: field({ "x-kubernetes-int-or-string": true }),
    spec: { a: true },
    want: ['spec.a: Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"'],
  },
  { rule: "required", schema: { required: ["a"] }, spec: {}, want: ["spec.a: Required value"] },
  {
    rule: "enum",
    schema: field({ type: "string", enum: ["x", "y"] }),
    spec: { a: "z" },
    want: ['spec.a: Unsupported value: "z": supported values: "x", "y"'],
  },
  {
    rule: "minimum",
    schema: field({ type: "integer", minimum: 1 }),
    spec: { a: 0 },
    want: ["spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1"],
  },
  {
    rule: "exclusive maximum",
    schema: field({ type: "integer", maximum: 5, exclusiveMaximum: true }),
    spec: { a: 5 },
    want: ["spec.a: Invalid value: 5: spec.a in body should be less than 5"],
  },
  {
    rule: "pattern",
    schema: field({ type: "string", pattern: "^[a-z]+$" }),
    spec: { a: "A" },
    want: ["spec.a: Invalid value: \"A\": spec.a in body should match '^[a-z]+$'"],
  },
  {
    rule: "patterns in Go's dialect",
    schema: field({ type: "string", pattern: "(?i)^[[:alpha:]\\-]+\\z" }),
    spec: { a: "aB-" },
    want: [],
  },
  {
    rule: "minLength",
    schema: field({ type: "string", minLength: 2 }),
    spec: { a: "x" },
    want: ['spec.a: Invalid value: "x": spec.a in body should be at least 2 chars long'],
  },
  {
    rule: "maxLength",
    schema: field({ type: "string", maxLength: 2 }),
    spec: { a: "xyz" },
    want: ["spec.a: Too long: may not be more than 2 bytes"],
  },
  {
    rule: "format",
    schema: field({ type: "string", format: "ipv4" }),
    spec: { a: "1.2.3" },
    want: ['spec.a: Invalid value: "1.2.3": spec.a in body must be of type ipv4: "1.2.3"'],
  },
  {
    rule: "maxItems",
    schema: field({ type: "array", maxItems: 1, items: { type: "string" } }),
    spec: { a: ["x", "y"] },
    want: ["spec.a: Too many: 2: must have at most 1 items"],
  },
  {
    rule: "sets",
    schema: field({ type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } }),
    spec: { a: ["x", "x"] },
    want: ['spec.a[1]: Duplicate value: "x"'],
  },
  {
    rule: "maps by key",
    schema: field({
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
      items: { type: "object", required: ["k"], properties: { k: { type: "string" } } },
    }),
    spec: { a: [{ k: "1" }, { k: "1" }] },
    want: ['spec.a[1]: Duplicate value: {"k":"1"}'],
  },
  {
    rule: "oneOf",
    schema: {
      properties: { a: { type: "string" }, b: { type: "string" } },
      oneOf: [{ required: ["a"] }, { required: ["b"] }],
    },
    spec: { a: "1", b: "2" },
    want: [
      'spec: Invalid value: {"a":"1","b":"2"}: "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  },
  {
    rule: "not",
    schema: { properties: { a: { type: "string" } }, not: { required: ["a"] } },
    spec: { a: "1" },
    want: ['spec: Invalid value: {"a":"1"}: "spec" must not validate the schema (not)'],
  },
])
  test(`validation: ${rule}`, () => {
    const definition = kindFromCrd(crdOf({ schema }), "v1");
    assert.deepEqual(texts(definition.validateCreate(created(definition, { spec }))), want);
  });

test("what was invalid before and has not changed is not judged again", () => {
  const lax = kindFromCrd(crdOf({ schema: { properties: { a: { type: "string" }, b: { type: "string" } } } }), "v1");
  const strict = kindFromCrd(
    crdOf({ schema: { properties: { a: { type: "string", maxLength: 1 }, b: { type: "string" } } } }),
    "v1",
  );
  const old = created(lax, { spec: { a: "long", b: "1" } });
  const change = (spec: object): readonly string[] =>
    texts(strict.validateUpdate({ ...old, spec } as KubernetesObject, old, ""));
  assert.deepEqual(change({ a: "long", b: "2" }), []);
  assert.deepEqual(change({ a: "longer", b: "1" }), ["spec.a: Too long: may not be more than 1 bytes"]);
});

test("the status endpoint changes nothing but status and field ownership", () => {
  const definition = kindFromCrd(
    crdOf({
      schema: { properties: { a: { type: "string" } } },
      version: {
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    }),
    "v1",
  );
  const old = created(definition, { spec: { a: "1" }, status: { dropped: true } });
  assert.equal("status" in old, false);
  const body = { metadata: { ...old.metadata, labels: { new: "label" } }, spec: { a: "2" }, status: { ok: true } };
  assert.deepEqual(updated(definition, old, body, "status"), { ...old, status: { ok: true } });
  const main = updated(definition, { ...old, status: { ok: 1 } } as KubernetesObject, body) as KubernetesObject &
    Record<string, unknown>;
  assert.deepEqual([main["spec"], main["status"], main.metadata.labels], [{ a: "2" }, { ok: 1 }, { new: "label" }]);
});

const object = {
  metadata: { annotations: { "a.b/c": "dotted" }, created: "2025-12-31T23:00:00Z" },
  spec: { n: 3.7, list: [{ x: 1 }, { x: 2 }], flag: true, o: { k: 1 } },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Old", status: "False" },
    ],
  },
};
for (const { path, want } of [
  { path: ".spec.n", want: [3.7] },
  { path: '.status.conditions[?(@.type=="Ready")].status', want: ["True"] },
  { path: ".status.conditions[?(@.status!='True')].type", want: ["Old"] },
  { path: ".spec.list[*].x", want: [1, 2] },
  { path: ".spec.list[-1].x", want: [2] },
  { path: ".spec.list[?(@.x>1)].x", want: [2] },
  { path: ".metadata.annotations['a.b/c']", want: ["dotted"] },
  { path: ".metadata.annotations.a\\.b/c", want: ["dotted"] },
  { path: "{.spec.flag}", want: [true] },
  { path: ".spec.missing.deeper", want: [] },
  { path: ".constructor.name", want: [] },
])
  test(`JSON path ${path}`, () => assert.deepEqual(parseJsonPath(path).find(object), want));

test("printer columns: Age only if none are declared, values in their type, the rest empty", () => {
  assert.deepEqual(
    kindFromCrd(crdOf({}), "v1").columns.map(({ name }) => name),
    ["Name", "Age"],
  );
  const columns = [
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "N", type: "integer", jsonPath: ".spec.n" },
    { name: "Made", type: "date", jsonPath: ".metadata.created" },
    { name: "Flag", type: "string", jsonPath: ".spec.flag", priority: 1 },
    { name: "O", type: "string", jsonPath: ".spec.o" },
    { name: "Wrong", type: "integer", jsonPath: ".spec.flag" },
    { name: "Missing", type: "string", jsonPath: ".spec.missing" },
  ];
  const definition = kindFromCrd(crdOf({ version: { additionalPrinterColumns: columns } }), "v1");
  const cells = definition.cells(
    { ...object, metadata: { ...object.metadata, name: "w" } } as unknown as KubernetesObject,
    new Date(NOW),
  );
  assert.deepEqual(cells, ["w", "True", 3, "60m", "true", '{"k":1}', null, null]);
  assert.equal(definition.columns.at(4)?.priority, 1);
});

test("selectable fields, scale and the published schema", () => {
  const definition = kindFromCrd(
    crdOf({
      schema: { properties: { color: { type: "string" } } },
      version: {
        selectableFields: [{ jsonPath: ".spec.color" }],
        subresources: { scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" } },
      },
    }),
    "v1",
  );
  assert.equal(
    definition.selectableFields.get("spec.color")?.({ spec: { color: "red" } } as unknown as KubernetesObject),
    "red",
  );
  assert.equal(definition.subresources.scale?.specReplicasPath, ".spec.replicas");
  assert.equal(definition.strategicMergePatch, undefined);
  const { root, schemas } = definition.openApiSchemas();
  assert.equal(root, "io.ex.v1.Widget");
  assert.deepEqual((schemas[root] as Record<string, unknown>)["x-kubernetes-group-version-kind"], [
    { group: "ex.io", kind: "Widget", version: "v1" },
  ]);
});
