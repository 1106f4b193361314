import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, NodeClaim, NodePool } from "@nodeless/api";
import type { CloudInstance } from "@nodeless/cloud";
import { judgeConsolidatable } from "../src/disruption/consolidatable.ts";
import { judgeExpiration } from "../src/node-claim/expiration.ts";
import { findGarbage } from "../src/node-claim/garbage.ts";
import { planInitialization } from "../src/node-claim/initialization.ts";
import { judgeLiveness } from "../src/node-claim/liveness.ts";
import { planRegistration } from "../src/node-claim/registration.ts";
import { nodePoolHash } from "../src/node-pool/hash.ts";
import { unsupportedFields } from "../src/node-pool/unsupported-fields.ts";
import { meta, NOON, secondsAgo } from "./decision-fixture.ts";

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

for (const { rule, expireAfter, created = secondsAgo(600), want } of [
  { rule: "at its age", expireAfter: "10m", want: { kind: "expired" } },
  { rule: "not a second earlier", expireAfter: "601s", want: { kind: "later", lookAgainMs: 1_000 } },
  { rule: "is looked at again within the hour", expireAfter: "720h", want: { kind: "later", lookAgainMs: 3_600_000 } },
  { rule: "not with Never", expireAfter: "Never", created: secondsAgo(9e6), want: { kind: "never" } },
])
  test(`expiration: ${rule}`, () => {
    const subject = claim({ metadata: { creationTimestamp: created }, spec: { expireAfter } });
    assert.deepEqual(judgeExpiration(subject, NOON), want);
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
        },
      }),
    ),
    ["spec.disruption.consolidationPolicy"],
  );
  assert.deepEqual(paths(poolOf({}, { nodeClassRef: { group: "g", kind: "K", name: "n" } })), [
    "spec.template.spec.nodeClassRef",
  ]);
});
