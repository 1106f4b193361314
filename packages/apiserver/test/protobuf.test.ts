import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeProtobufBody } from "../src/protobuf/index.ts";
import type { TypeReference, TypeSchema } from "../src/schema/index.ts";
import { findKind, isJsonObject, ownField, resourceEntries, typeOf } from "../src/schema/index.ts";
import { StatusError } from "../src/status.ts";

/** A writer made from the same table, used only to produce bodies. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest > 0n);
  return bytes;
}
const tagged = (fieldNumber: number, wireType: number, bytes: readonly number[]): number[] => [
  ...varint(fieldNumber * 8 + wireType),
  ...bytes,
];
const delimited = (fieldNumber: number, bytes: readonly number[]): number[] =>
  tagged(fieldNumber, 2, [...varint(bytes.length), ...bytes]);
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];
const record = (value: unknown): Record<string, unknown> =>
  isJsonObject(value) ? value : assert.fail("not an object");

function writeField(fieldNumber: number, type: TypeReference, value: unknown): number[] {
  switch (type.kind) {
    case "list":
      return (value as readonly unknown[]).flatMap((item) => writeField(fieldNumber, type.items, item));
    case "map":
      return Object.entries(record(value)).flatMap(([key, item]) =>
        delimited(fieldNumber, [
          ...delimited(1, utf8(key)),
          ...(type.values.kind === "list"
            ? delimited(2, writeField(1, type.values, item))
            : writeField(2, type.values, item)),
        ]),
      );
    case "object":
      return delimited(fieldNumber, writeObject(type.name, value));
    case "scalar":
      return writeScalar(fieldNumber, type.scalar, value);
  }
}

function writeScalar(fieldNumber: number, scalar: string, value: unknown): number[] {
  switch (scalar) {
    case "string":
      return delimited(fieldNumber, utf8(String(value)));
    case "bytes":
      return delimited(fieldNumber, [...Buffer.from(String(value), "base64")]);
    case "int32":
    case "int64":
      return tagged(fieldNumber, 0, varint(Number(value)));
    case "bool":
      return tagged(fieldNumber, 0, [value === true ? 1 : 0]);
    case "double": {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setFloat64(0, Number(value), true);
      return tagged(fieldNumber, 1, [...new Uint8Array(bytes.buffer)]);
    }
    case "quantity":
      return delimited(fieldNumber, delimited(1, utf8(String(value))));
    case "intOrString":
      return delimited(
        fieldNumber,
        typeof value === "string"
          ? [...tagged(1, 0, [1]), ...tagged(2, 0, [0]), ...delimited(3, utf8(value))]
          : [...tagged(1, 0, [0]), ...tagged(2, 0, varint(Number(value))), ...delimited(3, [])],
      );
    case "time":
    case "microTime": {
      const milliseconds = Date.parse(String(value));
      const seconds = Math.floor(milliseconds / 1000);
      return delimited(fieldNumber, [
        ...tagged(1, 0, varint(seconds)),
        ...tagged(2, 0, varint((milliseconds - seconds * 1000) * 1_000_000)),
      ]);
    }
    default:
      return delimited(fieldNumber, delimited(1, utf8(JSON.stringify(value))));
  }
}

function writeObject(typeName: string, value: unknown): number[] {
  if (typeName.endsWith("OrBool"))
    return typeof value === "boolean"
      ? tagged(1, 0, [value ? 1 : 0])
      : [...tagged(1, 0, [1]), ...delimited(2, writeObject("apiextensions/v1.JSONSchemaProps", value))];
  if (typeName.endsWith("OrArray")) return delimited(1, writeObject("apiextensions/v1.JSONSchemaProps", value));
  if (typeName.endsWith("OrStringArray")) return delimited(2, utf8((value as string[])[0] ?? ""));
  const type = typeOf(typeName);
  return writeMessage(type, type, record(value));
}

function writeMessage(owner: TypeSchema, message: TypeSchema, object: Record<string, unknown>): number[] {
  const own = [...message.fields.values()].flatMap((field) => {
    const value = ownField(object, field.name);
    const declared = owner.fields.get(field.name);
    return field.wireNumber === 0 || value === undefined || declared === undefined
      ? []
      : writeField(field.wireNumber, declared.type, value);
  });
  const nested = message.embedded.flatMap(({ wireNumber, message: embedded }) =>
    delimited(wireNumber, writeMessage(owner, embedded, object)),
  );
  return [...own, ...nested];
}

function envelope(apiVersion: string, kind: string, raw: readonly number[]): Uint8Array {
  const meta = [...delimited(1, utf8(apiVersion)), ...delimited(2, utf8(kind))];
  return Uint8Array.from([
    0x6b,
    0x38,
    0x73,
    0,
    ...delimited(1, meta),
    ...delimited(2, raw),
    ...delimited(3, []),
    ...delimited(4, []),
  ]);
}

/** A value that sets every field, down to a depth at which types that hold themselves stop. */
function sample(type: TypeReference, depth: number): unknown {
  switch (type.kind) {
    case "list":
      return [sample(type.items, depth)];
    case "map":
      return { key: sample(type.values, depth) };
    case "object":
      return sampleObject(type.name, depth);
    case "scalar":
      return SAMPLES[type.scalar];
  }
}
const SAMPLES = {
  string: "text",
  int32: -7,
  int64: 9_007_199_254_740,
  double: 0.25,
  bool: true,
  bytes: "aGk=",
  time: "2026-01-02T03:04:05Z",
  microTime: "2026-01-02T03:04:05.678000Z",
  quantity: "250m",
  intOrString: "25%",
  any: { free: ["form"] },
};
/** Fields with a number of their own or in an embedded message; the table has no number for a few others. */
function isOnWire(type: TypeSchema, field: string): boolean {
  const inMessage = ({ fields, embedded }: TypeSchema): boolean =>
    (fields.get(field)?.wireNumber ?? 0) > 0 || embedded.some(({ message }) => inMessage(message));
  return inMessage(type);
}
function sampleObject(name: string, depth: number): unknown {
  if (name.endsWith("OrBool") || name.endsWith("OrArray"))
    return depth > 6 ? { type: "string" } : sampleObject("apiextensions/v1.JSONSchemaProps", depth + 1);
  if (name.endsWith("OrStringArray")) return ["text"];
  const owner = typeOf(name);
  const fields = [...owner.fields.values()].filter(
    ({ name: field, type }) => isOnWire(owner, field) && (depth < 7 || type.kind === "scalar"),
  );
  const values = fields.map((field) => [field.name, sample(field.type, depth + 1)] as const);
  // An empty struct that is no pointer is a zero, which the wire does not keep.
  return Object.fromEntries(values.filter(([, value]) => !isJsonObject(value) || Object.keys(value).length > 0));
}

