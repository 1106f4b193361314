import assert from "node:assert/strict";
import test from "node:test";
import type { Fresh, Node, Pod, PodSpec } from "@nodeless/api";
import { EVENTS, NAMESPACES, NODES, PODS } from "@nodeless/api";
import { FARGATE_TAINT, node, pod, SchedulerBed } from "./scheduler-fixture.ts";

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const zone = (name: string) => ({ labels: { [ZONE]: name } });
const web = { labels: { app: "web" } };

const term = (topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: { app: "web" } } });
const apart = (topologyKey: string): Partial<PodSpec> => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(topologyKey)] } },
});
const beside = (topologyKey: string): Partial<PodSpec> => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(topologyKey)] } },
});
const spread = (whenUnsatisfiable: string): Partial<PodSpec> => ({
  topologySpreadConstraints: [{ ...term(ZONE), maxSkew: 1, whenUnsatisfiable }],
});
const pinned = (name: string): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
      },
    },
  },
});
const bound = (name: string, nodeName: string, options: Parameters<typeof pod>[1] = {}): Fresh<Pod> =>
  pod(name, { ...options, spec: { ...options.spec, nodeName } });

async function place(nodes: readonly Fresh<Node>[], pods: readonly Fresh<Pod>[]): Promise<SchedulerBed> {
  const bed = new SchedulerBed();
  await bed.nodes(...nodes);
  await bed.pods(...pods);
  bed.start();
  await bed.decided(...pods.map(({ metadata }) => metadata.name ?? ""));
  await bed.stop();
  return bed;
}

const NO_HELP = (nodes: number): string =>
  `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`;
const NO_VICTIMS = (nodes: number): string =>
  `preemption: 0/${nodes} nodes are available: ${nodes} No preemption victims found for incoming pod.`;

for (const { rule, nodes, pods = [], subject, want } of [
  { rule: "no node at all", nodes: [], subject: pod("p"), want: "no nodes available to schedule pods" },
  {
    rule: "untolerated taints of Fargate nodes",
    nodes: ["a", "b", "c", "d", "e"].map((name) => node(name, { taints: [FARGATE_TAINT] })),
    subject: pod("p"),
    want: `0/5 nodes are available: 5 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}. ${NO_HELP(5)}`,
  },
  {
    rule: "reasons are counted and sorted; preemption is told apart by node",
    nodes: [node("a", { taints: [FARGATE_TAINT] }), node("b", { cpu: "1" }), node("c", { cpu: "1" })],
    pods: [bound("x", "b"), bound("y", "c")],
    subject: pod("p"),
    want: "0/3 nodes are available: 1 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
  },
  {
    rule: "several resources at once; more than the node has is beyond preemption",
    nodes: [node("a", { cpu: "1", pods: "0" })],
    subject: pod("p", { cpu: "2" }),
    want: `0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods. ${NO_HELP(1)}`,
  },
  {
    rule: "cordoned nodes",
    nodes: [node("a", { unschedulable: true })],
    subject: pod("p"),
    want: `0/1 nodes are available: 1 node(s) were unschedulable. ${NO_HELP(1)}`,
  },
  {
    rule: "node selector",
    nodes: [node("a", zone("x"))],
    subject: pod("p", { spec: { nodeSelector: { [ZONE]: "y" } } }),
    want: `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${NO_HELP(1)}`,
  },
  {
    rule: "host ports",
    nodes: [node("a")],
    pods: [bound("x", "a", { hostPort: 80 })],
    subject: pod("p", { hostPort: 80 }),
    want: `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. ${NO_VICTIMS(1)}`,
  },
  {
    rule: "own anti-affinity",
    nodes: [node("a")],
    pods: [bound("x", "a", web)],
    subject: pod("p", { spec: apart(HOST) }),
    want: `0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. ${NO_VICTIMS(1)}`,
  },
  {
    rule: "anti-affinity of a pod that is there already",
    nodes: [node("a")],
    pods: [bound("x", "a", { spec: apart(HOST) })],
    subject: pod("p", web),
    want: `0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. ${NO_VICTIMS(1)}`,
  },
  {
    rule: "affinity to a pod that is nowhere",
    nodes: [node("a")],
    subject: pod("p", { spec: beside(HOST) }),
    want: `0/1 nodes are available: 1 node(s) didn't match pod affinity rules. ${NO_HELP(1)}`,
  },
  {
    rule: "spread beyond maxSkew, and a node without the label",
    nodes: [node("a", zone("x")), node("b", { ...zone("y"), cpu: "1" }), node("c")],
    pods: [bound("x", "a", web), bound("full", "b")],
    subject: pod("p", { ...web, spec: spread("DoNotSchedule") }),
    want: "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod topology spread constraints (missing required label). preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
  },
  {
    rule: "a pod that forbids preemption says so",
    nodes: [node("a", { cpu: "1" })],
    subject: pod("p", { cpu: "2", spec: { preemptionPolicy: "Never" } }),
    want: "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  },
  {
    rule: "a claim that does not exist",
    nodes: [node("a")],
    subject: pod("p", { spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] } }),
    want: `0/1 nodes are available: persistentvolumeclaim "data" not found. ${NO_HELP(1)}`,
  },
])
  test(`refused: ${rule}`, async () => {
    const bed = await place(nodes, [...pods, subject]);
    assert.equal(bed.refusal("p"), want);
    assert.equal(bed.nodeOf("p"), undefined);
  });

