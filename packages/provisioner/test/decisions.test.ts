import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, NodePoolBudget, Pod, PodDisruptionBudget } from "@nodeless/api";
import { formatRequirements } from "@nodeless/scheduling";
import { remainingBudget } from "../src/disruption/budgets.ts";
import { planDrain } from "../src/node/drain-plan.ts";
import { AskedVolumes } from "../src/provisioning/asked-volumes.ts";
import { displacedPods } from "../src/provisioning/displaced-pods.ts";
import { existingNode } from "../src/provisioning/existing-nodes.ts";
import { movablePods, pendingPods } from "../src/provisioning/pending-pods.ts";
import { judgePod } from "../src/provisioning/provisionable-pods.ts";
import { unplacedText } from "../src/provisioning/unplaced-text.ts";
import { doNotDisruptOf } from "../src/state/pods.ts";
import { at, daemon, meta, NOON, type PodParts, pod, requires, secondsAgo, UNSCHEDULABLE } from "./decision-fixture.ts";

for (const { rule, parts, want } of [
  { rule: "called Unschedulable", parts: {}, want: "provision" },
  { rule: "not looked at by the scheduler yet", parts: { status: {} }, want: "ignore" },
  {
    rule: "held by a scheduling gate",
    parts: { status: { conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] } },
    want: "ignore",
  },
  { rule: "preempting", parts: { status: { ...UNSCHEDULABLE, nominatedNodeName: "n" } }, want: "ignore" },
  { rule: "bound", parts: { spec: { nodeName: "n" } }, want: "ignore" },
  { rule: "finished", parts: { status: { ...UNSCHEDULABLE, phase: "Failed" } }, want: "ignore" },
  { rule: "being deleted", parts: { metadata: { deletionTimestamp: secondsAgo(1) } }, want: "ignore" },
  { rule: "a daemon", parts: { metadata: { ownerReferences: daemon } }, want: "ignore" },
  {
    rule: "a mirror",
    parts: { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n", uid: "n" }] } },
    want: "ignore",
  },
  { rule: "for Fargate", parts: { spec: { schedulerName: "fargate-scheduler" } }, want: "ignore" },
  {
    rule: "for another scheduler, called Unschedulable by it",
    parts: { spec: { schedulerName: "mine" } },
    want: "provision",
  },
  {
    rule: "kept off launched nodes",
    parts: requires({ matchExpressions: [{ key: "karpenter.sh/nodepool", operator: "DoesNotExist" }] }),
    want: "ignore",
  },
  {
    rule: "kept off launched nodes by the old label",
    parts: requires({ matchExpressions: [{ key: "karpenter.sh/provisioner-name", operator: "DoesNotExist" }] }),
    want: "ignore",
  },
  {
    rule: "pinned to a node by matchFields",
    parts: requires({ matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] }),
    want: "refuse",
  },
] as readonly { rule: string; parts: PodParts; want: string }[])
  test(`pod ${rule}: ${want}`, () => assert.equal(judgePod(pod(parts)).kind, want));

for (const { value, startedSecondsAgo, want } of [
  { value: "true", startedSecondsAgo: 10, want: "active" },
  { value: "false", startedSecondsAgo: 10, want: "absent" },
  { value: "10m", startedSecondsAgo: 599, want: "active" },
  { value: "10m", startedSecondsAgo: 600, want: "elapsed" },
  { value: "0s", startedSecondsAgo: 1, want: "invalid" },
  { value: "yes", startedSecondsAgo: 1, want: "invalid" },
])
  test(`do-not-disrupt ${value} on a pod started ${startedSecondsAgo} s ago is ${want}`, () => {
    const annotated = pod({
      metadata: { annotations: { "karpenter.sh/do-not-disrupt": value } },
      status: { startTime: secondsAgo(startedSecondsAgo) },
    });
    assert.equal(doNotDisruptOf(annotated, NOON).kind, want);
  });

