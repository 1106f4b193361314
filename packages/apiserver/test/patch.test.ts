import assert from "node:assert/strict";
import { test } from "node:test";
import { applyJsonPatch, applyMergePatch, strategicMergePatch } from "../src/patch/index.ts";
import { StatusError } from "../src/status.ts";

const REJECTED = "422 the server rejected our request due to an error in our request";

function outcome(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
}

for (const { rule, document, patch, want } of [
  { rule: "add to an object", document: { a: 1 }, patch: [{ op: "add", path: "/b", value: 2 }], want: { a: 1, b: 2 } },
  { rule: "add into a list", document: [1, 3], patch: [{ op: "add", path: "/1", value: 2 }], want: [1, 2, 3] },
  { rule: "append to a list", document: [1], patch: [{ op: "add", path: "/-", value: 2 }], want: [1, 2] },
  {
    rule: "replace",
    document: { a: { b: 1 } },
    patch: [{ op: "replace", path: "/a/b", value: 2 }],
    want: { a: { b: 2 } },
  },
  { rule: "replace what is missing", document: {}, patch: [{ op: "replace", path: "/a", value: 2 }], want: REJECTED },
  { rule: "remove", document: { a: 1, b: 2 }, patch: [{ op: "remove", path: "/a" }], want: { b: 2 } },
  { rule: "remove what is missing", document: {}, patch: [{ op: "remove", path: "/a" }], want: REJECTED },
  { rule: "move", document: { a: 1 }, patch: [{ op: "move", from: "/a", path: "/b" }], want: { b: 1 } },
  { rule: "copy", document: { a: 1 }, patch: [{ op: "copy", from: "/a", path: "/b" }], want: { a: 1, b: 1 } },
  {
    rule: "a test that holds",
    document: { a: { x: [1] } },
    patch: [{ op: "test", path: "/a", value: { x: [1] } }],
    want: { a: { x: [1] } },
  },
  { rule: "a test that fails", document: { a: 1 }, patch: [{ op: "test", path: "/a", value: 2 }], want: REJECTED },
  {
    rule: "a test for null holds where nothing is",
    document: {},
    patch: [{ op: "test", path: "/a", value: null }],
    want: {},
  },
  {
    rule: "escaped keys",
    document: { "a/b": 1, "c~d": 2 },
    patch: [
      { op: "remove", path: "/a~1b" },
      { op: "remove", path: "/c~0d" },
    ],
    want: {},
  },
  { rule: "a missing parent", document: {}, patch: [{ op: "add", path: "/a/b", value: 1 }], want: REJECTED },
  { rule: "an index beyond the end", document: [1], patch: [{ op: "add", path: "/5", value: 1 }], want: REJECTED },
  {
    rule: "no list",
    document: {},
    patch: { op: "add" },
    want: "400 error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
  },
  {
    rule: "an unknown operation",
    document: {},
    patch: [{ op: "frob", path: "/a" }],
    want: "400 error decoding patch: Unexpected kind: frob",
  },
  {
    rule: "too many operations",
    document: {},
    patch: Array<unknown>(10_001).fill({ op: "test", path: "", value: {} }),
    want: "413 Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
  },
])
  test(`json patch: ${rule}`, () =>
    assert.deepEqual(
      outcome(() => applyJsonPatch(document, patch)),
      want,
    ));

test("patches neither mutate the document nor reach prototypes", () => {
  const document = Object.freeze({ a: Object.freeze({ b: 1 }), list: Object.freeze([1]) });
  applyJsonPatch(document, [
    { op: "add", path: "/a/c", value: 1 },
    { op: "remove", path: "/list/0" },
  ]);
  applyMergePatch(document, { a: { b: null } });
  const patched = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
  assert.equal(
    outcome(() => applyJsonPatch({}, [{ op: "add", path: "/constructor/x", value: 1 }])),
    REJECTED,
  );
  assert.equal(Object.getPrototypeOf(patched), Object.prototype);
  applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
  assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
});

for (const { rule, target, patch, want } of [
  {
    rule: "null deletes, objects merge, lists replace",
    target: { a: 1, b: { c: 1, d: 2 }, e: [1] },
    patch: { a: null, b: { d: 3 }, e: [2] },
    want: { b: { c: 1, d: 3 }, e: [2] },
  },
  { rule: "nulls inside something new vanish", target: {}, patch: { a: { b: null, c: 1 } }, want: { a: { c: 1 } } },
  { rule: "an object replaces a scalar", target: { a: 1 }, patch: { a: { b: 1 } }, want: { a: { b: 1 } } },
  { rule: "a patch that is no object is the result", target: { a: 1 }, patch: [1], want: [1] },
])
  test(`merge patch: ${rule}`, () => assert.deepEqual(applyMergePatch(target, patch), want));