for (const { rule, nodes, pods = [], subject, want } of [
  { rule: "the emptier node", nodes: [node("a"), node("b")], pods: [bound("x", "a")], subject: pod("p"), want: "b" },
  { rule: "ties go to the smaller name", nodes: [node("b"), node("a")], subject: pod("p"), want: "a" },
  {
    rule: "a tolerated taint",
    nodes: [node("a", { taints: [FARGATE_TAINT] })],
    subject: pod("p", { spec: { tolerations: [{ operator: "Exists" }] } }),
    want: "a",
  },
  {
    rule: "matchFields pin a DaemonSet's pod",
    nodes: [node("a"), node("b")],
    subject: pod("p", { spec: pinned("b") }),
    want: "b",
  },
  {
    rule: "PreferNoSchedule is avoided",
    nodes: [node("a", { taints: [{ key: "soft", effect: "PreferNoSchedule" }] }), node("b")],
    pods: [bound("x", "b")],
    subject: pod("p"),
    want: "b",
  },
  {
    rule: "preferred node affinity outweighs room",
    nodes: [node("a", zone("x")), node("b")],
    pods: [bound("x", "a")],
    subject: pod("p", {
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: ZONE, operator: "In", values: ["x"] }] } },
            ],
          },
        },
      },
    }),
    want: "a",
  },
  {
    rule: "ScheduleAnyway spread prefers the emptier zone",
    nodes: [node("a", zone("x")), node("b", { ...zone("y"), cpu: "2" })],
    pods: [bound("x", "a", { ...web, cpu: "100m" })],
    subject: pod("p", { ...web, spec: spread("ScheduleAnyway") }),
    want: "b",
  },
  {
    rule: "preferred anti-affinity keeps away",
    nodes: [node("a"), node("b", { cpu: "2" })],
    pods: [bound("x", "a", { ...web, cpu: "100m" })],
    subject: pod("p", {
      spec: {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term(HOST) }],
          },
        },
      },
    }),
    want: "b",
  },
  {
    rule: "affinity to a pod in the zone",
    nodes: [node("a", zone("x")), node("b", zone("y"))],
    pods: [bound("x", "b", { ...web, cpu: "2" })],
    subject: pod("p", { spec: beside(ZONE) }),
    want: "b",
  },
  {
    rule: "the first of a group may open a domain",
    nodes: [node("a", zone("x"))],
    subject: pod("p", { ...web, spec: beside(ZONE) }),
    want: "a",
  },
  {
    rule: "finished pods take no room",
    nodes: [node("a", { cpu: "1" })],
    pods: [{ ...bound("x", "a"), status: { phase: "Succeeded" } }],
    subject: pod("p"),
    want: "a",
  },
])
  test(`placed: ${rule}`, async () => {
    const bed = await place(nodes, [...pods, subject]);
    assert.equal(bed.nodeOf("p"), want);
    const events = bed.cluster.all(EVENTS).map(({ reason, message }) => `${reason} ${message}`);
    assert.ok(
      events.length === 0 || events.includes(`Scheduled Successfully assigned default/p to ${want}`),
      events.join(),
    );
  });

test("pods of other schedulers, gated and deleted ones are left alone", async () => {
  const bed = await place([node("a")], [pod("last")]);
  assert.equal(bed.nodeOf("last"), "a");
  const other = new SchedulerBed();
  await other.nodes(node("a"));
  await other.pods(
    pod("fargate", { spec: { schedulerName: "fargate-scheduler" } }),
    pod("gated", { spec: { schedulingGates: [{ name: "wait" }] } }),
    pod("ours"),
  );
  other.start();
  await other.decided("ours");
  await other.stop();
  assert.deepEqual([other.nodeOf("fargate"), other.nodeOf("gated"), other.nodeOf("ours")], [undefined, undefined, "a"]);
});

