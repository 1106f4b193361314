import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinKinds } from "../src/kinds/index.ts";
import type { FieldValidation, KindDefinition } from "../src/kinds/kind.ts";
import { decodeBody } from "../src/schema/index.ts";
import { StatusError } from "../src/status.ts";

function kindOf(name: string): KindDefinition {
  const kind = builtinKinds().find((candidate) => candidate.kind === name);
  assert.ok(kind, `no kind ${name}`);
  return kind;
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

const decode = (kind: string, body: unknown, fieldValidation: FieldValidation = "Strict"): unknown =>
  kindOf(kind).decode(body, fieldValidation, []).object;

const deployment = (spec: unknown): unknown => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec,
});
const container = (fields: object): unknown =>
  deployment({ template: { spec: { containers: [{ name: "c", ...fields }] } } });
const CANNOT = '400 Deployment in version "v1" cannot be handled as a Deployment: ';

for (const { rule, body, want } of [
  {
    rule: "a text where a number belongs",
    body: deployment({ replicas: "3" }),
    want: `${CANNOT}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    rule: "list indexes are left out of the path, the innermost struct is named",
    body: container({ env: [{ name: "A", value: 3 }] }),
    want: `${CANNOT}json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string`,
  },
  {
    rule: "a fraction is no int32",
    body: deployment({ replicas: 1.5 }),
    want: `${CANNOT}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    rule: "an int32 has 32 bits",
    body: deployment({ replicas: 2 ** 31 }),
    want: `${CANNOT}json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    rule: "a list where an object belongs",
    body: deployment([]),
    want: `${CANNOT}json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec`,
  },
  {
    rule: "a word is no quantity",
    body: container({ resources: { limits: { cpu: "lots" } } }),
    want: `${CANNOT}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  },
  {
    rule: "unknown fields are listed with their full paths, in order",
    body: deployment({ replicaz: 1, template: { spec: { containers: [{ name: "c", imagee: "x" }] } } }),
    want: `${CANNOT}strict decoding error: unknown field "spec.replicaz", unknown field "spec.template.spec.containers[0].imagee"`,
  },
  {
    rule: "a field called __proto__ is an unknown field like any other",
    body: JSON.parse('{"spec":{"__proto__":{"replicas":9}}}'),
    want: `${CANNOT}strict decoding error: unknown field "spec.__proto__"`,
  },
  {
    rule: "another version",
    body: { apiVersion: "apps/v1beta1", kind: "Deployment" },
    want: "400 the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
  },
])
  test(`decoding refuses: ${rule}`, () =>
    assert.equal(
      refusal(() => decode("Deployment", body)),
      want,
    ));

test("duplicate fields are refused, warned of or ignored, as the client wishes", () => {
  const body = deployment({ replicas: 1, wrong: 2 });
  const kind = kindOf("Deployment");
  assert.equal(
    refusal(() => kind.decode(body, "Strict", ["spec.replicas"])),
    `${CANNOT}strict decoding error: duplicate field "spec.replicas", unknown field "spec.wrong"`,
  );
  assert.deepEqual(kind.decode(body, "Warn", ["spec.replicas"]).warnings, [
    'duplicate field "spec.replicas"',
    'unknown field "spec.wrong"',
  ]);
  assert.deepEqual(kind.decode(body, "Ignore", ["spec.replicas"]).warnings, []);
});

for (const { rule, type, body, want } of [
  {
    rule: "quantities become canonical, numbers included",
    type: "core/v1.ResourceRequirements",
    body: { limits: { cpu: "1000m", memory: "1024Mi", "example.com/gpu": 2 } },
    want: { limits: { cpu: "1", memory: "1Gi", "example.com/gpu": "2" } },
  },
  {
    rule: "null is absence",
    type: "core/v1.Pod",
    body: { metadata: { name: "a", creationTimestamp: null }, spec: null },
    want: { metadata: { name: "a" } },
  },
  {
    rule: "zeros of optional plain fields vanish, those of pointers and required fields stay",
    type: "core/v1.PodSpec",
    body: {
      hostNetwork: false,
      nodeName: "",
      priority: 0,
      automountServiceAccountToken: false,
      containers: [],
      volumes: [],
    },
    want: { priority: 0, automountServiceAccountToken: false, containers: [] },
  },
  {
    rule: "a null list element or map value is the zero of its type",
    type: "core/v1.ConfigMap",
    body: { data: { a: null }, metadata: { finalizers: [null, "x"] } },
    want: { data: { a: "" }, metadata: { finalizers: ["", "x"] } },
  },
  {
    rule: "free-form values pass through",
    type: "apiextensions/v1.JSONSchemaProps",
    body: { default: { a: [1, null] }, additionalProperties: true, items: { type: "string" } },
    want: { default: { a: [1, null] }, additionalProperties: true, items: { type: "string" } },
  },
])
  test(`decoding: ${rule}`, () => assert.deepEqual(decodeBody(type, body).value, want));

test("times become UTC with whole seconds, micro times keep six digits", () => {
  assert.deepEqual(
    decodeBody("coordination/v1.Lease", {
      metadata: { creationTimestamp: "2026-01-01T09:00:00.75+09:00" },
      spec: { renewTime: "2026-01-01T00:00:00.12Z" },
    }).value,
    { metadata: { creationTimestamp: "2026-01-01T00:00:00Z" }, spec: { renewTime: "2026-01-01T00:00:00.120000Z" } },
  );
});

test("keys of maps that are also names of Object's members are data", () => {
  const { value } = decodeBody("core/v1.ConfigMap", JSON.parse('{"data":{"__proto__":"x","constructor":"y"}}'));
  assert.equal(JSON.stringify(value), '{"data":{"__proto__":"x","constructor":"y"}}');
  assert.equal(Object.getPrototypeOf(value["data"]), Object.prototype);
});

test("nesting is bounded", () => {
  let schema: unknown = { type: "object" };
  for (let level = 0; level < 1000; level += 1) schema = { properties: { a: schema } };
  assert.throws(() => decodeBody("apiextensions/v1.JSONSchemaProps", schema), /exceeded max depth/);
});
