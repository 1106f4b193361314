import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, NodeClaim, NodePool, NodePoolBudget, Pod, PodDisruptionBudget } from "@nodeless/api";
import type { CloudInstance } from "@nodeless/cloud";
import { remainingBudget } from "../src/disruption/budgets.ts";
import { judgeConsolidatable } from "../src/disruption/consolidatable.ts";
import { hitWithin, parseSchedule } from "../src/disruption/cron.ts";
import { planDrain } from "../src/node/drain-plan.ts";
import { findGarbage } from "../src/node-claim/garbage.ts";
import { planInitialization } from "../src/node-claim/initialization.ts";
import { judgeLiveness } from "../src/node-claim/liveness.ts";
import { planRegistration } from "../src/node-claim/registration.ts";
import { nodePoolHash } from "../src/node-pool/hash.ts";
import { unsupportedFields } from "../src/node-pool/unsupported-fields.ts";
import { displacedPods } from "../src/provisioning/displaced-pods.ts";
import { judgePod } from "../src/provisioning/provisionable-pods.ts";
import { unplacedText } from "../src/provisioning/unplaced-text.ts";
import { type VolumeLookup, volumeConstraints, withVolumeTerms } from "../src/provisioning/volume-constraints.ts";
import { doNotDisruptOf } from "../src/state/pods.ts";

const at = (text: string): Date => new Date(`2026-01-05T${text}Z`);
const NOON = at("12:00:00");
const secondsAgo = (seconds: number): string => new Date(NOON.getTime() - seconds * 1_000).toISOString();
const meta = { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: secondsAgo(3_600) };

interface PodParts {
  readonly metadata?: Partial<Pod["metadata"]>;
  readonly spec?: Partial<NonNullable<Pod["spec"]>>;
  readonly status?: Pod["status"];
}
const UNSCHEDULABLE = { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] };
const pod = ({ metadata = {}, spec = {}, status = UNSCHEDULABLE }: PodParts = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...meta, namespace: "default", ...metadata },
  spec: { containers: [], ...spec },
  status,
});
const requires = (term: object): PodParts => ({
  spec: {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
  },
});
const daemon = [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "d" }];

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
  test(`cron ${schedule} ${hit ? "hits" : "does not hit"} in the hour before ${now.toISOString().slice(11, 19)}`, () => {
    const parsed = parseSchedule(schedule);
    assert.ok(parsed !== undefined);
    assert.equal(hitWithin(parsed, { now, durationMs: 3_600_000 }), hit);
  });

for (const text of [
  "",
  "* * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "5-1 * * * *",
  "*/0 * * * *",
  "a * * * *",
  "1-2-3 * * * *",
  "@often",
])
  test(`${JSON.stringify(text)} is no schedule`, () => assert.equal(parseSchedule(text), undefined));

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

const condition = (type: string, status: string, secondsBefore: number, message = "") => ({
  type,
  status,
  reason: type,
  message,
  lastTransitionTime: secondsAgo(secondsBefore),
});
const claim = ({
  status,
  spec = {},
  metadata = {},
}: {
  readonly status?: NodeClaim["status"];
  readonly spec?: Partial<NodeClaim["spec"]>;
  readonly metadata?: Partial<NodeClaim["metadata"]>;
} = {}): NodeClaim => ({
  apiVersion: "karpenter.sh/v1",
  kind: "NodeClaim",
  metadata: { ...meta, name: "claim", creationTimestamp: secondsAgo(299), ...metadata },
  spec: { requirements: [], nodeClassRef: { group: "g", kind: "k", name: "n" }, ...spec },
  ...(status === undefined ? {} : { status }),
});
const TIMEOUTS = { launchTimeoutMs: 300_000, registrationTimeoutMs: 900_000 };
for (const { rule, subject, want } of [
  {
    rule: "not launched within 5 minutes of creation",
    subject: claim({ metadata: { creationTimestamp: secondsAgo(300) } }),
    want: "dead launch_timeout",
  },
  { rule: "a second earlier it waits", subject: claim(), want: "waiting 1000" },
  {
    rule: "the launch error is counted from its first time",
    subject: claim({ status: { conditions: [condition("Launched", "Unknown", 100)] } }),
    want: "waiting 200000",
  },
  {
    rule: "launched but not registered within 15 minutes",
    subject: claim({
      status: { conditions: [condition("Launched", "True", 1_000), condition("Registered", "Unknown", 900)] },
    }),
    want: "dead registration_timeout",
  },
  {
    rule: "registered claims live",
    subject: claim({
      status: { conditions: [condition("Launched", "True", 9_000), condition("Registered", "True", 8_000)] },
    }),
    want: "alive",
  },
])
  test(`liveness: ${rule}`, () => {
    const liveness = judgeLiveness(subject, TIMEOUTS, NOON);
    const detail =
      liveness.kind === "dead" ? ` ${liveness.reason}` : liveness.kind === "waiting" ? ` ${liveness.remainingMs}` : "";
    assert.equal(`${liveness.kind}${detail}`, want);
  });

