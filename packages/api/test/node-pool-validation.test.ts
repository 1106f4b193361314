import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodePoolSpec, NodeSelectorRequirementWithMinValues } from "@nodeless/api";
import { nearestWellKnownLabel, restrictedLabelReason, validateNodePool } from "@nodeless/api";

const CLASS = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };

function pool(
  template: Partial<NodePoolSpec["template"]["spec"]> = {},
  rest: Partial<NodePoolSpec> = {},
  labels: Record<string, string> = {},
): { spec: NodePoolSpec } {
  return {
    spec: {
      template: { metadata: { labels }, spec: { requirements: [], nodeClassRef: CLASS, ...template } },
      ...rest,
    },
  };
}

const errorsOf = (candidate: { spec: NodePoolSpec }): readonly string[] =>
  validateNodePool(candidate).map(({ path, message }) => `${path}: ${message}`);

const requirement = (
  key: string,
  operator: string,
  values?: readonly string[],
  minValues?: number,
): NodeSelectorRequirementWithMinValues => ({
  key,
  operator,
  ...(values === undefined ? {} : { values }),
  ...(minValues === undefined ? {} : { minValues }),
});

const AT = "spec.template.spec.requirements";
const CPU = "karpenter.k8s.aws/instance-cpu";
const ZONE = "topology.kubernetes.io/zone";

for (const { rule, requirements, labels, wants } of [
  {
    rule: "well-known labels with every operator",
    requirements: [
      requirement(CPU, "Gt", ["3"]),
      requirement(CPU, "Lte", ["64"]),
      requirement(ZONE, "In", ["a", "b"], 2),
    ],
    wants: [],
  },
  {
    rule: "custom labels, also under kubernetes.io",
    requirements: [requirement("node.kubernetes.io/pool", "Exists"), requirement("example.com/team", "NotIn", ["x"])],
    wants: [],
  },
  {
    rule: "In without values",
    requirements: [requirement(ZONE, "In", [])],
    wants: [
      `${AT}[0].values: In needs at least one value; use Exists for any value`,
      `${AT}: no value of ${ZONE} satisfies all of its 1 conditions together, so no node could be launched`,
    ],
  },
  {
    rule: "Gt takes one whole number",
    requirements: [requirement(CPU, "Gt", ["4", "8"])],
    wants: [`${AT}[0].values: Gt needs exactly one whole number, as text: ["4"]`],
  },
  {
    rule: "negative bounds",
    requirements: [requirement(CPU, "Lt", ["-1"])],
    wants: [
      `${AT}[0].values: Lt needs exactly one whole number, as text: ["4"]`,
      `${AT}: no value of ${CPU} satisfies all of its 1 conditions together, so no node could be launched`,
    ],
  },
  {
    rule: "unknown operator",
    requirements: [requirement(ZONE, "Is", ["a"])],
    wants: [`${AT}[0].operator: must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte, not Is`],
  },
  {
    rule: "minValues above the listed values",
    requirements: [requirement(ZONE, "In", ["a", "a"], 2)],
    wants: [`${AT}[0].minValues: asks for 2 different values, but only 1 are listed`],
  },
  {
    rule: "minValues above 50",
    requirements: [requirement(ZONE, "Exists", undefined, 51)],
    wants: [`${AT}[0].minValues: must be a whole number from 1 to 50`],
  },
  {
    rule: "the pool's own name",
    requirements: [requirement("karpenter.sh/nodepool", "In", ["a"])],
    wants: [`${AT}[0].key: karpenter.sh/nodepool is set by Karpenter to the pool's own name; leave it out`],
  },
  {
    rule: "the hostname",
    requirements: [requirement("kubernetes.io/hostname", "Exists")],
    wants: [`${AT}[0].key: kubernetes.io/hostname differs on every node, so no pool can promise a value; leave it out`],
  },
  {
    rule: "a slip of the finger gets a hint",
    requirements: [requirement("karpenter.k8s.aws/instance-famly", "In", ["m5"])],
    wants: [
      `${AT}[0].key: karpenter.k8s.aws/instance-famly is not a label of Karpenter; did you mean karpenter.k8s.aws/instance-family?`,
    ],
  },
  {
    rule: "Karpenter's domains",
    requirements: [requirement("x.karpenter.sh/team", "Exists")],
    wants: [
      `${AT}[0].key: x.karpenter.sh/team is in the domain karpenter.sh, which belongs to Karpenter; use a domain of your own`,
    ],
  },
  {
    rule: "disjoint values",
    requirements: [requirement(ZONE, "In", ["a"]), requirement(ZONE, "NotIn", ["a"])],
    wants: [`${AT}: no value of ${ZONE} satisfies all of its 2 conditions together, so no node could be launched`],
  },
  {
    rule: "disjoint bounds",
    requirements: [requirement(CPU, "Gt", ["8"]), requirement(CPU, "Lt", ["9"])],
    wants: [`${AT}: no value of ${CPU} satisfies all of its 2 conditions together, so no node could be launched`],
  },
  {
    rule: "bounds whose only value is excluded",
    requirements: [requirement(CPU, "Gte", ["8"]), requirement(CPU, "Lte", ["8"]), requirement(CPU, "NotIn", ["8"])],
    wants: [`${AT}: no value of ${CPU} satisfies all of its 3 conditions together, so no node could be launched`],
  },
  {
    rule: "a label against a requirement, by its old name",
    requirements: [requirement("failure-domain.beta.kubernetes.io/zone", "In", ["b"])],
    labels: { [ZONE]: "a" },
    wants: [`${AT}: no value of ${ZONE} satisfies all of its 2 conditions together, so no node could be launched`],
  },
  {
    rule: "absent keys may be required together with exclusions",
    requirements: [requirement("team", "DoesNotExist"), requirement("team", "NotIn", ["a"])],
    wants: [],
  },
  {
    rule: "absent and present at once",
    requirements: [requirement("team", "DoesNotExist"), requirement("team", "Exists")],
    wants: [`${AT}: no value of team satisfies all of its 2 conditions together, so no node could be launched`],
  },
])
  test(`requirements: ${rule}`, () => assert.deepEqual(errorsOf(pool({ requirements }, {}, labels)), wants));

