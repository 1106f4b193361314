import assert from "node:assert/strict";
import test from "node:test";
import type { Pod, PodSpec } from "@nodeless/api";
import {
  cheapestOffering,
  checkPlan,
  formatRequirements,
  planScheduling,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import fc from "fast-check";
import { PlacementAttempt } from "../src/packing/placement-attempt.ts";
import { planningModel } from "../src/packing/planning-model.ts";
import { LIKE_KARPENTER } from "../src/packing/strategies.ts";
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
import { randomInput } from "./random-input.ts";

/** `claim <pods> on <cheapest type>[ in <zone>]` per claim, then `<node>: <pods>`, then refusals. */
function describe(plan: SchedulingPlan): readonly string[] {
  const claims = plan.claims.map(({ nodePool: pool, pods, instanceTypes, requirements }) => {
    const zones = requirements.get(ZONE);
    const zone = zones === undefined ? "" : ` in ${[...zones.values].join(",")}`;
    return `${pool}: ${pods.length} on ${instanceTypes[0]?.name}${zone}`;
  });
  const nodes = new Map<string, number>();
  for (const node of plan.onExistingNodes.values()) nodes.set(node, (nodes.get(node) ?? 0) + 1);
  const refused = plan.unplaced.flatMap(({ rejections }) =>
    rejections.map(({ candidate, rule, message }) => `${candidate} ${rule}: ${message}`),
  );
  return [...claims.sort(), ...[...nodes].map(([node, pods]) => `${node}: ${pods}`), ...refused];
}

const plan = (options: Partial<SchedulingInput>): readonly string[] => {
  const situation = input(options);
  const result = planScheduling(situation);
  assert.deepEqual(checkPlan(situation, result), []);
  return describe(result);
};

const web = { app: "web" };
const terms = (...lists: readonly (readonly string[])[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: lists.map((values) => ({ matchExpressions: [{ key: ZONE, operator: "In", values }] })),
      },
    },
  },
});
const withRequests = (requests: Record<string, string>): Pod => ({
  ...pod(),
  spec: { containers: [{ name: "main", resources: { requests } }] },
});
const DAEMON = pod({ cpu: "500m", memory: "100Mi", spec: { tolerations: [{ operator: "Exists" }] } });