const node = ({
  metadata = {},
  spec = {},
  status = {},
}: {
  readonly metadata?: Partial<Node["metadata"]>;
  readonly spec?: Node["spec"];
  readonly status?: Node["status"];
} = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { ...meta, name: "node", ...metadata },
  spec: { providerID: "aws:///z/i-1", ...spec },
  status: { conditions: [{ type: "Ready", status: "True" }], ...status },
});

test("registration waits for exactly one node, then changes everything in one guarded patch and keeps foreign taints", () => {
  const subject = claim({
    status: { providerID: "aws:///z/i-1" },
    spec: { taints: [{ key: "team", effect: "NoSchedule" }], startupTaints: [{ key: "cni", effect: "NoSchedule" }] },
  });
  const report = (nodes: readonly Node[]): string | undefined => {
    const step = planRegistration(subject, nodes);
    return step.kind === "wait" ? step.report.reason : step.kind;
  };
  assert.equal(report([]), "NodeNotFound");
  assert.equal(report([node(), node()]), "MultipleNodesFound");
  const step = planRegistration(subject, [
    node({
      spec: {
        providerID: "aws:///z/i-1",
        taints: [
          { key: "karpenter.sh/unregistered", effect: "NoExecute" },
          { key: "other", effect: "NoSchedule" },
        ],
      },
    }),
  ]);
  assert.ok(step.kind === "register" && !step.lacksTaint);
  const { spec, metadata } = step.patch as Node;
  assert.deepEqual(
    spec?.taints?.map(({ key }) => key),
    ["other", "team", "cni"],
  );
  assert.deepEqual(
    [metadata.resourceVersion, metadata.finalizers, metadata.labels?.["karpenter.sh/registered"]],
    ["1", ["karpenter.sh/termination"], "true"],
  );
  const keeping = planRegistration(subject, [
    node({ metadata: { labels: { "karpenter.sh/do-not-sync-taints": "true" } } }),
  ]);
  assert.ok(keeping.kind === "register" && keeping.lacksTaint);
  assert.deepEqual((keeping.patch as Node).spec?.taints, []);
});

for (const { rule, of, want } of [
  {
    rule: "the kubelet is not ready",
    of: node({ status: { conditions: [{ type: "Ready", status: "False" }] } }),
    want: "NodeNotReady",
  },
  {
    rule: "a startup taint is there",
    of: node({ spec: { taints: [{ key: "cni", effect: "NoSchedule" }] } }),
    want: "StartupTaintsExist",
  },
  {
    rule: "an ephemeral taint is there",
    of: node({ spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] } }),
    want: "KnownEphemeralTaintsExist",
  },
  { rule: "a requested device is not there yet", of: node(), want: "ResourceNotRegistered" },
  {
    rule: "everything is there",
    of: node({ status: { allocatable: { "nvidia.com/gpu": "1" } } }),
    want: "Initialized",
  },
])
  test(`initialization: ${rule} → ${want}`, () => {
    const subject = claim({
      spec: {
        startupTaints: [{ key: "cni", effect: "NoSchedule" }],
        resources: { requests: { "nvidia.com/gpu": "1" } },
      },
    });
    const ready = { conditions: [{ type: "Ready", status: "True" }] };
    const report = planInitialization(subject, { ...of, status: { ...ready, ...of.status } });
    assert.equal(report.reason, want);
  });

const instance = (id: string, ageSeconds: number): CloudInstance => ({
  providerId: `aws:///z/${id}`,
  instanceId: id,
  instanceType: "t",
  zone: "z",
  capacityType: "spot",
  imageId: "a",
  tags: new Map(),
  launchTime: new Date(NOON.getTime() - ageSeconds * 1_000),
  state: "running",
  privateDnsName: id,
});
test("garbage: what only one side knows, except young instances and claims with a Ready node", () => {
  const registered = (name: string, id: string): NodeClaim =>
    claim({
      metadata: { name },
      status: { providerID: `aws:///z/${id}`, conditions: [condition("Registered", "True", 100)] },
    });
  const onNode = (name: string, id: string, ready: string): Node =>
    node({
      metadata: { name, labels: { "karpenter.sh/nodepool": "p" } },
      spec: { providerID: `aws:///z/${id}` },
      status: { conditions: [{ type: "Ready", status: ready }] },
    });
  const garbage = findGarbage({
    now: NOON,
    orphanAgeMs: 30_000,
    claims: [
      registered("fine", "i-1"),
      registered("vanished", "i-2"),
      registered("vouched", "i-3"),
      claim({ metadata: { name: "unregistered" }, status: { providerID: "aws:///z/i-4" } }),
    ],
    nodes: [
      onNode("vouches", "i-3", "True"),
      onNode("dead", "i-2", "Unknown"),
      onNode("left", "i-5", "Unknown"),
      onNode("odd", "i-6", "True"),
    ],
    instances: [instance("i-1", 500), instance("i-7", 30), instance("i-8", 29)],
  });
  assert.deepEqual(
    garbage.claims.map(({ metadata }) => metadata.name),
    ["vanished"],
  );
  assert.deepEqual(
    garbage.instances.map(({ instanceId }) => instanceId),
    ["i-7"],
  );
  assert.deepEqual(
    garbage.nodes.map(({ metadata }) => metadata.name),
    ["left"],
  );
});