/** The table does not have the field numbers of these: one is read-only here, the other not served. */
const WITHOUT_NUMBERS = ["apiregistration.k8s.io", "resource.k8s.io"];

test("every field of every kind that is served survives the wire", () => {
  const kinds = resourceEntries().filter(
    ({ group, resource }) => !WITHOUT_NUMBERS.includes(group) && !resource.includes("/"),
  );
  assert.ok(kinds.length > 60);
  for (const { group, version, kind } of kinds) {
    const type = findKind({ group, version, kind });
    assert.ok(type, kind);
    const object = record(sampleObject(type.name, 0));
    const apiVersion = group === "" ? version : `${group}/${version}`;
    const body = envelope(apiVersion, kind, writeMessage(type, type, object));
    assert.deepEqual(decodeProtobufBody(body), { apiVersion, kind, ...object }, kind);
  }
});

const bodies = readFileSync(new URL("testdata/kubectl-protobuf-bodies.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" "));
const fromKubectl = (path: string): unknown => {
  const [, body] = bodies.find(([candidate]) => candidate?.endsWith(path)) ?? assert.fail(path);
  return decodeProtobufBody(Buffer.from(body ?? "", "base64"));
};

for (const { command, path, want } of [
  {
    command: "create namespace demo",
    path: "/namespaces",
    want: { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } },
  },
  {
    command: "create deployment web --replicas=0: the zero of a pointer stays, empty strategy and status go",
    path: "/deployments",
    want: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels: { app: "web" } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "nginx", image: "nginx:1.27", ports: [{ containerPort: 80 }] }] },
        },
      },
    },
  },
  {
    command: "create configmap with a key called __proto__",
    path: "/configmaps",
    want: JSON.parse(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c1"},"data":{"__proto__":"x","a":"b"}}',
    ),
  },
  {
    command: "create secret: bytes are base64",
    path: "/secrets",
    want: { apiVersion: "v1", kind: "Secret", metadata: { name: "s1" }, data: { user: "YWRtaW4=" } },
  },
  {
    command: "create service: a port as int-or-string",
    path: "/services",
    want: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "svc1", labels: { app: "svc1" } },
      spec: {
        ports: [{ name: "80-8080", protocol: "TCP", port: 80, targetPort: 8080 }],
        selector: { app: "svc1" },
        type: "ClusterIP",
      },
    },
  },
  {
    command: "create quota: quantities in a map",
    path: "/resourcequotas",
    want: {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q1" },
      spec: { hard: { cpu: "1500m", memory: "1Gi" } },
    },
  },
  {
    command: "create ingress: an embedded message",
    path: "/ingresses",
    want: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "i1" },
      spec: {
        rules: [
          {
            host: "a.example",
            http: {
              paths: [{ path: "/x", backend: { service: { name: "svc", port: { number: 80 } } }, pathType: "Prefix" }],
            },
          },
        ],
      },
    },
  },
  {
    command: "auth can-i get pods",
    path: "/selfsubjectaccessreviews",
    want: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { namespace: "default", verb: "get", resource: "pods" } },
      status: { allowed: false },
    },
  },
])
  test(`kubectl ${command}`, () => assert.deepEqual(fromKubectl(path), want));