const tens = (nodes: string, rest: Partial<NodePoolBudget> = {}): NodePoolBudget => ({ nodes, ...rest });
for (const { rule, budgets, nodes, disrupting, want } of [
  { rule: "the default is 10 %, rounded up", budgets: undefined, nodes: 1, disrupting: 0, want: 1 },
  { rule: "10 % of 11 is 2", budgets: [tens("10%")], nodes: 11, disrupting: 0, want: 2 },
  { rule: "what is disrupted already counts", budgets: [tens("3")], nodes: 10, disrupting: 2, want: 1 },
  { rule: "never below zero", budgets: [tens("1")], nodes: 10, disrupting: 4, want: 0 },
  { rule: "the least of several counts", budgets: [tens("50%"), tens("2")], nodes: 10, disrupting: 0, want: 2 },
  {
    rule: "other reasons do not count",
    budgets: [tens("0", { reasons: ["Drifted"] }), tens("4")],
    nodes: 10,
    disrupting: 0,
    want: 4,
  },
  {
    rule: "a window that is open counts",
    budgets: [tens("0", { schedule: "0 9 * * *", duration: "8h" })],
    nodes: 10,
    disrupting: 0,
    want: 0,
  },
  {
    rule: "a window that is closed allows everything",
    budgets: [tens("0", { schedule: "0 9 * * *", duration: "3h" })],
    nodes: 10,
    disrupting: 0,
    want: Number.POSITIVE_INFINITY,
  },
  {
    rule: "an unreadable schedule allows nothing",
    budgets: [tens("5", { schedule: "61 * * * *", duration: "1h" })],
    nodes: 10,
    disrupting: 0,
    want: 0,
  },
  { rule: "an unreadable count allows nothing", budgets: [tens("many")], nodes: 10, disrupting: 0, want: 0 },
])
  test(`budgets: ${rule}`, () => {
    assert.equal(remainingBudget(budgets, { nodes, disrupting, reason: "Empty", now: NOON }), want);
  });

// 5 January 2026 is a Monday.
for (const { schedule, now, hit } of [
  { schedule: "30 11 * * *", now: at("12:00:00"), hit: true },
  { schedule: "30 10 * * *", now: at("12:00:00"), hit: false },
  { schedule: "0 11 * * *", now: at("12:00:00"), hit: false },
  { schedule: "0 11 * * *", now: at("11:59:59"), hit: true },
  { schedule: "*/15 9-17 * * mon-fri", now: at("12:10:00"), hit: true },
  { schedule: "*/15 9-17 * * sat,sun", now: at("12:10:00"), hit: false },
  { schedule: "0 12 1 jan mon", now: at("12:10:00"), hit: true },
  { schedule: "0 12 1 jan *", now: at("12:10:00"), hit: false },
  { schedule: "0 12 * * 7", now: at("12:10:00"), hit: false },
  { schedule: "@hourly", now: at("12:10:00"), hit: true },
  { schedule: "@daily", now: at("12:10:00"), hit: false },
])
  test(`a budget of an hour from ${schedule} is ${hit ? "" : "not "}in force at ${now.toISOString().slice(11, 19)}`, () => {
    const budgets = [{ nodes: "0", schedule, duration: "1h" }];
    const left = remainingBudget(budgets, { nodes: 10, disrupting: 0, reason: "Empty", now });
    assert.equal(left, hit ? 0 : Number.POSITIVE_INFINITY);
  });

for (const [schedule, duration] of [
  ["* * * *", "1h"],
  ["@daily", "soon"],
  ["@daily", undefined],
] as const)
  test(`a budget that cannot be read allows nothing: ${schedule}, ${duration}`, () => {
    const budgets = [{ nodes: "5", schedule, ...(duration === undefined ? {} : { duration }) }];
    assert.equal(remainingBudget(budgets, { nodes: 10, disrupting: 0, reason: "Empty", now: NOON }), 0);
  });

test("a window of any length is looked at in bounded time", () => {
  const budgets = [{ nodes: "0", schedule: "0 0 31 2 *", duration: "9999999999999h" }];
  const left = remainingBudget(budgets, { nodes: 10, disrupting: 0, reason: "Empty", now: NOON });
  assert.equal(left, Number.POSITIVE_INFINITY);
});