for (const { rule, want, ...options } of [
  { rule: "one pod: the cheapest type that holds it", pods: [pod()], want: ["default: 1 on c.2"] },
  {
    rule: "existing nodes first",
    pods: times(5, () => pod()),
    existingNodes: [existingNode()],
    want: ["default: 1 on c.2", "node-1: 4"],
  },
  {
    rule: "initialized nodes before others",
    pods: [pod()],
    existingNodes: [existingNode({ name: "a", initialized: false }), existingNode({ name: "b" })],
    want: ["b: 1"],
  },
  {
    rule: "daemon overhead counts",
    pods: [pod({ cpu: "1500m" })],
    daemonSetPods: [DAEMON],
    want: ["default: 1 on c.4"],
  },
  {
    rule: "a DaemonSet counts only where it lands",
    pods: [pod({ cpu: "1500m" })],
    daemonSetPods: [{ ...DAEMON, spec: { ...DAEMON.spec, nodeSelector: { "kubernetes.io/arch": "arm64" } } }],
    want: ["default: 1 on m.2"],
  },
  {
    rule: "node selector on a well-known label",
    pods: [pod({ spec: { nodeSelector: { "kubernetes.io/arch": "amd64", [ZONE]: "b" } } })],
    want: ["default: 1 on m.2 in b"],
  },
  {
    rule: "the first OR-term that can be met",
    pods: [pod({ spec: terms(["nowhere"], ["c"]) })],
    want: ["default: 1 on c.2 in c"],
  },
  {
    rule: "heavier pool first, whatever the price",
    pods: [pod()],
    nodePools: [nodePool(), nodePool({ name: "dear", weight: 5, instanceTypes: [instanceType("r", 64)] })],
    want: ["dear: 1 on r.64"],
  },
  {
    rule: "the next pool when the first does not fit",
    pods: [pod()],
    nodePools: [nodePool(), nodePool({ name: "x", weight: 5, taints: [{ key: "k", effect: "NoSchedule" }] })],
    want: ["default: 1 on c.2"],
  },
  {
    rule: "startup taints do not matter",
    pods: [pod()],
    nodePools: [nodePool({ startupTaints: [{ key: "k", effect: "NoSchedule" }] })],
    want: ["default: 1 on c.2"],
  },
  {
    rule: "PreferNoSchedule gives way",
    pods: [pod()],
    nodePools: [nodePool({ taints: [{ key: "k", effect: "PreferNoSchedule" }] })],
    want: ["default: 1 on c.2"],
  },
  {
    rule: "host ports exclude each other",
    pods: times(2, () => pod({ cpu: "100m", hostPort: 80 })),
    want: ["default: 1 on c.2", "default: 1 on c.2"],
  },
  {
    rule: "own host each",
    pods: times(3, () => pod({ cpu: "100m", labels: web, spec: onOwnHost(web) })),
    want: ["default: 1 on c.2", "default: 1 on c.2", "default: 1 on c.2"],
  },
  {
    rule: "zonal anti-affinity is solved in one pass",
    pods: times(3, () => pod({ cpu: "100m", labels: web, spec: onOwnHost(web, ZONE) })),
    want: ["default: 1 on c.2 in a", "default: 1 on c.2 in b", "default: 1 on c.2 in c"],
  },
  {
    rule: "anti-affinity of an existing pod keeps others away",
    pods: [pod({ labels: web, cpu: "100m" })],
    existingNodes: [existingNode({ pods: [pod({ spec: onOwnHost(web, ZONE) })] })],
    want: ["default: 1 on c.2 in b,c"],
  },
  {
    rule: "zonal spread",
    pods: times(6, () => pod({ cpu: "900m", labels: web, spec: spread(web) })),
    want: ["default: 2 on c.2 in a", "default: 2 on c.2 in b", "default: 2 on c.2 in c"],
  },
  {
    rule: "spread counts what is there",
    pods: times(2, () => pod({ labels: web, spec: spread(web) })),
    existingNodes: [existingNode({ cpu: "1", pods: [pod({ labels: web })] })],
    want: ["default: 1 on c.2 in b", "default: 1 on c.2 in c"],
  },
  {
    rule: "nodeAffinityPolicy Honor counts the pod's own zones only",
    pods: times(4, () => pod({ cpu: "100m", labels: web, spec: { ...spread(web), ...terms(["a", "b"]) } })),
    want: ["default: 2 on c.2 in a", "default: 2 on c.2 in b"],
  },
  {
    rule: "nodeAffinityPolicy Ignore counts zones that the pod cannot use",
    pods: times(2, () =>
      pod({
        cpu: "100m",
        labels: web,
        spec: { ...spread(web, ZONE, { nodeAffinityPolicy: "Ignore" }), ...terms(["a"]) },
      }),
    ),
    want: [
      "default: 1 on c.2 in a",
      `default topology: no domain of a new node satisfies topology spread over ${ZONE} with maxSkew 1`,
    ],
  },
  {
    rule: "nodeTaintsPolicy Honor leaves out zones behind a taint",
    pods: times(2, () => pod({ cpu: "100m", labels: web, spec: spread(web, ZONE, { nodeTaintsPolicy: "Honor" }) })),
    nodePools: [
      nodePool({ wants: [{ key: ZONE, operator: "In", values: ["a"] }] }),
      nodePool({ name: "x", taints: [{ key: "k", effect: "NoSchedule" }] }),
    ],
    want: ["default: 2 on c.2 in a"],
  },
  {
    rule: "a DaemonSet's host port is taken on every node",
    pods: [pod({ cpu: "100m", hostPort: 80 })],
    daemonSetPods: [pod({ cpu: "10m", hostPort: 80 })],
    want: ["default host-ports: host port 80/TCP is taken by a DaemonSet on every node"],
  },
  {
    rule: "extended resources are counted like others",
    pods: times(3, () => withRequests({ cpu: "100m", "example.com/device": "1" })),
    nodePools: [
      nodePool({
        instanceTypes: [
          instanceType("m", 2),
          instanceType("m", 4, { capacity: new Map([...instanceType("m", 4).capacity, ["example.com/device", 2]]) }),
        ],
      }),
    ],
    want: ["default: 1 on m.4", "default: 2 on m.4"],
  },
  {
    rule: "pod-level requests stand for the containers'",
    pods: [{ ...pod({ cpu: "1" }), spec: { ...pod({ cpu: "1" }).spec, resources: { requests: { cpu: "3" } } } }],
    want: ["default: 1 on c.4"],
  },
  {
    rule: "a sidecar runs beside the containers, an init step before them",
    pods: [
      pod({
        cpu: "1",
        spec: {
          initContainers: [
            { name: "side", restartPolicy: "Always", resources: { requests: { cpu: "500m" } } },
            { name: "step", resources: { requests: { cpu: "3" } } },
          ],
        },
      }),
    ],
    want: ["default: 1 on c.4"],
  },
  {
    rule: "matchLabelKeys tells revisions apart",
    pods: ["1", "2"].flatMap((rev) =>
      times(3, () =>
        pod({ cpu: "100m", labels: { ...web, rev }, spec: spread(web, ZONE, { matchLabelKeys: ["rev"] }) }),
      ),
    ),
    want: ["default: 2 on c.2 in a", "default: 2 on c.2 in b", "default: 2 on c.2 in c"],
  },
  {
    rule: "self affinity stays in one zone",
    pods: times(3, () => pod({ cpu: "900m", labels: web, spec: together(web, ZONE) })),
    want: ["default: 3 on c.4 in a"],
  },
  {
    rule: "affinity follows an existing pod",
    pods: [pod({ spec: together(web, ZONE) })],
    existingNodes: [existingNode({ zone: "c", cpu: "1", pods: [pod({ labels: web })] })],
    want: ["default: 1 on c.2 in c"],
  },
  {
    rule: "ScheduleAnyway gives way",
    pods: times(2, () =>
      pod({
        labels: web,
        cpu: "100m",
        spec: { ...spread(web, ZONE, { whenUnsatisfiable: "ScheduleAnyway" }), nodeSelector: { [ZONE]: "a" } },
      }),
    ),
    want: ["default: 2 on c.2 in a"],
  },
])
  test(rule, () => assert.deepEqual(plan(options), want));