test("all bodies captured from kubectl decode", () => {
  assert.ok(bodies.length >= 15);
  for (const [path, body] of bodies)
    assert.ok(isJsonObject(decodeProtobufBody(Buffer.from(body ?? "", "base64"))), path);
});

test("options are known in every group", () => {
  const raw = [...tagged(1, 0, [0]), ...delimited(4, utf8("Background")), ...delimited(2, delimited(1, utf8("u1")))];
  assert.deepEqual(decodeProtobufBody(envelope("apps/v1", "DeleteOptions", raw)), {
    apiVersion: "apps/v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 0,
    propagationPolicy: "Background",
    preconditions: { uid: "u1" },
  });
  assert.deepEqual(decodeProtobufBody(envelope("v1", "CreateOptions", delimited(3, utf8("me")))), {
    apiVersion: "v1",
    kind: "CreateOptions",
    fieldManager: "me",
  });
});

test("packed lists of numbers and unknown fields are read", () => {
  const groups = [
    ...delimited(4, [5, 6]),
    ...delimited(4000, utf8("new")),
    ...tagged(4, 0, [7]),
    ...tagged(4001, 5, [1, 2, 3, 4]),
  ];
  assert.deepEqual(decodeProtobufBody(envelope("v1", "Pod", delimited(2, delimited(14, groups)))), {
    apiVersion: "v1",
    kind: "Pod",
    spec: { securityContext: { supplementalGroups: [5, 6, 7] } },
  });
});

for (const { rule, bytes, code } of [
  { rule: "no magic", bytes: Uint8Array.from([1, 2, 3, 4]), code: 400 },
  { rule: "cut off in the middle", bytes: envelope("v1", "Pod", delimited(1, utf8("abc"))).subarray(0, 25), code: 400 },
  { rule: "a length beyond the end", bytes: envelope("v1", "Pod", [0x0a, 0xff, 0xff, 0x7f]), code: 400 },
  { rule: "an endless varint", bytes: envelope("v1", "Pod", [0x08, ...Array<number>(12).fill(0xff)]), code: 400 },
  { rule: "a group, which proto3 dropped", bytes: envelope("v1", "Pod", [0x0b]), code: 400 },
  { rule: "a number where a message belongs", bytes: envelope("v1", "Pod", tagged(1, 0, [1])), code: 400 },
  { rule: "a custom resource", bytes: envelope("example.com/v1", "Widget", []), code: 415 },
])
  test(`refused: ${rule}`, () =>
    assert.throws(
      () => decodeProtobufBody(bytes),
      (error) => error instanceof StatusError && error.code === code,
    ));

test("nesting is bounded", () => {
  let schema: number[] = [];
  for (let level = 0; level < 400; level += 1) schema = delimited(28, schema);
  const body = envelope(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    delimited(2, delimited(7, delimited(4, delimited(1, schema)))),
  );
  assert.throws(() => decodeProtobufBody(body), /nested too deeply/);
});