const named = (name: string, parts: PodParts = {}): Pod =>
  pod({ ...parts, metadata: { name, ...parts.metadata }, status: parts.status ?? { phase: "Running" } });
const critical = { priorityClassName: "system-node-critical" };
const all = { tolerations: [{ operator: "Exists" }] };
for (const { rule, pods, deadline, evict, force = [], held = [], drained } of [
  {
    rule: "ordinary pods go first",
    pods: [
      named("a"),
      named("d", { metadata: { name: "d", ownerReferences: daemon } }),
      named("c", { spec: critical }),
    ],
    evict: ["a"],
    drained: false,
  },
  {
    rule: "a group waits for the one before it to be gone",
    pods: [named("a", { metadata: { name: "a", deletionTimestamp: secondsAgo(5) } }), named("c", { spec: critical })],
    evict: [],
    drained: false,
  },
  { rule: "then critical ones", pods: [named("c", { spec: critical })], evict: ["c"], drained: false },
  { rule: "pods that tolerate everything stay", pods: [named("proxy", { spec: all })], evict: [], drained: true },
  {
    rule: "finished pods do not count",
    pods: [named("done", { status: { phase: "Succeeded" } })],
    evict: [],
    drained: true,
  },
  {
    rule: "a pod stuck for over a minute is not waited for",
    pods: [named("stuck", { metadata: { name: "stuck", deletionTimestamp: secondsAgo(61) } })],
    evict: [],
    drained: true,
  },
  {
    rule: "do-not-disrupt holds the drain",
    pods: [named("job", { metadata: { name: "job", annotations: { "karpenter.sh/do-not-disrupt": "true" } } })],
    evict: [],
    held: ["job"],
    drained: false,
  },
  {
    rule: "its share of the deadline past, a pod is deleted with what is left",
    pods: [
      named("slow", { spec: { terminationGracePeriodSeconds: 60 } }),
      named("quick", { spec: { terminationGracePeriodSeconds: 5 } }),
    ],
    deadline: at("12:00:20"),
    evict: ["quick"],
    force: ["slow for 20 s"],
    drained: false,
  },
  {
    rule: "past the deadline nothing is waited for",
    pods: [named("a")],
    deadline: NOON,
    evict: [],
    force: ["a for 1 s"],
    drained: true,
  },
] as readonly {
  rule: string;
  pods: Pod[];
  deadline?: Date;
  evict: string[];
  force?: string[];
  held?: string[];
  drained: boolean;
}[])
  test(`drain: ${rule}`, () => {
    const plan = planDrain(pods, { now: NOON, deadline });
    const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name);
    assert.deepEqual(names(plan.evict), evict);
    assert.deepEqual(names(plan.held), held);
    assert.deepEqual(
      plan.forceDelete.map((one) => `${one.pod.metadata.name} for ${one.gracePeriodSeconds} s`),
      force,
    );
    assert.equal(plan.drained, drained);
  });

test("FailedScheduling: the pod's own rules, then each pool, then existing nodes by rule", () => {
  const reject = (candidate: string, rule: "taints" | "resources" | "unsupported", message: string) => ({
    candidate,
    rule,
    message,
  });
  const text = unplacedText(
    {
      pod: pod(),
      rejections: [
        reject("n1", "taints", "taint x"),
        reject("n2", "taints", "taint x"),
        reject("n3", "resources", "cpu"),
        reject("default", "resources", "needs 500 cpu, the largest type has 192"),
        reject("pod", "unsupported", "uses a volume that is being deleted"),
      ],
    },
    {
      names: new Set(["default"]),
      unusable: new Map([["gpu", { ready: false, reason: "r", message: "its class is gone" }]]),
    },
  );
  assert.equal(
    text,
    'uses a volume that is being deleted; NodePool "default": needs 500 cpu, the largest type has 192; NodePool "gpu" is not ready: its class is gone; existing nodes do not fit: 2 by taints, 1 by resources',
  );
});