const gpu = { cpu: "1", memory: "1Gi", "nvidia.com/gpu": "1" };
const refusals: readonly {
  readonly rule: string;
  readonly options: Partial<SchedulingInput>;
  readonly want: string;
}[] = [
  {
    rule: "too large",
    options: { pods: [pod({ cpu: "500" })] },
    want: "default resources: requests 500 cpu; the largest instance type of NodePool default, c.64, offers 63.93",
  },
  {
    rule: "a resource nobody has",
    options: { pods: [{ ...pod(), spec: { containers: [{ name: "g", resources: { requests: gpu } }] } }] },
    want: "default resources: requests 1 nvidia.com/gpu, which no instance type of NodePool default has",
  },
  {
    rule: "no type has both",
    options: {
      pods: [pod({ cpu: "60", memory: "500Gi" })],
      nodePools: [
        nodePool({
          instanceTypes: [
            instanceType("c", 64),
            instanceType("r", 64, {
              capacity: new Map([
                ["cpu", 32000],
                ["memory", 550e9],
                ["pods", 9],
              ]),
            }),
          ],
        }),
      ],
    },
    want: "default resources: no single instance type of NodePool default offers 60 cpu and 500Gi memory together",
  },
  {
    rule: "taints",
    options: { pods: [pod()], nodePools: [nodePool({ taints: [{ key: "k", value: "v", effect: "NoSchedule" }] })] },
    want: "default taints: does not tolerate the taint k=v:NoSchedule of NodePool default",
  },
  {
    rule: "an unknown label",
    options: { pods: [pod({ spec: { nodeSelector: { zone: "a" } } })] },
    want: "default requirements: label zone has no known values (did you mean topology.kubernetes.io/zone?)",
  },
  {
    rule: "contradicting requirements",
    options: { pods: [pod({ spec: { nodeSelector: { [ZONE]: "a" }, ...terms(["b"]) } })] },
    want: `default requirements: requirements on ${ZONE} exclude each other`,
  },
  {
    rule: "no offering left",
    options: { pods: [pod({ spec: { nodeSelector: { [ZONE]: "d" } } })] },
    want: `default offerings: 18 instance types of NodePool default are large enough, but none has an available offering for ${ZONE} in (d)`,
  },
  {
    rule: "no offering left of the only type",
    options: { pods: [pod({ cpu: "60", memory: "400Gi", spec: { nodeSelector: { [ZONE]: "d" } } })] },
    want: `default offerings: only r.64 of NodePool default is large enough, and it has no available offering for ${ZONE} in (d)`,
  },
  {
    rule: "limits",
    options: { pods: [pod()], nodePools: [nodePool({ limits: { cpu: "1" } })] },
    want: "default limits: the limits of NodePool default leave 1 cpu; the cheapest fitting instance type, c.2, has 2",
  },
  {
    rule: "limit of nodes",
    options: { pods: [pod()], nodePools: [nodePool({ limits: { nodes: "0" } })] },
    want: "default limits: NodePool default has reached its limit of nodes",
  },
  {
    rule: "minValues",
    options: {
      pods: [pod()],
      nodePools: [
        nodePool({
          wants: [
            { key: CAPACITY_TYPE, operator: "In", values: ["spot"] },
            { key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: 50 },
          ],
        }),
      ],
    },
    want: "default min-values: too few distinct instance types would remain for the NodePool's minValues",
  },
  {
    rule: "affinity to nobody",
    options: { pods: [pod({ spec: together(web, ZONE) })] },
    want: `default topology: no domain of a new node satisfies pod affinity over ${ZONE}`,
  },
  {
    rule: "minDomains that cannot be reached",
    options: { pods: times(4, () => pod({ labels: web, cpu: "100m", spec: spread(web, ZONE, { minDomains: 4 }) })) },
    want: `default topology: no domain of a new node satisfies topology spread over ${ZONE} with maxSkew 1`,
  },
  {
    rule: "no pool at all",
    options: { pods: [pod()], nodePools: [] },
    want: "pod requirements: there is no NodePool that could launch a node for it",
  },
];
for (const { rule, options, want } of refusals)
  test(`refused: ${rule}`, () =>
    assert.deepEqual(
      plan(options).filter((line) => !/ on [cmr]\.\d/.test(line)),
      [want],
    ));

