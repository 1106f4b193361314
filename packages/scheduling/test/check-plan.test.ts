import assert from "node:assert/strict";
import test from "node:test";
import type { Pod } from "@nodeless/api";
import {
  checkPlan,
  type PlannedClaim,
  planScheduling,
  requirement,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import {
  CAPACITY_TYPE,
  existingNode,
  HOSTNAME,
  input,
  instanceType,
  nodePool,
  onOwnHost,
  pod,
  spread,
  times,
  together,
  ZONE,
} from "./fixture.ts";

const web = { app: "web" };
const [spreadPod, ownHost, friend, plain] = [
  (name: string) => pod({ name, labels: web, cpu: "400m", spec: spread(web) }),
  (name: string) => pod({ name, labels: { app: "solo" }, cpu: "300m", spec: onOwnHost({ app: "solo" }) }),
  (name: string) => pod({ name, cpu: "100m", spec: together({ app: "anchor" }, ZONE) }),
  (name: string) => pod({ name, cpu: "500m", hostPort: 9000 }),
];
const GOOD: SchedulingInput = input({
  pods: [
    ...["s1", "s2", "s3"].map(spreadPod),
    ...["o1", "o2"].map(ownHost),
    friend("f1"),
    plain("p1"),
    pod({ name: "selective", spec: { nodeSelector: { "kubernetes.io/arch": "amd64" } } }),
    pod({ name: "huge", cpu: "900" }),
  ],
  daemonSetPods: [pod({ name: "ds", cpu: "150m", memory: "10Mi" })],
  existingNodes: [
    existingNode({ name: "anchor", zone: "b", cpu: "1", pods: [pod({ labels: { app: "anchor" }, cpu: "800m" })] }),
    existingNode({ name: "tainted", cpu: "9", taints: [{ key: "k", effect: "NoSchedule" }] }),
    existingNode({ name: "full", cpu: "1", pods: [pod({ cpu: "1" })] }),
    existingNode({
      name: "busy",
      cpu: "2",
      zone: "c",
      pods: [pod({ cpu: "100m", hostPort: 9000 }), pod({ cpu: "1700m" })],
    }),
  ],
  nodePools: [
    nodePool({
      limits: { cpu: "500", nodes: "20" },
      wants: [
        { key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] },
        { key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: 2 },
      ],
    }),
    nodePool({ name: "closed", weight: -1, taints: [{ key: "closed", effect: "NoSchedule" }] }),
  ],
});
const PLAN = planScheduling(GOOD);

const named = (name: string): Pod => {
  const found = GOOD.pods.find(({ metadata }) => metadata.name === name);
  assert.ok(found !== undefined);
  return found;
};
const holds = (claim: PlannedClaim, name: string): boolean => claim.pods.some(({ metadata }) => metadata.name === name);
const claimOf = (plan: SchedulingPlan, name: string): PlannedClaim | undefined =>
  plan.claims.find((claim) => holds(claim, name));

/** The plan with the claim of a pod replaced. */
const withClaim = (
  plan: SchedulingPlan,
  name: string,
  change: (claim: PlannedClaim) => PlannedClaim,
): SchedulingPlan => {
  assert.ok(claimOf(plan, name) !== undefined, `${name} is on a claim`);
  return { ...plan, claims: plan.claims.map((claim) => (holds(claim, name) ? change(claim) : claim)) };
};
const without = (plan: SchedulingPlan, name: string): SchedulingPlan => ({
  claims: plan.claims.map((claim) => ({ ...claim, pods: claim.pods.filter(({ metadata }) => metadata.name !== name) })),
  onExistingNodes: new Map([...plan.onExistingNodes].filter(([key]) => key !== `default/${name}`)),
  unplaced: plan.unplaced.filter((one) => one.pod.metadata.name !== name),
});
const onNode = (name: string, node: string): SchedulingPlan => {
  const rest = without(PLAN, name);
  return { ...rest, onExistingNodes: new Map([...rest.onExistingNodes, [`default/${name}`, node]]) };
};
const beside = (name: string, other: string): SchedulingPlan =>
  withClaim(without(PLAN, name), other, (claim) => ({ ...claim, pods: [...claim.pods, named(name)] }));