const poolOf = (
  spec: Partial<NodePool["spec"]>,
  template: Partial<NodePool["spec"]["template"]["spec"]> = {},
): Pick<NodePool, "spec"> => ({
  spec: {
    template: {
      spec: {
        requirements: [],
        nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "n" },
        ...template,
      },
    },
    ...spec,
  },
});
for (const { after, initialized, podEvent, want } of [
  { after: "30s", initialized: 29, podEvent: undefined, want: "False RecentPodEvents 1000" },
  { after: "30s", initialized: 30, podEvent: undefined, want: "True Consolidatable undefined" },
  { after: "30s", initialized: 300, podEvent: 10, want: "False RecentPodEvents 20000" },
  { after: "30s", initialized: 5, podEvent: 60, want: "False RecentPodEvents 25000" },
  { after: "0s", initialized: 0, podEvent: 0, want: "True Consolidatable undefined" },
  { after: "Never", initialized: 9_000, podEvent: undefined, want: "False ConsolidationDisabled undefined" },
])
  test(`consolidateAfter ${after}, initialized ${initialized} s ago, last pod event ${podEvent} s ago: ${want}`, () => {
    const status = {
      conditions: [condition("Initialized", "True", initialized)],
      ...(podEvent === undefined ? {} : { lastPodEventTime: secondsAgo(podEvent) }),
    };
    const judged = judgeConsolidatable(claim({ status }), poolOf({ disruption: { consolidateAfter: after } }), NOON);
    assert.equal(`${judged?.report.status} ${judged?.report.reason} ${judged?.remainingMs}`, want);
  });

test("a claim that is not initialized is not judged", () => {
  assert.equal(judgeConsolidatable(claim({ status: {} }), poolOf({}), NOON), undefined);
});

test("the pool hash changes with taints, labels and class, not with order, requirements, limits or disruption", () => {
  const taints = [
    { key: "a", effect: "NoSchedule" },
    { key: "b", effect: "NoSchedule" },
  ];
  const base = nodePoolHash(poolOf({}, { taints }));
  assert.equal(nodePoolHash(poolOf({}, { taints: taints.toReversed() })), base);
  assert.equal(
    nodePoolHash(
      poolOf({ limits: { cpu: "1" }, weight: 3 }, { taints, requirements: [{ key: "a", operator: "Exists" }] }),
    ),
    base,
  );
  assert.equal(nodePoolHash(poolOf({}, { taints, startupTaints: [] })), base);
  assert.notEqual(nodePoolHash(poolOf({}, { taints: taints.slice(1) })), base);
  assert.notEqual(
    nodePoolHash(
      poolOf({}, { taints, nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "other" } }),
    ),
    base,
  );
});