test("an existing node says what is left", () => {
  const lines = plan({
    pods: [pod({ cpu: "3" })],
    nodePools: [],
    existingNodes: [existingNode({ pods: [pod({ cpu: "2" })] })],
  });
  assert.deepEqual(lines, ["node-1 resources: requests 3 cpu; 2 is left"]);
});

test("each pool is asked with the domains that it has, of those that the pod may use", () => {
  const db = { app: "db" };
  const zone = (name: string, ...capacityTypes: string[]) =>
    nodePool({
      name: `zone-${name}`,
      wants: [
        { key: ZONE, operator: "In", values: [name] },
        { key: CAPACITY_TYPE, operator: "In", values: capacityTypes },
      ],
    });
  const rules: Partial<PodSpec> = {
    affinity: { ...onOwnHost(db, CAPACITY_TYPE).affinity, ...together(db, ZONE).affinity },
  };
  const existingNodes = [
    existingNode({ zone: "b", cpu: "1", labels: { [CAPACITY_TYPE]: "on-demand" }, pods: [pod({ labels: db })] }),
  ];
  const nearDb = `no domain of a new node satisfies pod affinity over ${ZONE}`;
  const notLikeDb = `no domain of a new node satisfies pod anti-affinity over ${CAPACITY_TYPE}`;
  const full = "node-1 resources: requests 1 cpu; 0 is left";
  const nodePools = [zone("a", "on-demand", "spot"), zone("b", "on-demand")];
  assert.deepEqual(plan({ nodePools, existingNodes, pods: [pod({ spec: rules })] }), [
    `zone-a topology: ${nearDb}`,
    `zone-b topology: ${notLikeDb}`,
    full,
  ]);
  const anywhere = nodePool({ wants: [{ key: CAPACITY_TYPE, operator: "In", values: ["on-demand", "spot"] }] });
  for (const [key, value, blamed] of [
    [ZONE, "a", nearDb],
    [CAPACITY_TYPE, "on-demand", notLikeDb],
  ] as const) {
    const pinned = pod({ spec: { ...rules, nodeSelector: { [key]: value } } });
    assert.deepEqual(plan({ nodePools: [anywhere], existingNodes, pods: [pinned] })[0], `default topology: ${blamed}`);
  }
});