const withRequirement = (name: string, one: ReturnType<typeof requirement>): SchedulingPlan =>
  withClaim(PLAN, name, (claim) => ({ ...claim, requirements: new Map([...claim.requirements, [one.key, one]]) }));

test("the good plan has no finding, and uses claims and nodes", () => {
  assert.deepEqual(checkPlan(GOOD, PLAN), []);
  assert.ok(PLAN.claims.length > 1 && PLAN.unplaced.length === 1);
});

const some = "s1";
for (const { sabotage, plan, finding } of [
  { sabotage: "a pod is lost", plan: without(PLAN, "o1"), finding: /stands in the plan 0 times/ },
  {
    sabotage: "a pod is placed twice",
    plan: { ...PLAN, onExistingNodes: new Map([...PLAN.onExistingNodes, ["default/huge", "anchor"]]) },
    finding: /stands in the plan 2 times/,
  },
  {
    sabotage: "an unknown pod",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, pods: [...claim.pods, pod({ name: "stranger" })] })),
    finding: /is not a pod of the input/,
  },
  { sabotage: "an unknown node", plan: onNode("o1", "nowhere"), finding: /is not an existing node/ },
  {
    sabotage: "a refusal without reason",
    plan: { ...PLAN, unplaced: PLAN.unplaced.map((one) => ({ ...one, rejections: [] })) },
    finding: /without a reason/,
  },
  {
    sabotage: "two claims with one id",
    plan: { ...PLAN, claims: [...PLAN.claims, ...PLAN.claims] },
    finding: /same id/,
  },
  {
    sabotage: "an unknown pool",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, nodePool: "other" })),
    finding: /there is no NodePool other/,
  },
  {
    sabotage: "no types",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, instanceTypes: [] })),
    finding: /has no instance types/,
  },
  {
    sabotage: "fewer types than minValues",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, instanceTypes: claim.instanceTypes.slice(0, 1) })),
    finding: /fewer than minValues 2/,
  },
  {
    sabotage: "types out of order",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, instanceTypes: [...claim.instanceTypes].reverse() })),
    finding: /cheaper than a type before/,
  },
  {
    sabotage: "a type of no pool",
    plan: withClaim(PLAN, some, (claim) => ({
      ...claim,
      instanceTypes: [...claim.instanceTypes, instanceType("r", 128)],
    })),
    finding: /is not of the NodePool/,
  },
  {
    sabotage: "a type without an offering",
    plan: withClaim(PLAN, some, (claim) => ({
      ...claim,
      instanceTypes: claim.instanceTypes.map((type) => ({
        ...type,
        offerings: type.offerings.map((one) => ({ ...one, available: false })),
      })),
    })),
    finding: /no available offering/,
  },
  {
    sabotage: "a type that is too small",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, pods: [...claim.pods, named("huge")] })),
    finding: /cpu requested, .* offers/,
  },
  {
    sabotage: "the wrong architecture",
    plan: withRequirement("selective", requirement("kubernetes.io/arch", "In", ["arm64"])),
    finding: /selective selects another kubernetes.io\/arch/,
  },
  {
    sabotage: "types that do not meet the requirements",
    plan: withRequirement(some, requirement("karpenter.k8s.aws/instance-cpu", "In", ["3"])),
    finding: /does not meet the requirement on karpenter.k8s.aws\/instance-cpu/,
  },
  {
    sabotage: "leaving the pool's requirements",
    plan: withRequirement(some, requirement(CAPACITY_TYPE, "In", ["spot", "on-demand"])),
    finding: /leaves the NodePool's requirement on karpenter.sh\/capacity-type/,
  },
  {
    sabotage: "wrong requests",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, requests: new Map() })),
    finding: /requests are not those/,
  },
  {
    sabotage: "a pool with a taint",
    plan: withClaim(PLAN, some, (claim) => ({ ...claim, nodePool: "closed" })),
    finding: /does not tolerate taint closed/,
  },
  { sabotage: "a node with a taint", plan: onNode("o1", "tainted"), finding: /does not tolerate taint k/ },
  { sabotage: "a full node", plan: onNode("o1", "full"), finding: /cpu requested, 1000 allocatable/ },
  { sabotage: "a taken host port", plan: onNode("p1", "busy"), finding: /host port TCP\|9000 is taken twice/ },
  { sabotage: "the wrong node selector", plan: onNode("selective", "nowhere"), finding: /is not an existing node/ },
  {
    sabotage: "anti-affinity",
    plan: beside("o1", "o2"),
    finding: /anti-affinity over kubernetes.io\/hostname forbids/,
  },
  {
    sabotage: "affinity",
    plan: onNode("f1", "busy"),
    finding: /no pod for the affinity over topology.kubernetes.io\/zone/,
  },
  {
    sabotage: "an open zone under a spread",
    plan: withClaim(PLAN, some, (claim) => ({
      ...claim,
      requirements: new Map([...claim.requirements].filter(([key]) => key !== ZONE)),
    })),
    finding: /no certain domain for the spread/,
  },
])
  test(`found: ${sabotage}`, () => {
    const messages = checkPlan(GOOD, plan).map(({ subject, message }) => `${subject}: ${message}`);
    assert.ok(
      messages.some((message) => finding.test(message)),
      messages.join("\n") || "no finding",
    );
  });

