import assert from "node:assert/strict";
import test from "node:test";
import { WELL_KNOWN_LABELS } from "@nodeless/api";
import {
  allowsLabel,
  allowsValue,
  compatibleRequirements,
  demandsLabel,
  formatRequirement,
  formatRequirements,
  intersectRequirements,
  isEmptyRequirement,
  matchesNodeAffinity,
  mergeRequirements,
  type Requirement,
  requirement,
  requirementsConflict,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  requirementsOverlap,
  toNodeSelectorRequirements,
} from "@nodeless/scheduling";
import fc from "fast-check";

const OPERATORS: Readonly<Record<string, Requirement>> = {
  "in (1,5)": requirement("k", "In", ["1", "5"]),
  "in (a,5)": requirement("k", "In", ["a", "5"]),
  "notin (5,9)": requirement("k", "NotIn", ["5", "9"]),
  exists: requirement("k", "Exists"),
  absent: requirement("k", "DoesNotExist"),
  "> 4": requirement("k", "Gt", ["4"]),
  "< 4": requirement("k", "Lt", ["4"]),
  ">= 5": requirement("k", "Gte", ["5"]),
  "<= 5": requirement("k", "Lte", ["5"]),
};

/** Rows and columns in the order of OPERATORS; the upper triangle, since the intersection is commutative. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  "in (1,5)": [
    "k in (1,5)",
    "k in (5)",
    "k in (1)",
    "k in (1,5)",
    "!k",
    "k in (5)",
    "k in (1)",
    "k in (5)",
    "k in (1,5)",
  ],
  "in (a,5)": ["k in (5,a)", "k in (a)", "k in (5,a)", "!k", "k in (5)", "!k", "k in (5)", "k in (5)"],
  "notin (5,9)": [
    "k notin (5,9)",
    "k notin (5,9)",
    "!k",
    "k >= 5 notin (5,9)",
    "k <= 3",
    "k >= 5 notin (5,9)",
    "k <= 5 notin (5)",
  ],
  exists: ["k exists", "!k", "k >= 5", "k <= 3", "k >= 5", "k <= 5"],
  absent: ["!k", "!k", "!k", "!k", "!k"],
  "> 4": ["k >= 5", "!k", "k >= 5", "k 5..5"],
  "< 4": ["k <= 3", "!k", "k <= 3"],
  ">= 5": ["k >= 5", "k 5..5"],
  "<= 5": ["k <= 5"],
};

test("intersection, operator by operator", () => {
  const names = Object.keys(OPERATORS);
  for (const [row, name] of names.entries())
    for (const [offset, want] of (TABLE[name] ?? []).entries()) {
      const other = names[row + offset] ?? "";
      const [a, b] = [OPERATORS[name], OPERATORS[other]];
      assert.ok(a !== undefined && b !== undefined);
      assert.equal(formatRequirement(intersectRequirements(a, b)), want, `${name} ∩ ${other}`);
      assert.equal(formatRequirement(intersectRequirements(b, a)), want, `${other} ∩ ${name}`);
    }
});

const VALUES = ["a", "b", "-1", "0", "1", "2", "3", "4", "5", "6", "x7"];
const anyRequirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc
    .tuple(fc.constantFrom("In", "NotIn"), fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 4 }))
    .map(([operator, values]) => requirement("k", operator, values)),
  fc.constantFrom("Exists", "DoesNotExist").map((operator) => requirement("k", operator)),
  fc
    .tuple(fc.constantFrom("Gt", "Lt", "Gte", "Lte"), fc.integer({ min: -1, max: 6 }))
    .map(([operator, bound]) => requirement("k", operator, [String(bound)])),
);
const mixed = fc
  .array(anyRequirement, { minLength: 1, maxLength: 4 })
  .map((list) => list.reduce(intersectRequirements));

test("the algebra agrees with trying every value", () => {
  fc.assert(
    fc.property(mixed, mixed, (a, b) => {
      const both = intersectRequirements(a, b);
      for (const value of VALUES)
        assert.equal(allowsValue(both, value), allowsValue(a, value) && allowsValue(b, value));
      assert.equal(formatRequirement(both), formatRequirement(intersectRequirements(b, a)));
      assert.equal(
        formatRequirement(intersectRequirements(a, a)),
        formatRequirement(isEmptyRequirement(a) ? both : a),
        "idempotent",
      );
      const shared = VALUES.some((value) => allowsValue(a, value) && allowsValue(b, value));
      const bothAbsent = !demandsLabel(a) && !demandsLabel(b);
      if (shared || bothAbsent) assert.ok(requirementsOverlap(a, b));
      if (isEmptyRequirement(both) && !bothAbsent) assert.ok(!requirementsOverlap(a, b));
    }),
  );
});

test("intersection is associative, and never admits more than before", () => {
  fc.assert(
    fc.property(mixed, mixed, mixed, (a, b, c) => {
      const left = intersectRequirements(intersectRequirements(a, b), c);
      const right = intersectRequirements(a, intersectRequirements(b, c));
      for (const value of VALUES) {
        assert.equal(allowsValue(left, value), allowsValue(right, value), `associative for ${value}`);
        if (allowsValue(left, value))
          assert.ok(allowsValue(a, value) && allowsValue(b, value) && allowsValue(c, value));
      }
      assert.equal(isEmptyRequirement(left), isEmptyRequirement(right));
      // What overlaps a narrower set overlaps a wider one.
      if (demandsLabel(c) && requirementsOverlap(intersectRequirements(a, b), c)) assert.ok(requirementsOverlap(a, c));
    }),
  );
});

test("a node that narrows takes no pod that it refused before", () => {
  fc.assert(
    fc.property(mixed, mixed, mixed, (node, more, pod) => {
      // Exists ∩ NotIn is NotIn, which no longer demands the label (karpenter.md §2.4); so the pod must.
      fc.pre(demandsLabel(pod));
      const wide = new Map([["k", node]]);
      const narrow = new Map([["k", intersectRequirements(node, more)]]);
      const wish = new Map([["k", pod]]);
      if (compatibleRequirements(narrow, wish)) assert.ok(compatibleRequirements(wide, wish));
    }),
  );
});

test("the API form says the same", () => {
  fc.assert(
    fc.property(anyRequirement, (one) => {
      const again = requirementsFromNodeSelectorRequirements(toNodeSelectorRequirements(new Map([["k", one]])));
      assert.equal(formatRequirements(again), formatRequirement(one));
    }),
  );
});

for (const { rule, value, wants } of [
  { rule: "an absent label", value: undefined, wants: ["notin (5,9)", "absent"] },
  { rule: "a number", value: "5", wants: ["in (1,5)", "in (a,5)", "exists", "> 4", ">= 5", "<= 5"] },
  { rule: "text never meets a bound", value: "a", wants: ["in (a,5)", "notin (5,9)", "exists"] },
])
  test(`${rule} satisfies ${wants.join(", ")}`, () => {
    const met = Object.entries(OPERATORS).filter(([, one]) => allowsLabel(one, value));
    assert.deepEqual(
      met.map(([name]) => name),
      wants,
    );
  });

test("broken expressions match nothing", () => {
  for (const one of [requirement("k", "In", []), requirement("k", "Gt", ["x"]), requirement("k", "Near", ["1"])])
    for (const value of [...VALUES, undefined]) assert.equal(allowsLabel(one, value), false);
});

const want = (key: string, operator: string, ...values: string[]) =>
  new Map([[key, requirement(key, operator, values)]]);
const poolOf = requirementsFromLabels({ team: "x" });

for (const { rule, node, pod, open, compatible } of [
  {
    rule: "a new node leaves well-known labels open",
    node: poolOf,
    pod: want("kubernetes.io/arch", "In", "arm64"),
    open: WELL_KNOWN_LABELS,
    compatible: true,
  },
  {
    rule: "an existing node does not",
    node: poolOf,
    pod: want("kubernetes.io/arch", "In", "arm64"),
    open: undefined,
    compatible: false,
  },
  {
    rule: "a custom label must be defined",
    node: poolOf,
    pod: want("other", "Exists"),
    open: WELL_KNOWN_LABELS,
    compatible: false,
  },
  {
    rule: "NotIn passes on an undefined label",
    node: poolOf,
    pod: want("other", "NotIn", "y"),
    open: undefined,
    compatible: true,
  },
  {
    rule: "DoesNotExist fails on a defined label",
    node: poolOf,
    pod: want("team", "DoesNotExist"),
    open: undefined,
    compatible: false,
  },
  {
    rule: "NotIn meets DoesNotExist",
    node: want("k", "DoesNotExist"),
    pod: want("k", "NotIn", "y"),
    open: undefined,
    compatible: true,
  },
  {
    rule: "Exists does not meet DoesNotExist",
    node: want("k", "DoesNotExist"),
    pod: want("k", "Exists"),
    open: undefined,
    compatible: false,
  },
])
  test(rule, () => assert.equal(compatibleRequirements(node, pod, open), compatible));

test("aliases are today's labels", () => {
  const old = requirementsFromLabels({
    "beta.kubernetes.io/arch": "arm64",
    "failure-domain.beta.kubernetes.io/zone": "a",
  });
  assert.equal(formatRequirements(old), "kubernetes.io/arch in (arm64), topology.kubernetes.io/zone in (a)");
});

for (const { key, hint } of [
  { key: "zone", hint: "label zone has no known values (did you mean topology.kubernetes.io/zone?)" },
  {
    key: "karpenter.sh/capacity-typ",
    hint: "label karpenter.sh/capacity-typ has no known values (did you mean karpenter.sh/capacity-type?)",
  },
  { key: "entirely-different", hint: "label entirely-different has no known values" },
])
  test(`hint for ${key}`, () =>
    assert.equal(requirementsConflict(new Map(), want(key, "Exists"), WELL_KNOWN_LABELS)?.message, hint));

test("minValues: the larger one stays", () => {
  const merged = mergeRequirements(
    requirementsFromNodeSelectorRequirements([{ key: "k", operator: "Exists", minValues: 2 }]),
    requirementsFromNodeSelectorRequirements([{ key: "k", operator: "In", values: ["a", "b"], minValues: 5 }]),
  );
  assert.deepEqual(toNodeSelectorRequirements(merged), [
    { key: "k", operator: "In", values: ["a", "b"], minValues: 5 },
  ]);
});

test("node affinity: OR over terms, AND within, names by matchFields", () => {
  const terms = [
    {
      matchExpressions: [
        { key: "cpu", operator: "Gt", values: ["4"] },
        { key: "arch", operator: "In", values: ["arm64"] },
      ],
    },
    { matchFields: [{ key: "metadata.name", operator: "In", values: ["n2"] }] },
    {},
  ];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
  const spec = { containers: [], affinity: { nodeAffinity } };
  const matches = (name: string, labels: Record<string, string>) => matchesNodeAffinity({ spec }, { name, labels });
  assert.deepEqual(
    [matches("n1", { cpu: "8", arch: "arm64" }), matches("n1", { cpu: "8" }), matches("n2", {}), matches("n1", {})],
    [true, false, true, false],
  );
});