test("limits hold whichever type the cloud picks, and more pods fit than with the largest types booked", () => {
  const lines = plan({
    pods: times(20, () => pod({ cpu: "1800m", labels: web, spec: onOwnHost(web) })),
    nodePools: [nodePool({ limits: { cpu: "40" } })],
  });
  assert.equal(lines.filter((line) => line.startsWith("default: ")).length, 20);
});

test("what a claim carries over to the NodeClaim", () => {
  const result = planScheduling(
    input({ pods: [pod({ spec: { nodeSelector: { [ZONE]: "b" } } })], daemonSetPods: [DAEMON] }),
  );
  const [claim] = result.claims;
  assert.equal(claim?.id, "default-0");
  assert.equal(
    formatRequirements(claim?.requirements ?? new Map()),
    "karpenter.sh/capacity-type in (on-demand), karpenter.sh/nodepool in (default), topology.kubernetes.io/zone in (b)",
  );
  assert.deepEqual(Object.fromEntries(claim?.requests ?? []), { cpu: 1500, memory: 1124 * 2 ** 20, pods: 2 });
});

const cost = (result: SchedulingPlan): number =>
  result.claims.reduce(
    (sum, { instanceTypes: [type], requirements }) =>
      sum + (type === undefined ? 0 : (cheapestOffering(type, requirements)?.priceUsdPerHour ?? 0)),
    0,
  );

const likeKarpenter = (situation: SchedulingInput): PlacementAttempt =>
  new PlacementAttempt(planningModel(situation), LIKE_KARPENTER).run();

test("pods that repel each other: clearly cheaper than a first fit", () => {
  const mixed: readonly Pod[] = [
    ...times(20, () => pod({ cpu: "200m", memory: "256Mi", labels: web, spec: onOwnHost(web) })),
    ...times(240, (index) => pod({ cpu: `${100 + (index % 7) * 150}m`, memory: "512Mi" })),
  ];
  const situation = input({ pods: mixed });
  assert.ok(cost(planScheduling(situation)) < 0.9 * likeKarpenter(situation).priceUsdPerHour);
});

test("never dearer than a Karpenter-style first fit, and never fewer pods placed", () => {
  fc.assert(
    fc.property(randomInput, (situation) => {
      const guard = likeKarpenter(situation);
      const result = planScheduling(situation);
      assert.ok(result.unplaced.length <= guard.unplacedPods);
      if (result.unplaced.length === guard.unplacedPods) assert.ok(cost(result) <= guard.priceUsdPerHour + 1e-9);
    }),
    { numRuns: 200 },
  );
});

test("10,000 equal pods", () => {
  const result = planScheduling(input({ pods: times(10_000, () => pod({ cpu: "500m" })) }));
  assert.equal(result.unplaced.length, 0);
  const again = planScheduling(input({ pods: [...result.claims.flatMap(({ pods }) => pods)].reverse() }));
  assert.deepEqual(
    again.claims.map(({ pods }) => pods.map(({ metadata }) => metadata.name)),
    result.claims.map(({ pods }) => pods.map(({ metadata }) => metadata.name)),
  );
});

test("hostname spread of existing nodes", () => {
  const nodes = ["a", "b"].map((name) => existingNode({ name, cpu: "8" }));
  const lines = plan({
    pods: times(4, () => pod({ labels: web, cpu: "100m", spec: spread(web, HOSTNAME, { maxSkew: 2 }) })),
    existingNodes: nodes,
  });
  assert.deepEqual(lines, ["a: 2", "b: 2"]);
});
