import assert from "node:assert/strict";
import test from "node:test";
import { checkPlan, type SchedulingInput, type SchedulingPlan } from "@nodeless/scheduling";
import fc from "fast-check";
import type { LoweredInput } from "../src/certified/lowering/index.ts";
import { lowerInput, raisePacking, unplacedPods } from "../src/certified/lowering/index.ts";
import { fastPacking } from "../src/certified/search/index.ts";
import { planningModel } from "../src/packing/planning-model.ts";
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
import { loweringInput } from "./lowering-input.ts";
import { packingProblems } from "./packing-problems.ts";

function lowered(situation: SchedulingInput): LoweredInput {
  const result = lowerInput(planningModel(situation));
  if ("unsupported" in result) throw new Error(result.unsupported);
  return result;
}

function planned(situation: SchedulingInput): SchedulingPlan {
  const low = lowered(situation);
  const plan = raisePacking(low, fastPacking(low.problem));
  if ("unraisable" in plan) throw new Error(plan.unraisable);
  assert.deepEqual(checkPlan(situation, plan), []);
  return plan;
}

/** Pods by zone of their claim, open zones as `-`. */
function podsByZone(plan: SchedulingPlan): Readonly<Record<string, number>> {
  const zones = new Map<string, number>();
  for (const { requirements, pods } of plan.claims) {
    const zone = [...(requirements.get(ZONE)?.values ?? ["-"])].join(",");
    zones.set(zone, (zones.get(zone) ?? 0) + pods.length);
  }
  return Object.fromEntries([...zones].sort());
}

const web = { app: "web" };
const db = { app: "db" };

for (const { rule, want, ...options } of [
  {
    rule: "zones that nothing tells apart are one class; only sizes count",
    pods: times(4, () => pod()),
    want: { classes: 1, offerings: 18, shapes: [4], rules: [] },
  },
  {
    rule: "a pin tells its zone apart",
    pods: [...times(4, () => pod()), pod({ spec: { nodeSelector: { [ZONE]: "b" } } })],
    want: { classes: 2, offerings: 36, shapes: [4, 1], rules: [] },
  },
  {
    rule: "a spread over zones becomes pins, with what is there counted",
    pods: times(5, () => pod({ labels: web, spec: spread(web) })),
    existingNodes: [existingNode({ cpu: "1", pods: [pod({ labels: web })] })],
    want: { classes: 3, offerings: 54, shapes: [2, 2, 1], rules: [] },
  },
  {
    rule: "pods of an affinity over zones share one pin",
    pods: times(5, () => pod({ labels: web, spec: together(web, ZONE) })),
    want: { classes: 1, offerings: 18, shapes: [5], rules: [] },
  },
  {
    rule: "an own host each",
    pods: times(3, () => pod({ labels: web, spec: onOwnHost(web) })),
    want: { classes: 1, offerings: 18, shapes: [3], rules: [1] },
  },
  {
    rule: "nobody else's host",
    pods: [...times(3, () => pod({ labels: db, spec: onOwnHost(web) })), pod({ labels: web })],
    want: { classes: 1, offerings: 18, shapes: [3, 1], rules: [0] },
  },
  {
    rule: "a spread over hosts counts its owners, up to maxSkew",
    pods: [...times(3, () => pod({ labels: web, spec: spread(web, HOSTNAME, { maxSkew: 2 }) })), pod({ labels: web })],
    want: { classes: 1, offerings: 18, shapes: [3, 1], rules: [2] },
  },
  {
    rule: "owners of a spread over hosts that it does not select are free",
    pods: times(3, () => pod({ labels: db, spec: spread(web, HOSTNAME) })),
    want: { classes: 1, offerings: 18, shapes: [3], rules: [] },
  },
  {
    rule: "a host port is taken once",
    pods: times(2, () => pod({ hostPort: 80 })),
    want: { classes: 1, offerings: 18, shapes: [2], rules: [1] },
  },
  {
    rule: "a lighter pool is out while a heavier one holds the pod",
    pods: [pod(), pod({ cpu: "3" })],
    nodePools: [
      nodePool({ name: "heavy", weight: 1, instanceTypes: [instanceType("c", 2)] }),
      nodePool({ name: "light" }),
    ],
    want: { classes: 2, offerings: 19, shapes: [1, 1], rules: [] },
  },
  {
    rule: "values of a label that the pool leaves open exclude each other",
    pods: ["x", "y"].map((team) => pod({ spec: { nodeSelector: { team } } })),
    nodePools: [nodePool({ wants: [{ key: "team", operator: "In", values: ["x", "y", "z"] }] })],
    want: { classes: 2, offerings: 36, shapes: [1, 1], rules: [] },
  },
  {
    rule: "types below which too few others hold the same content are left out for minValues",
    pods: [pod()],
    nodePools: [
      nodePool({
        wants: [
          { key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] },
          { key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: 3 },
        ],
      }),
    ],
    want: { classes: 1, offerings: 16, shapes: [1], rules: [] },
  },
])
  test(rule, () => {
    const { problem } = lowered(input(options));
    assert.deepEqual(
      {
        classes: problem.classes - new Set(problem.existing.map((bin) => bin.class)).size,
        offerings: problem.offerings.length,
        shapes: problem.shapes.map(({ pods }) => pods).sort((a, b) => b - a),
        rules: problem.hostRules.map(({ max }) => max),
      },
      want,
    );
  });