const pod = (spec: unknown): unknown => ({ spec });
for (const { rule, type, current, patch, want } of [
  {
    rule: "containers merge by name, new ones are appended",
    type: "core/v1.Pod",
    current: pod({
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "1" },
      ],
    }),
    patch: pod({
      containers: [
        { name: "b", image: "2" },
        { name: "c", image: "3" },
      ],
    }),
    want: pod({
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "2" },
        { name: "c", image: "3" },
      ],
    }),
  },
  {
    rule: "lists without a merge key are replaced",
    type: "core/v1.Pod",
    current: pod({ tolerations: [{ key: "a" }], containers: [{ name: "a", args: ["1", "2"] }] }),
    patch: pod({ tolerations: [{ key: "b" }], containers: [{ name: "a", args: ["3"] }] }),
    want: pod({ tolerations: [{ key: "b" }], containers: [{ name: "a", args: ["3"] }] }),
  },
  {
    rule: "$patch: delete removes the element, null a field",
    type: "core/v1.Pod",
    current: pod({ nodeName: "n", containers: [{ name: "a" }, { name: "b" }] }),
    patch: pod({ nodeName: null, containers: [{ name: "a", $patch: "delete" }] }),
    want: pod({ containers: [{ name: "b" }] }),
  },
  {
    rule: "$patch: replace in a list replaces the whole list",
    type: "core/v1.Pod",
    current: pod({ containers: [{ name: "a" }, { name: "b" }] }),
    patch: pod({ containers: [{ name: "z" }, { $patch: "replace" }] }),
    want: pod({ containers: [{ name: "z" }] }),
  },
  {
    rule: "$patch: replace in an object replaces the object",
    type: "core/v1.Pod",
    current: pod({ securityContext: { runAsUser: 1, runAsGroup: 2 } }),
    patch: pod({ securityContext: { $patch: "replace", fsGroup: 3 } }),
    want: pod({ securityContext: { fsGroup: 3 } }),
  },
  {
    rule: "$setElementOrder sorts; elements it does not name keep their place",
    type: "core/v1.Pod",
    current: pod({ containers: [{ name: "a" }, { name: "injected" }, { name: "b" }] }),
    patch: pod({
      "$setElementOrder/containers": [{ name: "c" }, { name: "b" }, { name: "a" }],
      containers: [{ name: "c" }],
    }),
    want: pod({ containers: [{ name: "c" }, { name: "b" }, { name: "a" }, { name: "injected" }] }),
  },
  {
    rule: "$retainKeys drops every other field: a strategy changes its type",
    type: "apps/v1.Deployment",
    current: { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
    patch: { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    want: { spec: { strategy: { type: "Recreate" } } },
  },
  {
    rule: "volumes keep one source",
    type: "core/v1.Pod",
    current: pod({ volumes: [{ name: "v", emptyDir: {} }] }),
    patch: pod({ volumes: [{ $retainKeys: ["name", "secret"], name: "v", secret: { secretName: "s" } }] }),
    want: pod({ volumes: [{ name: "v", secret: { secretName: "s" } }] }),
  },
  {
    rule: "sets of words: new ones are added, $deleteFromPrimitiveList takes away",
    type: "core/v1.Pod",
    current: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["c"] } },
    want: { metadata: { finalizers: ["b", "c"] } },
  },
  {
    rule: "labels merge; a null value deletes",
    type: "core/v1.Pod",
    current: { metadata: { labels: { a: "1", b: "2" } } },
    patch: { metadata: { labels: { a: null, c: "3" } } },
    want: { metadata: { labels: { b: "2", c: "3" } } },
  },
  {
    rule: "conditions of a status merge by type",
    type: "core/v1.Pod",
    current: {
      status: {
        conditions: [
          { type: "Ready", status: "False" },
          { type: "Initialized", status: "True" },
        ],
      },
    },
    patch: { status: { $setElementOrder: undefined, conditions: [{ type: "Ready", status: "True" }] } },
    want: {
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "Initialized", status: "True" },
        ],
      },
    },
  },
  {
    rule: "an element without its key",
    type: "core/v1.Pod",
    current: pod({ containers: [] }),
    patch: pod({ containers: [{ image: "x" }] }),
    want: '400 map: {"image":"x"} does not contain declared merge key: name',
  },
  {
    rule: "an unknown directive",
    type: "core/v1.Pod",
    current: pod({}),
    patch: { spec: { $patch: "frob" } },
    want: "400 Unknown patch type found: frob",
  },
]) {
  test(`strategic merge patch: ${rule}`, () => {
    const frozen = structuredClone(current);
    const plain = JSON.parse(JSON.stringify(patch)) as unknown;
    assert.deepEqual(
      outcome(() => strategicMergePatch(type, current, plain)),
      want,
    );
    assert.deepEqual(current, frozen);
  });
}

test("what a strategic patch adds holds no directives, however deep they stood", () => {
  const patch = pod({
    containers: [
      {
        name: "a",
        ports: [{ containerPort: 1, $patch: "merge" }],
        securityContext: { $patch: "replace", runAsUser: null },
      },
    ],
  });
  assert.deepEqual(
    strategicMergePatch("core/v1.Pod", {}, patch),
    pod({ containers: [{ name: "a", ports: [{ containerPort: 1 }], securityContext: {} }] }),
  );
});