test("what is not done yet is refused by name, not ignored", () => {
  const paths = (pool: Pick<NodePool, "spec">) => unsupportedFields(pool).map(({ path }) => path);
  assert.deepEqual(
    paths(
      poolOf({
        disruption: { consolidateAfter: "1m", budgets: [{ nodes: "1", schedule: "0 9 * * 1-5", duration: "1h" }] },
      }),
    ),
    [],
  );
  assert.deepEqual(paths(poolOf({ replicas: 3 })), ["spec.replicas"]);
  assert.deepEqual(
    paths(
      poolOf({
        disruption: {
          consolidateAfter: "1m",
          consolidationPolicy: "Balanced",
          budgets: [{ nodes: "1", schedule: "99 * * * *", duration: "1h" }],
        },
      }),
    ),
    ["spec.disruption.consolidationPolicy", "spec.disruption.budgets[0].schedule"],
  );
  assert.deepEqual(paths(poolOf({}, { nodeClassRef: { group: "g", kind: "K", name: "n" } })), [
    "spec.template.spec.nodeClassRef",
  ]);
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

const zoneTerm = (...values: string[]) => ({
  matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values }],
});
const volumeObjects = {
  claims: new Map<string, object>([
    ["bound", { spec: { volumeName: "pv-a" }, annotations: { "pv.kubernetes.io/bind-completed": "yes" } }],
    ["other", { spec: { volumeName: "pv-b" }, annotations: { "pv.kubernetes.io/bind-completed": "yes" } }],
    ["local", { spec: { volumeName: "pv-local" }, annotations: { "pv.kubernetes.io/bind-completed": "yes" } }],
    ["binding", { spec: { volumeName: "pv-a" } }],
    ["dangling", { spec: { volumeName: "pv-none" }, annotations: { "pv.kubernetes.io/bind-completed": "yes" } }],
    ["waits", { spec: { storageClassName: "waits" } }],
    ["immediate", { spec: { storageClassName: "immediate" } }],
    ["classless", { spec: {} }],
    ["mistyped", { spec: { storageClassName: "gp33" } }],
    ["lost", { spec: {}, status: { phase: "Lost" } }],
  ]),
  volumes: new Map<string, object>([
    ["pv-a", { nodeAffinity: { required: { nodeSelectorTerms: [zoneTerm("a")] } } }],
    ["pv-b", { nodeAffinity: { required: { nodeSelectorTerms: [zoneTerm("a", "b"), zoneTerm("c")] } } }],
    [
      "pv-local",
      {
        local: { path: "/d" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1"] }] },
            ],
          },
        },
      },
    ],
  ]),
  classes: new Map<string, object>([
    [
      "waits",
      {
        volumeBindingMode: "WaitForFirstConsumer",
        allowedTopologies: [{ matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["b"] }] }],
      },
    ],
    ["immediate", { volumeBindingMode: "Immediate" }],
  ]),
};
const lookup: VolumeLookup = {
  claim(_, name) {
    const found = volumeObjects.claims.get(name) as
      | { readonly annotations?: Record<string, string>; readonly spec?: object; readonly status?: object }
      | undefined;
    if (found === undefined) return undefined;
    const { annotations = {}, spec = {}, status } = found;
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { ...meta, annotations },
      spec,
    } as const;
    return status === undefined ? claim : { ...claim, status };
  },
  volume(name) {
    const spec = volumeObjects.volumes.get(name);
    return spec === undefined ? undefined : { apiVersion: "v1", kind: "PersistentVolume", metadata: meta, spec };
  },
  storageClass(name) {
    const found = volumeObjects.classes.get(name);
    return found === undefined
      ? undefined
      : {
          apiVersion: "storage.k8s.io/v1",
          kind: "StorageClass",
          metadata: meta,
          provisioner: "ebs.csi.aws.com",
          ...found,
        };
  },
};
for (const { claims, want } of [
  { claims: [], want: "anywhere" },
  { claims: ["bound"], want: "a" },
  { claims: ["bound", "other"], want: "a+a,b | a+c" },
  { claims: ["waits"], want: "b" },
  { claims: ["local"], want: "anywhere" },
  { claims: ["none"], want: 'PersistentVolumeClaim "none" does not exist' },
  { claims: ["binding"], want: 'PersistentVolumeClaim "binding" names a volume but is not bound to it yet' },
  {
    claims: ["dangling"],
    want: 'PersistentVolumeClaim "dangling" is bound to PersistentVolume "pv-none", which does not exist',
  },
  {
    claims: ["immediate"],
    want: 'PersistentVolumeClaim "immediate" waits to be bound: StorageClass "immediate" binds at once, before a node is chosen',
  },
  { claims: ["classless"], want: 'PersistentVolumeClaim "classless" is not bound and names no StorageClass' },
  { claims: ["mistyped"], want: 'PersistentVolumeClaim "mistyped" asks for StorageClass "gp33", which does not exist' },
  { claims: ["bound", "lost"], want: 'PersistentVolumeClaim "lost" has lost its volume' },
])
  test(`volumes ${claims.join(" and ") || "none"}: ${want}`, () => {
    const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    const constraints = volumeConstraints(pod({ spec: { volumes } }), lookup);
    if (constraints.kind === "unusable") return assert.equal(constraints.message, want);
    const text = constraints.alternatives
      .map(({ matchExpressions }) => matchExpressions?.map(({ values }) => values?.join(",")).join("+"))
      .join(" | ");
    assert.equal(text || "anywhere", want);
  });

test("volume alternatives multiply with the pod's own required terms, and the pod itself stays as it is", () => {
  const own = pod(requires({ matchExpressions: [{ key: "disk", operator: "Exists" }] }));
  const before = structuredClone(own);
  const planned = withVolumeTerms(own, [zoneTerm("a"), zoneTerm("b")]);
  const terms = planned.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  assert.deepEqual(
    terms?.map(({ matchExpressions }) => matchExpressions?.map(({ key }) => key)),
    [
      ["disk", "topology.kubernetes.io/zone"],
      ["disk", "topology.kubernetes.io/zone"],
    ],
  );
  assert.deepEqual(own, before);
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
