import assert from "node:assert/strict";
import test from "node:test";
import type { PodSpec } from "@nodeless/api";
import {
  checkPlan,
  type InstanceType,
  type Offering,
  planScheduling,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import { CAPACITY_TYPE, existingNode, input, instanceType, nodePool, pod, spread, times, ZONE } from "./fixture.ts";

function planned(options: Partial<SchedulingInput>): SchedulingPlan {
  const situation = input(options);
  const plan = planScheduling(situation);
  assert.deepEqual(checkPlan(situation, plan), []);
  return plan;
}

const reasons = ({ unplaced }: SchedulingPlan): readonly string[] =>
  unplaced.flatMap(({ rejections }) =>
    rejections.map(({ candidate, rule, message }) => `${candidate} ${rule}: ${message}`),
  );

const requiredTerm = (term: object): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
});

for (const { rule, spec, want } of [
  {
    rule: "required fields name one existing node",
    spec: requiredTerm({ matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] }),
    want: "pod unsupported: required node affinity uses matchFields, which names one existing node; no new node can match",
  },
  {
    rule: "a pod may keep itself off all pools",
    spec: requiredTerm({ matchExpressions: [{ key: "karpenter.sh/nodepool", operator: "DoesNotExist" }] }),
    want: "pod requirements: asks for nodes without karpenter.sh/nodepool; every node of a NodePool has it",
  },
  {
    rule: "labels that only Karpenter writes",
    spec: { nodeSelector: { "karpenter.sh/registered": "true" } },
    want: "pod requirements: selects a restricted label: karpenter.sh/registered is in the domain karpenter.sh, which belongs to Karpenter; use a domain of your own",
  },
])
  test(`refused before solving: ${rule}`, () => {
    const plan = planned({ pods: [pod({ spec })], existingNodes: [existingNode()] });
    assert.deepEqual(reasons(plan), [want]);
  });

test("a selector on the hostname finds the node that exists, and no new one", () => {
  const spec = { nodeSelector: { "kubernetes.io/hostname": "node-1" } };
  const plan = planned({ pods: times(2, () => pod({ cpu: "3", spec })), existingNodes: [existingNode()] });
  assert.equal(plan.onExistingNodes.size, 1);
  assert.match(reasons(plan).join("\n"), /^default requirements: label kubernetes.io\/hostname has no known values/);
});

const web = { app: "web" };
const PREFERRING: Partial<PodSpec> = {
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: ZONE, operator: "In", values: ["c"] }] } },
      ],
    },
  },
};

for (const { rule, spec, respected, ignored } of [
  { rule: "preferred node affinity", spec: PREFERRING, respected: 0, ignored: 1 },
  {
    rule: "ScheduleAnyway spread",
    spec: spread(web, ZONE, { whenUnsatisfiable: "ScheduleAnyway" }),
    respected: 0,
    ignored: 1,
  },
  { rule: "a hard spread stays", spec: spread(web), respected: 0, ignored: 0 },
])
  test(`preferences may be ignored: ${rule}`, () => {
    // In zone a, where one pod of the app is already.
    const node = existingNode({ pods: [pod({ labels: web, cpu: "100m" })] });
    const pods = [pod({ labels: web, cpu: "100m", spec })];
    const onNode = (policy: "Respect" | "Ignore"): number =>
      planned({ pods, existingNodes: [node], policies: { preferences: policy } }).onExistingNodes.size;
    assert.deepEqual([onNode("Respect"), onNode("Ignore")], [respected, ignored]);
  });

const FLEXIBLE = nodePool({
  wants: [
    { key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] },
    { key: "karpenter.k8s.aws/instance-category", operator: "Exists", minValues: 4 },
  ],
});

test("minValues that cannot be had refuse the pod, or give way with BestEffort", () => {
  assert.match(
    reasons(planned({ pods: [pod()], nodePools: [FLEXIBLE] })).join(),
    /min-values: too few distinct instance types/,
  );
  const [claim] = planned({ pods: [pod()], nodePools: [FLEXIBLE], policies: { minValues: "BestEffort" } }).claims;
  assert.equal(claim?.minValuesRelaxed, true);
  assert.equal(claim.requirements.get("karpenter.k8s.aws/instance-category")?.minValues, 3);
});

test("minValues that can be had are kept with BestEffort too", () => {
  const wants = [{ key: "karpenter.k8s.aws/instance-category", operator: "Exists", minValues: 3 }];
  const options = { pods: [pod()], nodePools: [nodePool({ wants })], policies: { minValues: "BestEffort" } } as const;
  const [claim] = planned(options).claims;
  assert.equal(claim?.minValuesRelaxed, undefined);
  assert.equal(claim?.requirements.get("karpenter.k8s.aws/instance-category")?.minValues, 3);
});

const CATEGORY = "karpenter.k8s.aws/instance-category";

/** A pool of c (cheapest), m and r with 2 to 8 cpu, that asks for several of the three. */
const varied = (minValues: number, cpu: string) =>
  nodePool({
    instanceTypes: (["c", "m", "r"] as const).flatMap((family) => [2, 4, 8].map((size) => instanceType(family, size))),
    wants: [
      { key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] },
      { key: CATEGORY, operator: "Exists", minValues },
    ],
    limits: { cpu },
    weight: 1,
  });

const MIN_VALUES_REFUSED =
  "default limits: what the limits of NodePool default leave is too little for as many instance types as its minValues ask for";