test("an assumed pod takes its room before its binding has arrived", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("a", { cpu: "2" }), node("b", { cpu: "2" }));
  await bed.pods(...["1", "2", "3", "4", "5"].map((name) => pod(name)));
  bed.start();
  await bed.decided("1", "2", "3", "4", "5");
  await bed.stop();
  const placed = ["1", "2", "3", "4", "5"].map((name) => bed.nodeOf(name));
  assert.deepEqual(placed.filter((name) => name === "a").length, 2);
  assert.deepEqual(placed.filter((name) => name === "b").length, 2);
  assert.match(bed.refusal("5") ?? "", /^0\/2 nodes are available: 2 Insufficient cpu\./);
});

test("higher priority first, then first come", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("a", { cpu: "2" }));
  await bed.pods(pod("early"), pod("late"), pod("urgent", { spec: { priority: 10 } }));
  bed.start();
  await bed.decided("early", "late", "urgent");
  await bed.stop();
  assert.deepEqual([bed.nodeOf("urgent"), bed.nodeOf("early"), bed.nodeOf("late")], ["a", "a", undefined]);
});

test("the first node replaces the reason", async () => {
  const bed = new SchedulerBed();
  await bed.pods(pod("p"));
  bed.start();
  await bed.decided("p");
  await bed.nodes(node("tainted", { taints: [FARGATE_TAINT] }));
  await bed.until(() => bed.refusal("p")?.startsWith("0/1 nodes are available") === true);
  await bed.stop();
});

test("reasons that change with every new node are written once they hold", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("tainted", { taints: [FARGATE_TAINT] }));
  await bed.pods(pod("p"), pod("q"));
  bed.start();
  await bed.decided("p", "q");
  for (const name of ["b", "c", "d", "e"]) {
    await bed.nodes(node(name, { cpu: "500m" }));
    // A new namespace may matter to any pod: everything is tried again.
    await bed.cluster
      .resource(NAMESPACES)
      .create({ apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: {} });
  }
  await bed.until(() => ["p", "q"].every((name) => bed.refusal(name)?.startsWith("0/5 nodes") === true));
  await bed.stop();
  for (const name of ["p", "q"])
    assert.equal(bed.cluster.writes.filter((write) => write === `patch pods/${name}/status`).length, 2);
});

test("waiting pods are tried again when a node comes that may take them, and not before", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("tainted", { taints: [FARGATE_TAINT] }));
  await bed.pods(pod("1"), pod("2"), pod("3"));
  bed.start();
  await bed.decided("1", "2", "3");
  const writes = bed.cluster.writes.length;
  await bed.nodes(node("also-tainted", { taints: [FARGATE_TAINT] }));
  await bed.nodes(node("a", { cpu: "2" }));
  await bed.until(() => ["1", "2", "3"].filter((name) => bed.nodeOf(name) !== undefined).length === 2);
  await bed.stop();
  const patches = bed.cluster.writes.slice(writes).filter((write) => write.startsWith("patch"));
  assert.ok(patches.length <= 1, patches.join());
});

test("waiting pods are tried again when a pod leaves", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("a", { cpu: "1" }));
  await bed.pods(bound("x", "a"), pod("p"));
  bed.start();
  await bed.decided("p");
  await bed.cluster.resource(PODS).delete({ namespace: "default", name: "x" }, { gracePeriodSeconds: 0 });
  await bed.until(() => bed.nodeOf("p") === "a");
  await bed.stop();
});

test("a refused binding is rolled back and tried again", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("a", { cpu: "1" }));
  bed.cluster.failNext("create pods/p/binding", 500, "InternalError");
  await bed.pods(pod("p"));
  bed.start();
  await bed.until(() => bed.nodeOf("p") === "a");
  await bed.stop();
  assert.equal(bed.cluster.writes.filter((write) => write === "create pods/p/binding").length, 2);
});

test("heartbeats of nodes cause no work", async () => {
  const bed = new SchedulerBed();
  await bed.nodes(node("a", { cpu: "1" }));
  await bed.pods(pod("p", { cpu: "2" }));
  bed.start();
  await bed.decided("p");
  const status = { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: "2026-01-01T00:01:00Z" }] };
  await bed.cluster.resource(NODES).patch({ name: "a" }, "merge", { status });
  await bed.pods(pod("q"));
  await bed.decided("q");
  await bed.stop();
  assert.equal(bed.cluster.writes.filter((write) => write === "patch pods/p/status").length, 1);
});