test("of many pools the text names first those that almost fit, and counts those meant for other pods", () => {
  const others = ["a", "b", "c", "d", "e"].map((name) => ({
    candidate: name,
    rule: "requirements" as const,
    message: "team is b",
  }));
  const text = unplacedText(
    {
      pod: pod(),
      rejections: [
        ...others,
        { candidate: "tainted", rule: "taints", message: "taint x" },
        { candidate: "full", rule: "limits", message: "limit of 4 cpu reached" },
      ],
    },
    { names: new Set([...others.map(({ candidate }) => candidate), "tainted", "full"]), unusable: new Map() },
  );
  assert.equal(
    text,
    'NodePool "full": limit of 4 cpu reached; NodePool "tainted": taint x; NodePool "a": team is b; NodePool "b": team is b; NodePool "c": team is b; 2 more NodePools do not fit either',
  );
});

test("volumes: what they ask is noted beside the pod; a pod with an unusable one is refused, and a displaced one stays", () => {
  const using = (name: string): Pod =>
    pod({ metadata: { name }, spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: name } }] } });
  const volumes = new AskedVolumes({
    claim: (namespace, name) =>
      name === "missing"
        ? undefined
        : {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { ...meta, name, namespace },
            spec: { storageClassName: "zoned" },
          },
    volume: () => undefined,
    storageClass: (name) => ({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { ...meta, name },
      provisioner: "ebs.csi.aws.com",
      volumeBindingMode: "WaitForFirstConsumer",
      allowedTopologies: [{ matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["b"] }] }],
    }),
  });
  const pods = [pod({ metadata: { name: "plain" } }), using("data"), using("missing")];
  const { plannable, refused } = pendingPods(pods, volumes);
  assert.deepEqual(plannable, pods.slice(0, 2));
  assert.deepEqual(
    refused.map(({ message }) => message),
    ['PersistentVolumeClaim "missing" does not exist'],
  );
  assert.deepEqual(movablePods(pods, volumes), pods.slice(0, 2));
  const [[key, asked] = []] = [...(volumes.part.volumes ?? [])];
  assert.deepEqual([key, volumes.part.volumes?.size], ["default/data", 1]);
  assert.deepEqual(asked?.alternatives.map(formatRequirements), ["topology.kubernetes.io/zone in (b)"]);
});

test("a node attaches no more volumes than its CSINode allows", () => {
  const node: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...meta, name: "n1" },
    spec: {},
    status: { allocatable: { cpu: "4" } },
  };
  const attachments = { attachLimits: new Map([["ebs.csi.aws.com", 25]]) };
  const bound = [pod(), pod({ status: { phase: "Succeeded" } })];
  const seen = existingNode({ node, pods: bound }, [], (pods) => (pods.length === 1 ? attachments : {}));
  assert.equal(seen?.attachLimits?.get("ebs.csi.aws.com"), 25);
});

test("displaced pods: what the drain cannot move is not planned for", () => {
  const labelled = (name: string, labels: Record<string, string>, parts: PodParts = {}): Pod =>
    named(name, { ...parts, metadata: { name, labels, ...parts.metadata } });
  const budget = (spec: object): PodDisruptionBudget => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { ...meta, namespace: "default" },
    spec: { ...spec },
  });
  const displaced = displacedPods(
    [
      labelled("free", {}),
      labelled("budgeted", { app: "one" }),
      labelled("blocked", { app: "none" }),
      labelled("twice", { app: "one", tier: "x" }),
      labelled("job", {}, { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } }),
      labelled("daemon", {}, { metadata: { ownerReferences: daemon } }),
    ],
    {
      now: NOON,
      budgets: [
        budget({ maxUnavailable: 1, selector: { matchLabels: { app: "one" } } }),
        budget({ maxUnavailable: "0%", selector: { matchLabels: { app: "none" } } }),
        budget({ minAvailable: 1, selector: { matchLabels: { tier: "x" } } }),
      ],
    },
  );
  assert.deepEqual(
    displaced.map(({ metadata }) => metadata.name),
    ["free", "budgeted"],
  );
});