test("pods that a spread only counts fill the zones up", () => {
  const situation = input({
    pods: [
      ...times(3, () => pod({ cpu: "100m", labels: web, spec: spread(web) })),
      ...times(9, () => pod({ cpu: "100m", labels: web })),
    ],
  });
  assert.deepEqual(podsByZone(planned(situation)), { a: 4, b: 4, c: 4 });
});

test("two spreads at once: zone and capacity type", () => {
  const both = {
    topologySpreadConstraints: [
      ...(spread(web).topologySpreadConstraints ?? []),
      ...(spread(web, CAPACITY_TYPE).topologySpreadConstraints ?? []),
    ],
  };
  const wants = [{ key: CAPACITY_TYPE, operator: "In", values: ["spot", "on-demand"] }];
  const situation = input({
    pods: times(6, () => pod({ labels: web, spec: both })),
    nodePools: [nodePool({ wants })],
  });
  const plan = planned(situation);
  assert.deepEqual(podsByZone(plan), { a: 2, b: 2, c: 2 });
  const onSpot = plan.claims.filter(({ requirements }) => requirements.get(CAPACITY_TYPE)?.values.has("spot"));
  assert.equal(
    onSpot.reduce((sum, { pods }) => sum + pods.length, 0),
    3,
  );
});

test("a preference is given up pod by pod when its domains are used up", () => {
  const soft = {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: ZONE, labelSelector: { matchLabels: web } } },
        ],
      },
    },
  };
  const plan = planned(input({ pods: times(5, () => pod({ cpu: "900m", labels: web, spec: soft })) }));
  assert.equal(plan.unplaced.length, 0);
  assert.ok(["a", "b", "c"].every((zone) => (podsByZone(plan)[zone] ?? 0) > 0));
});

test("pods that want company go through the first fit, the others become numbers", () => {
  const situation = input({
    pods: [
      ...times(3, () => pod({ labels: web, spec: together(web, HOSTNAME) })),
      ...times(4, () => pod({ labels: db })),
    ],
  });
  const low = lowered(situation);
  assert.equal(low.side?.attempt.claims.length, 1);
  assert.deepEqual(
    low.problem.shapes.map(({ pods }) => pods),
    [4],
  );
  assert.equal(planned(situation).unplaced.length, 0);
});

test("only company: left to the first fit altogether", () => {
  const result = lowerInput(planningModel(input({ pods: [pod({ labels: web, spec: together(web, HOSTNAME) })] })));
  assert.ok("unsupported" in result);
});

test("existing nodes are bins with what is left, residents counted", () => {
  const { problem } = lowered(
    input({
      pods: times(2, () => pod({ labels: web, spec: spread(web, HOSTNAME, { maxSkew: 3 }) })),
      existingNodes: [
        existingNode({ name: "full", cpu: "1", pods: [pod()] }),
        existingNode({ name: "free", cpu: "4", pods: times(2, () => pod({ labels: web })) }),
      ],
    }),
  );
  assert.deepEqual(
    problem.existing.map(({ free, hostCounts }) => ({ cpu: free[0], hostCounts })),
    [{ cpu: 2000, hostCounts: [{ rule: 0, counted: 2, owners: 0 }] }],
  );
});

test("limits: fewer types per claim, then none at all", () => {
  const options = { pods: times(4, () => pod({ cpu: "1800m", labels: web, spec: onOwnHost(web) })) };
  const types = (cpu: string): number => {
    const plan = planned(input({ ...options, nodePools: [nodePool({ limits: { cpu } })] }));
    return plan.claims[0]?.instanceTypes.length ?? 0;
  };
  assert.ok(types("8") < types("40") && types("40") < types("1000"));
  const low = lowered(input({ ...options, nodePools: [nodePool({ limits: { cpu: "7" } })] }));
  assert.ok("unraisable" in raisePacking(low, fastPacking(low.problem)));
});

test("on a host, owners of a spread that it does not select come before the pods it counts", () => {
  const situation = input({
    pods: [
      ...times(3, () => pod({ cpu: "200m", labels: web, spec: spread(web, HOSTNAME, { maxSkew: 3 }) })),
      ...times(2, () => pod({ cpu: "100m", labels: db, spec: spread(web, HOSTNAME, { maxSkew: 3 }) })),
    ],
  });
  for (const { pods } of planned(situation).claims) {
    const apps = pods.map(({ metadata }) => metadata.labels?.["app"]);
    assert.deepEqual(apps, [...apps].sort());
  }
});

test("whatever the input: the packing is feasible, the raised plan passes the checker, every pod stands once", () => {
  let raised = 0;
  fc.assert(
    fc.property(loweringInput, (situation) => {
      const low = lowerInput(planningModel(situation));
      if ("unsupported" in low) return;
      const packing = fastPacking(low.problem);
      assert.deepEqual(packingProblems(low.problem, packing), []);
      const plan = raisePacking(low, packing);
      if ("unraisable" in plan) return;
      raised += 1;
      assert.deepEqual(checkPlan(situation, plan), []);
      assert.equal(plan.unplaced.length, unplacedPods(low, packing));
    }),
    { numRuns: 400 },
  );
  assert.ok(raised > 250, `only ${raised} inputs were raised`);
});