test("found: skew", () => {
  const situation = input({ pods: times(3, (index) => spreadPod(`x${index}`)) });
  const plan = planScheduling(situation);
  const zone = requirement(ZONE, "In", ["a"]);
  const crowded = {
    ...plan,
    claims: plan.claims.map((claim) => ({ ...claim, requirements: new Map([...claim.requirements, [ZONE, zone]]) })),
  };
  assert.deepEqual(checkPlan(situation, plan), []);
  assert.match(checkPlan(situation, crowded)[0]?.message ?? "", /skew over topology.kubernetes.io\/zone exceeds 1/);
});

for (const { key, selected } of [
  { key: ZONE, selected: "a" },
  { key: CAPACITY_TYPE, selected: "on-demand" },
]) {
  // Those with a selector come last, since they are smaller, and have one domain only: no skew of theirs.
  const situation = input({
    nodePools: [nodePool({ wants: [{ key: CAPACITY_TYPE, operator: "In", values: ["on-demand", "spot"] }] })],
    pods: [
      ...times(3, (index) => pod({ name: `free${index}`, labels: web, spec: spread(web, key) })),
      ...times(4, (index) =>
        pod({
          name: `bound${index}`,
          labels: web,
          cpu: "100m",
          spec: { ...spread(web, key), nodeSelector: { [key]: selected } },
        }),
      ),
    ],
  });

  test(`allowed: pods of one spread over ${key}, some of which may go to one domain only`, () => {
    const plan = planScheduling(situation);
    assert.deepEqual(plan.unplaced, []);
    assert.deepEqual(checkPlan(situation, plan), []);
  });

  test(`found: skew over ${key} among those that may go anywhere`, () => {
    const plan = planScheduling(situation);
    const moved = requirement(key, "In", [selected]);
    const claims = plan.claims.map((claim) => ({
      ...claim,
      requirements: new Map([...claim.requirements, [key, moved]]),
    }));
    const crowded = checkPlan(situation, { ...plan, claims });
    assert.match(crowded.map(({ message }) => message).join(), new RegExp(`skew over ${key} exceeds 1`));
  });
}

test("found: hostname spread", () => {
  const rule = spread(web, HOSTNAME);
  const situation = input({
    pods: times(2, (index) => pod({ name: `h${index}`, labels: web, cpu: "100m", spec: rule })),
  });
  const plan = planScheduling(situation);
  const [first] = plan.claims;
  assert.ok(first !== undefined && plan.claims.length === 2);
  const packed = { ...plan, claims: [{ ...first, pods: situation.pods }] };
  assert.match(
    checkPlan(situation, packed)
      .map(({ message }) => message)
      .join(),
    /skew over kubernetes.io\/hostname/,
  );
});

test("found: limits", () => {
  const tight = input({
    ...GOOD,
    nodePools: [nodePool({ limits: { cpu: "1", nodes: "1" } }), ...GOOD.nodePools.slice(1)],
  });
  const messages = checkPlan(tight, PLAN)
    .map(({ message }) => message)
    .join();
  assert.match(messages, /claims may use \d+ cpu, the limits leave 1000/);
  assert.match(messages, /claims may use \d+ nodes, the limits leave 1/);
});
