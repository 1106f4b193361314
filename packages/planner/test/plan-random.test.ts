import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlanInput, type PlanKnobs, planCluster, planInput } from "@nodeless/planner";
import { objections, planOf, SEOUL } from "./plan-fixture.ts";

/** Seeds of the run; a failure names its own. */
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const CAPACITY = "karpenter.sh/capacity-type";

type Draw = () => number;
type Json = Readonly<Record<string, unknown>>;

/** Numbers in [0, 1) from a seed (xorshift). */
function draws(seed: number): Draw {
  let state = (seed * 2_654_435_761) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const some = (draw: Draw, share: number, object: Json): Json => (draw() < share ? object : {});
function pick<T>(draw: Draw, from: readonly T[]): T {
  const found = from[Math.floor(draw() * from.length)];
  if (found === undefined) throw new TypeError("nothing to pick from");
  return found;
}
const isIn = (key: string, values: readonly string[]): Json => ({ key, operator: "In", values });

function pool(draw: Draw, name: string): Json {
  const requirements = [
    isIn("kubernetes.io/arch", pick(draw, [["amd64"], ["amd64", "arm64"]])),
    isIn(CAPACITY, pick(draw, [["spot"], ["on-demand"], ["spot", "on-demand"]])),
    isIn("karpenter.k8s.aws/instance-category", ["c", "m", "r"]),
  ];
  const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
  const taints = [{ key: "own", value: "x", effect: pick(draw, ["NoSchedule", "PreferNoSchedule"]) }];
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name },
    spec: {
      ...some(draw, 0.3, { weight: 1 + Math.floor(draw() * 3) }),
      ...some(draw, 0.3, { limits: { cpu: String(4 + Math.floor(draw() * 60)) } }),
      template: {
        metadata: { labels: { team: pick(draw, ["a", "b"]) } },
        spec: { ...some(draw, 0.2, { taints }), requirements, nodeClassRef },
      },
    },
  };
}

function rules(draw: Draw, app: string): Json {
  const own = { matchLabels: { app } };
  const spread = {
    maxSkew: 1 + Math.floor(draw() * 2),
    topologyKey: pick(draw, [ZONE, HOST, CAPACITY]),
    whenUnsatisfiable: pick(draw, ["DoNotSchedule", "ScheduleAnyway"]),
    labelSelector: pick(draw, [own, own, { matchLabels: { app: "w0" } }]),
  };
  const required = (selector: Json): Json => ({
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: pick(draw, [HOST, ZONE]), labelSelector: selector },
    ],
  });
  const selector = pick<Json>(draw, [{ "kubernetes.io/arch": "arm64" }, { [CAPACITY]: "on-demand" }, { team: "a" }]);
  return {
    ...some(draw, 0.3, { topologySpreadConstraints: [spread] }),
    ...some(draw, 0.2, { affinity: { podAntiAffinity: required(own) } }),
    ...some(draw, 0.1, { affinity: { podAffinity: required(pick(draw, [own, { matchLabels: { app: "w0" } }])) } }),
    ...some(draw, 0.25, { nodeSelector: selector }),
    ...some(draw, 0.3, { tolerations: [{ key: "own", operator: "Exists" }] }),
  };
}

function workload(draw: Draw, app: string, kind: "Deployment" | "DaemonSet"): Json {
  const requests = {
    cpu: `${pick(draw, [50, 100, 250, 900, 3000])}m`,
    memory: `${pick(draw, [64, 500, 1000, 3000, 9000])}Mi`,
  };
  const small = { cpu: "200m", memory: "200Mi" };
  const container = {
    name: "main",
    image: "x",
    resources: { requests: kind === "DaemonSet" ? small : requests },
    ...some(draw, 0.1, { ports: [{ containerPort: 80, hostPort: 80 }] }),
  };
  const spec = { ...(kind === "DaemonSet" ? {} : rules(draw, app)), containers: [container] };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: app, ...some(draw, 0.1, { namespace: "kube-system" }) },
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas: Math.floor(draw() * 20) }),
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec },
    },
  };
}

function nodeWithPod(draw: Draw, name: string): readonly Json[] {
  const labels = {
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
    [ZONE]: pick(draw, SEOUL.zones),
    team: "a",
  };
  const allocatable = { cpu: pick(draw, ["2", "4", "8"]), memory: "8Gi", pods: pick(draw, ["5", "30"]) };
  const resources = { requests: { cpu: "1", memory: "1Gi" } };
  const spec = { nodeName: name, containers: [{ name: "main", image: "x", resources }] };
  return [
    { apiVersion: "v1", kind: "Node", metadata: { name, labels }, status: { allocatable } },
    { apiVersion: "v1", kind: "Pod", metadata: { name: `on-${name}`, labels: { app: "w0" } }, spec },
  ];
}

function randomCluster(draw: Draw): PlanInput {
  const several = (most: number): readonly number[] =>
    Array.from({ length: 1 + Math.floor(draw() * most) }, (_, i) => i);
  const items = [
    ...several(3).map((index) => pool(draw, `p${index}`)),
    ...(draw() < 0.4 ? several(3).flatMap((index) => nodeWithPod(draw, `n${index}`)) : []),
    ...(draw() < 0.5 ? [workload(draw, "daemon", "DaemonSet")] : []),
    ...several(8).map((index) => workload(draw, `w${index}`, "Deployment")),
  ];
  return planInput([{ file: "random", text: JSON.stringify({ apiVersion: "v1", kind: "List", items }), found: false }]);
}

const KNOBS: readonly PlanKnobs[] = [
  {},
  {},
  { maxVcpus: 8 },
  { maxNodeShare: 0.3 },
  { spotShare: 0.5 },
  { generations: [6, 7] },
];

for (const seed of SEEDS)
  test(`seed ${seed}: both gears make plans that stand every check, and searching is never dearer`, () => {
    const draw = draws(seed);
    const input = randomCluster(draw);
    const knobs = pick(draw, KNOBS);
    const fast = planOf(input, { knobs }).document;
    const search = { gear: "optimize", timeMs: 150, monotonicMs: () => performance.now() } as const;
    const best = planCluster(input, SEOUL, { ...search, knobs }).document;
    assert.deepEqual(objections(fast, input), []);
    assert.deepEqual(objections(best, input), []);
    assert.ok(best.totals.unplacedPods <= fast.totals.unplacedPods);
    if (best.totals.unplacedPods === fast.totals.unplacedPods)
      assert.ok(best.totals.usdPerHour <= fast.totals.usdPerHour * (1 + 1e-9));
  });