const taint = (key: string, effect = "NoSchedule") => ({ key, effect });

for (const { rule, candidate, wants } of [
  {
    rule: "labels of the template",
    candidate: pool({}, {}, { "karpenter.sh/x": "y", "bad key": "a b" }),
    wants: [
      "spec.template.metadata.labels[karpenter.sh/x]: karpenter.sh/x is in the domain karpenter.sh, which belongs to Karpenter; use a domain of your own",
      'spec.template.metadata.labels[bad key]: "bad key" is not a label key',
      'spec.template.metadata.labels[bad key]: "a b" is not a label value (63 letters, digits, - _ .)',
    ],
  },
  {
    rule: "taints are unique across taints and startupTaints",
    candidate: pool({ taints: [taint("a")], startupTaints: [taint("a"), taint("a", "NoExecute")] }),
    wants: [
      "spec.template.spec.startupTaints[0]: a:NoSchedule is already at spec.template.spec.taints[0]; a node holds each key and effect once",
    ],
  },
  {
    rule: "taint effects",
    candidate: pool({ taints: [taint("a", "Never")] }),
    wants: ['spec.template.spec.taints[0]: effect must be NoSchedule, PreferNoSchedule or NoExecute, not "Never"'],
  },
  {
    rule: "the class is a group without a version",
    candidate: pool({ nodeClassRef: { ...CLASS, group: "karpenter.k8s.aws/v1" } }),
    wants: [
      'spec.template.spec.nodeClassRef.group: is a group without a version, e.g. karpenter.k8s.aws, not "karpenter.k8s.aws/v1"',
    ],
  },
  {
    rule: "Never ends no grace period",
    candidate: pool({ terminationGracePeriod: "Never", expireAfter: "Never" }),
    wants: ['spec.template.spec.terminationGracePeriod: must be a duration such as 10m or 48h, not "Never"'],
  },
  {
    rule: "durations have units",
    candidate: pool({ expireAfter: "30" }, { disruption: { consolidateAfter: "1d" } }),
    wants: [
      'spec.template.spec.expireAfter: must be a duration such as 30s, 10m or 720h, or Never, not "30"',
      'spec.disruption.consolidateAfter: must be a duration such as 30s, 10m or 720h, or Never, not "1d"',
    ],
  },
  {
    rule: "budgets",
    candidate: pool(
      {},
      {
        disruption: {
          consolidateAfter: "0s",
          budgets: [
            { nodes: "10%" },
            { nodes: "101%" },
            { nodes: "0", schedule: "@daily" },
            { nodes: "1", schedule: "0 9 * *", duration: "90s" },
            { nodes: "1", schedule: "99 * * * *", duration: "1h" },
          ],
        },
      },
    ),
    wants: [
      'spec.disruption.budgets[1].nodes: must be a number of nodes or 0% to 100%, not "101%"',
      "spec.disruption.budgets[2]: schedule and duration go together: when the window opens and how long it stays",
      'spec.disruption.budgets[3].schedule: must be five cron fields in UTC or a macro such as @daily, not "0 9 * *"',
      'spec.disruption.budgets[3].duration: must be in hours and minutes, e.g. 8h or 1h30m, not "90s"',
      'spec.disruption.budgets[4].schedule: must be five cron fields in UTC or a macro such as @daily, not "99 * * * *"',
    ],
  },
  {
    rule: "limits are quantities, as text or number",
    candidate: pool({}, { limits: { cpu: 1000, memory: "64 GB" } }),
    wants: ['spec.limits.memory: must be a quantity such as 1000 or 64Gi, not "64 GB"'],
  },
  {
    rule: "weight",
    candidate: pool({}, { weight: 101 }),
    wants: ["spec.weight: must be a whole number from 1 to 100, not 101"],
  },
  {
    rule: "a fixed pool has no weight and limits nodes only",
    candidate: pool({}, { replicas: 3, weight: 1, limits: { nodes: "5", cpu: "1" } }),
    wants: [
      "spec.weight: has no meaning beside replicas: a fixed pool is never chosen",
      "spec.limits.cpu: only a limit on nodes may stand beside replicas",
    ],
  },
])
  test(`pool: ${rule}`, () => assert.deepEqual(errorsOf(candidate), wants));

test("hints only reach for keys that are close", () => {
  assert.equal(nearestWellKnownLabel("karpenter.sh/instance-cpu"), "karpenter.k8s.aws/instance-cpu");
  assert.equal(nearestWellKnownLabel("example.com/colour"), undefined);
  assert.equal(restrictedLabelReason("karpenter.sh/capacity-type"), undefined);
});