for (const { rule, pool, asked, pods, other, want } of [
  {
    rule: "claims keep dearer types for minValues",
    pool: varied(3, "20"),
    asked: { cpu: "1500m", memory: "3Gi" },
    pods: 8,
    want: [],
  },
  {
    rule: "what fits too few types inside the limits is refused with the reason",
    pool: varied(3, "4"),
    asked: { memory: "12Gi" },
    pods: 1,
    want: [MIN_VALUES_REFUSED],
  },
  {
    rule: "or goes to another NodePool",
    pool: varied(3, "4"),
    asked: { memory: "12Gi" },
    pods: 1,
    other: nodePool({ name: "other" }),
    want: [],
  },
])
  test(`limits and minValues: ${rule}`, () => {
    const nodePools = other === undefined ? [pool] : [pool, other];
    const plan = planned({ pods: times(pods, () => pod(asked)), nodePools });
    assert.deepEqual(reasons(plan), want);
    for (const { nodePool: name, instanceTypes } of plan.claims)
      assert.equal(new Set(instanceTypes.map(({ name: type }) => type[0])).size >= 2, true, name);
  });

test("the checker sees lowered minValues", () => {
  const situation = input({ pods: [pod()], nodePools: [FLEXIBLE], policies: { minValues: "BestEffort" } });
  const plan = planScheduling(situation);
  const strict = checkPlan({ ...situation, policies: {} }, plan);
  assert.deepEqual(
    strict.map(({ message }) => message),
    ["lowers minValues 4 of karpenter.k8s.aws/instance-category"],
  );
});

const RESERVATION = "karpenter.k8s.aws/capacity-reservation-id";

/** A type of which `left` instances are reserved in zone a. */
function reservedType(left: number): InstanceType {
  const type = instanceType("m", 2);
  const reserved: Offering = {
    zone: "a",
    capacityType: "reserved",
    priceUsdPerHour: 0.001,
    available: true,
    reservationId: "cr-1",
    reservationsLeft: left,
  };
  return { ...type, offerings: [...type.offerings, reserved] };
}

const reservedPool = (left: number, more: Parameters<typeof nodePool>[0] = {}) =>
  nodePool({
    instanceTypes: [reservedType(left), instanceType("m", 4)],
    wants: [{ key: CAPACITY_TYPE, operator: "In", values: ["on-demand", "reserved"] }],
    ...more,
  });

const capacityOf = ({ claims }: SchedulingPlan): readonly string[] =>
  claims.map(({ requirements }) => {
    const ids = [...(requirements.get(RESERVATION)?.values ?? [])].join(",");
    const one = requirements.get(CAPACITY_TYPE);
    const types = ["on-demand", "reserved"].filter((type) => one?.values.has(type) !== one?.complement);
    return `${types.join("|")} ${ids}`.trim();
  });

test("a claim on reserved capacity names its reservation; the pods beyond it wait for the next pass", () => {
  const pods = times(3, () => pod({ cpu: "1500m" }));
  const plan = planned({ pods, nodePools: [reservedPool(2), nodePool({ name: "other" })] });
  assert.deepEqual(capacityOf(plan), ["reserved cr-1", "reserved cr-1"]);
  assert.deepEqual(
    reasons(plan).filter((line) => line.startsWith("default")),
    ["default offerings: reserved capacity of NodePool default that it could use is used up in this pass"],
  );
});

test("with Fallback they go on without", () => {
  const pods = times(3, () => pod({ cpu: "1500m" }));
  const plan = planned({ pods, nodePools: [reservedPool(2)], policies: { reservations: "Fallback" } });
  assert.deepEqual(capacityOf(plan), ["reserved cr-1", "reserved cr-1", "on-demand"]);
});

test("who cannot use a reservation does not wait for it", () => {
  const pods = [pod({ cpu: "1500m", spec: { nodeSelector: { [ZONE]: "b" } } })];
  assert.deepEqual(capacityOf(planned({ pods, nodePools: [reservedPool(0)] })), ["on-demand|reserved"]);
});

test("the checker counts the claims of a reservation", () => {
  const pods = times(2, () => pod({ cpu: "1500m" }));
  const situation = input({ pods, nodePools: [reservedPool(2)] });
  const plan = planScheduling(situation);
  const fewer = { ...situation, nodePools: [reservedPool(1)] };
  const claims = plan.claims.map((claim) => ({ ...claim, instanceTypes: [reservedType(1)] }));
  assert.deepEqual(
    checkPlan(fewer, { ...plan, claims }).map(({ message }) => message),
    ["2 claims share 1 reserved instances"],
  );
  const unnamed = plan.claims.map((claim) => ({
    ...claim,
    requirements: new Map([...claim.requirements].filter(([key]) => key !== RESERVATION)),
  }));
  assert.deepEqual(
    checkPlan(situation, { ...plan, claims: unnamed }).map(({ message }) => message),
    ["may use reservations without naming them", "may use reservations without naming them"],
  );
});

for (const { id, want } of [
  { id: "cr-1", want: ["reserved cr-1"] },
  { id: "cr-2", want: [] },
])
  test(`a pod may ask for reservation ${id}`, () => {
    const plan = planned({
      pods: [pod({ spec: { nodeSelector: { [RESERVATION]: id } } })],
      nodePools: [reservedPool(1)],
    });
    assert.deepEqual(capacityOf(plan), want);
  });
