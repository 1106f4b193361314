import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  EndpointSlice,
  KubernetesObject,
  Node,
  NodeCondition,
  OwnerReference,
  Pod,
  PodDisruptionBudgetSpec,
  Service,
  Taint,
} from "@nodeless/api";
import { computeDisruption } from "../src/disruption/compute-disruption.ts";
import { computeEndpoints } from "../src/endpoints/compute-endpoints.ts";
import { groupTargets } from "../src/endpoints/endpoint-targets.ts";
import { planSlices } from "../src/endpoints/plan-slices.ts";
import { type OwnerState, planDependent } from "../src/garbage-collector/plan-dependent.ts";
import { terminatingConditions } from "../src/namespace/plan-namespace.ts";
import { planEviction } from "../src/node-lifecycle/plan-eviction.ts";
import { observeHeartbeat, planNodeHealth } from "../src/node-lifecycle/plan-node-health.ts";
import { planTaints } from "../src/node-lifecycle/plan-taints.ts";
import { planPodGc } from "../src/pod-gc/plan-pod-gc.ts";
import { meta, NOW, names } from "./plan-fixture.ts";

function pod(
  name: string,
  more: {
    node?: string;
    phase?: string;
    ready?: boolean;
    ip?: string;
    leaving?: boolean;
    spec?: Partial<Pod["spec"]>;
  } = {},
): Pod {
  const { node = "n1", phase = "Running", ready = true, ip, leaving = false, spec = {} } = more;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(name),
      labels: { app: "web" },
      ...(leaving ? { deletionTimestamp: "2026-01-01T00:59:00Z" } : {}),
    },
    spec: { containers: [], ...(node === "" ? {} : { nodeName: node }), ...spec },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(ip === undefined ? {} : { podIP: ip }),
    },
  };
}

describe("garbage collection of dependents", () => {
  const object = (
    owners: readonly string[],
    more: { leaving?: boolean; finalizers?: readonly string[] } = {},
  ): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      ...meta("x"),
      ...(owners.length === 0
        ? {}
        : { ownerReferences: owners.map((uid): OwnerReference => ({ apiVersion: "v1", kind: "K", name: uid, uid })) }),
      ...(more.leaving === true ? { deletionTimestamp: "2026-01-01T00:59:00Z" } : {}),
      ...(more.finalizers === undefined ? {} : { finalizers: more.finalizers }),
    },
  });
  for (const { rule, dependent, hasDependents = false, want } of [
    { rule: "nobody's objects stay", dependent: object([]), want: "keep" },
    {
      rule: "one living owner is enough, the dead reference goes",
      dependent: object(["present", "absent"]),
      want: "disown present",
    },
    { rule: "living owners keep it as it is", dependent: object(["present"]), want: "keep" },
    { rule: "without owners it goes in the background", dependent: object(["absent"]), want: "delete Background" },
    {
      rule: "its own finalizers choose how",
      dependent: object(["absent"], { finalizers: ["orphan"] }),
      want: "delete Orphan",
    },
    {
      rule: "an owner in foreground deletion takes it along",
      dependent: object(["waiting"]),
      want: "delete Background",
    },
    {
      rule: "and in the foreground if it has dependents itself",
      dependent: object(["waiting"]),
      hasDependents: true,
      want: "delete Foreground",
    },
    {
      rule: "a waiting owner gives up its claim when another lives",
      dependent: object(["present", "waiting"]),
      want: "disown present",
    },
    { rule: "what is going already is left alone", dependent: object(["absent"], { leaving: true }), want: "keep" },
  ])
    test(rule, () => {
      const plan = planDependent(dependent, ({ uid }) => uid as OwnerState, hasDependents);
      const text =
        plan.kind === "delete"
          ? `delete ${plan.propagationPolicy}`
          : plan.kind === "disown"
            ? `disown ${plan.ownerReferences.map(({ uid }) => uid).join(",")}`
            : "keep";
      assert.equal(text, want);
    });
});

describe("node life cycle", () => {
  const node = (conditions: readonly NodeCondition[], spec: Node["spec"] = {}): Node => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: meta("n"),
    spec,
    status: { conditions },
  });
  const ready = (status: string): NodeCondition => ({
    type: "Ready",
    status,
    lastHeartbeatTime: "2026-01-01T00:00:00Z",
  });
  const health = (one: Node, silentMs: number) =>
    planNodeHealth({
      node: one,
      heartbeat: { mark: "", seenMs: 0 },
      nowMs: silentMs,
      now: NOW,
      graceMs: 40_000,
      startupGraceMs: 60_000,
    })?.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ""}`.trim());

  for (const { rule, one, silentMs, want } of [
    { rule: "a node is believed for 40 s", one: node([ready("True")]), silentMs: 40_000, want: undefined },
    {
      rule: "then all it reported is Unknown",
      one: node([ready("True"), { type: "MemoryPressure", status: "False" }]),
      silentMs: 40_001,
      want: [
        "Ready=Unknown NodeStatusUnknown",
        "MemoryPressure=Unknown NodeStatusUnknown",
        "DiskPressure=Unknown NodeStatusNeverUpdated",
        "PIDPressure=Unknown NodeStatusNeverUpdated",
      ],
    },
    { rule: "a node that never spoke gets 60 s", one: node([]), silentMs: 60_000, want: undefined },
    {
      rule: "and is then marked as never updated",
      one: node([]),
      silentMs: 60_001,
      want: ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].map(
        (type) => `${type}=Unknown NodeStatusNeverUpdated`,
      ),
    },
  ])
    test(rule, () => assert.deepEqual(health(one, silentMs), want));

  test("a heartbeat is what changed, timed by our own clock", () => {
    const lease = (renewTime: string) =>
      ({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: meta("n"), spec: { renewTime } }) as const;
    const first = observeHeartbeat(undefined, { node: node([]), lease: lease("1"), nowMs: 10 });
    assert.equal(observeHeartbeat(first, { node: node([]), lease: lease("1"), nowMs: 20 }).seenMs, 10);
    assert.equal(observeHeartbeat(first, { node: node([]), lease: lease("2"), nowMs: 20 }).seenMs, 20);
    assert.equal(observeHeartbeat(first, { node: node([ready("True")]), lease: lease("1"), nowMs: 30 }).seenMs, 30);
  });

  const taintsOf = (one: Node) =>
    planTaints(one, NOW)?.map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`);
  const registered: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
  const foreign: Taint = { key: "karpenter.sh/unregistered", effect: "NoExecute" };
  for (const { rule, one, want } of [
    {
      rule: "a ready node loses the taint it registered with, others' taints stay",
      one: node([ready("True")], { taints: [registered, foreign] }),
      want: ["karpenter.sh/unregistered:NoExecute"],
    },
    { rule: "a node that has not spoken keeps it", one: node([], { taints: [registered] }), want: undefined },
    {
      rule: "not ready",
      one: node([ready("False")], { taints: [registered] }),
      want: ["not-ready:NoSchedule", "not-ready:NoExecute"],
    },
    { rule: "unreachable", one: node([ready("Unknown")]), want: ["unreachable:NoSchedule", "unreachable:NoExecute"] },
    {
      rule: "pressure keeps new pods out",
      one: node([ready("True"), { type: "DiskPressure", status: "True" }]),
      want: ["disk-pressure:NoSchedule"],
    },
    { rule: "cordon", one: node([ready("True")], { unschedulable: true }), want: ["unschedulable:NoSchedule"] },
    { rule: "nothing to do", one: node([ready("True")]), want: undefined },
  ])
    test(`taints: ${rule}`, () => assert.deepEqual(taintsOf(one), want));

  const unreachable: Taint = {
    key: "node.kubernetes.io/unreachable",
    effect: "NoExecute",
    timeAdded: "2026-01-01T00:59:00Z",
  };
  const tolerating = (...seconds: readonly (number | undefined)[]) =>
    pod("p", {
      spec: {
        tolerations: seconds.map((tolerationSeconds) => ({
          key: unreachable.key,
          operator: "Exists",
          effect: "NoExecute",
          ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
        })),
      },
    });
  for (const { rule, one, taints = [unreachable], want } of [
    { rule: "an untolerated taint evicts at once", one: pod("p"), want: 0 },
    { rule: "tolerationSeconds count from when the taint was added", one: tolerating(300), want: 240_000 },
    { rule: "the shortest counts", one: tolerating(300, 90), want: 30_000 },
    { rule: "a toleration without seconds holds for ever", one: tolerating(undefined), want: undefined },
    { rule: "NoSchedule evicts nobody", one: pod("p"), taints: [{ key: "x", effect: "NoSchedule" }], want: undefined },
    { rule: "who is going already is left alone", one: pod("p", { leaving: true }), want: undefined },
  ])
    test(`eviction: ${rule}`, () => {
      const plan = planEviction(one, taints, NOW);
      assert.equal(plan.kind === "evict" ? plan.inMs : undefined, want);
    });
});

test("pod garbage: pods of lost nodes, deleted pods that were never bound, and the oldest finished ones beyond the limit", () => {
  const plan = planPodGc({
    pods: [
      pod("lost", { node: "gone" }),
      pod("recent", { node: "missing" }),
      pod("unbound", { node: "", leaving: true }),
      pod("b", { phase: "Succeeded" }),
      pod("a", { phase: "Failed" }),
      pod("fine"),
    ],
    nodeNames: new Set(["n1"]),
    lostNodeNames: new Set(["gone"]),
    terminatedPodsMax: 1,
  });
  assert.deepEqual(
    [names(plan.orphaned), names(plan.unscheduledTerminating), names(plan.terminated)],
    [["lost"], ["unbound"], ["a"]],
  );
});

describe("disruption budgets", () => {
  const pods = [pod("a"), pod("b"), pod("c", { ready: false }), pod("d", { leaving: true })];
  for (const { rule, spec, wanted = 4, disrupted, want } of [
    {
      rule: "integer minAvailable counts the pods there are",
      spec: { minAvailable: 1 },
      want: "expected 4, healthy 2 of 1, allowed 1 SufficientPods",
    },
    {
      rule: "percent minAvailable rounds up over wanted replicas",
      spec: { minAvailable: "50%" },
      wanted: 5,
      want: "expected 5, healthy 2 of 3, allowed 0 InsufficientPods",
    },
    {
      rule: "maxUnavailable is relative to wanted replicas",
      spec: { maxUnavailable: 3 },
      want: "expected 4, healthy 2 of 1, allowed 1 SufficientPods",
    },
    {
      rule: "percent maxUnavailable rounds up",
      spec: { maxUnavailable: "30%" },
      want: "expected 4, healthy 2 of 2, allowed 0 InsufficientPods",
    },
    {
      rule: "nothing expected, nothing allowed",
      spec: { maxUnavailable: 1 },
      wanted: 0,
      want: "expected 0, healthy 2 of 0, allowed 0 InsufficientPods",
    },
    {
      rule: "a granted eviction counts as gone for two minutes",
      spec: { minAvailable: 1 },
      disrupted: { a: "2026-01-01T00:59:00Z" },
      want: "expected 4, healthy 1 of 1, allowed 0 InsufficientPods",
    },
    {
      rule: "and not longer",
      spec: { minAvailable: 1 },
      disrupted: { a: "2026-01-01T00:58:00Z" },
      want: "expected 4, healthy 2 of 1, allowed 1 SufficientPods",
    },
  ] as {
    rule: string;
    spec: PodDisruptionBudgetSpec;
    wanted?: number;
    disrupted?: Record<string, string>;
    want: string;
  }[])
    test(rule, () => {
      const budget = {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: meta("b"),
        spec,
        ...(disrupted === undefined ? {} : { status: { disruptedPods: disrupted } }),
      } as const;
      const status = computeDisruption({ budget, pods, wantedReplicas: wanted, now: NOW });
      const { expectedPods, currentHealthy, desiredHealthy, disruptionsAllowed, conditions } = status;
      assert.equal(
        `expected ${expectedPods}, healthy ${currentHealthy} of ${desiredHealthy}, allowed ${disruptionsAllowed} ${conditions?.[0]?.reason}`,
        want,
      );
    });
});

describe("endpoints", () => {
  const service = (more: Partial<Service["spec"]> = {}): Service => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...meta("web"), labels: { team: "a" } },
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }], ...more },
  });
  const serving = (name: string, ip: string, port: number, more: Parameters<typeof pod>[1] = {}) =>
    pod(name, { ip, spec: { containers: [{ name: "c", ports: [{ name: "http", containerPort: port }] }] }, ...more });
  const slice = (name: string, pods: readonly Pod[]): EndpointSlice => {
    const [created] = planSlices({
      service: service(),
      groups: groupTargets(service(), pods),
      slices: [],
      nodes: () => undefined,
    }).create;
    assert.ok(created);
    return { ...created, metadata: { ...meta(name), ...created.metadata } };
  };

  test("pods are grouped by what the named port means in them; not ready, leaving and addressless ones are told apart", () => {
    const pods = [
      serving("a", "10.0.0.1", 80),
      serving("b", "10.0.0.2", 8080),
      serving("c", "10.0.0.3", 80, { ready: false }),
      serving("d", "10.0.0.4", 80, { leaving: true }),
      pod("no address"),
      serving("e", "10.0.0.5", 80, { phase: "Succeeded" }),
    ];
    const endpoints = computeEndpoints(service(), groupTargets(service(), pods));
    assert.deepEqual(
      endpoints.subsets?.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => [
        ports[0]?.port,
        addresses.map(({ ip }) => ip),
        notReadyAddresses.map(({ ip }) => ip),
      ]),
      [
        [80, ["10.0.0.1"], ["10.0.0.3"]],
        [8080, ["10.0.0.2"], []],
      ],
    );
    const { create } = planSlices({
      service: service(),
      groups: groupTargets(service(), pods),
      slices: [],
      nodes: () => undefined,
    });
    assert.deepEqual(
      create[0]?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions]),
      [
        ["10.0.0.1", { ready: true, serving: true, terminating: false }],
        ["10.0.0.3", { ready: false, serving: false, terminating: false }],
        ["10.0.0.4", { ready: false, serving: true, terminating: true }],
      ],
    );
    assert.deepEqual(create[0]?.metadata.labels, {
      team: "a",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
  });

  test("a service without pods keeps one empty slice; a hundred endpoints fill a slice", () => {
    const empty = planSlices({ service: service(), groups: [], slices: [], nodes: () => undefined });
    assert.deepEqual(
      empty.create.map(({ endpoints }) => endpoints),
      [[]],
    );
    const pods = Array.from({ length: 250 }, (_, index) =>
      serving(`p${index}`, `10.0.${index >> 8}.${index & 255}`, 80),
    );
    const many = planSlices({
      service: service(),
      groups: groupTargets(service(), pods),
      slices: [],
      nodes: () => undefined,
    });
    assert.deepEqual(
      many.create.map(({ endpoints }) => endpoints?.length),
      [100, 100, 50],
    );
  });

  test("a port without a name is named by the empty string, as the server stores it: the next look changes nothing", () => {
    const unnamed = service({ ports: [{ port: 80 }] });
    const groups = groupTargets(unnamed, [serving("a", "10.0.0.1", 80)]);
    const nodes = (): undefined => undefined;
    const [created] = planSlices({ service: unnamed, groups, slices: [], nodes }).create;
    assert.deepEqual(created?.ports, [{ name: "", port: 80, protocol: "TCP" }]);
    assert.ok(created);
    const stored = { ...created, metadata: { ...created.metadata, ...meta("web-1") } };
    assert.deepEqual(planSlices({ service: unnamed, groups, slices: [stored], nodes }), {
      create: [],
      update: [],
      remove: [],
    });
  });

  test("a change rewrites only the slice it is in; newcomers fill gaps; surplus slices go", () => {
    const pods = ["a", "b", "c", "d"].map((name, index) => serving(name, `10.0.0.${index + 1}`, 80));
    const slices = [slice("s1", pods.slice(0, 2)), slice("s2", pods.slice(2)), slice("double", pods.slice(0, 2))];
    const now = [...pods.slice(1), serving("e", "10.0.0.9", 80)];
    const plan = planSlices({
      service: service(),
      groups: groupTargets(service(), now),
      slices,
      nodes: () => undefined,
    });
    assert.deepEqual(
      plan.update.map(({ metadata, endpoints }) => [metadata.name, endpoints?.map(({ addresses }) => addresses[0])]),
      [["s1", ["10.0.0.2", "10.0.0.9"]]],
    );
    assert.deepEqual([plan.create, names(plan.remove)], [[], ["double"]]);
    const same = planSlices({
      service: service(),
      groups: groupTargets(service(), pods),
      slices: slices.slice(0, 2),
      nodes: () => undefined,
    });
    assert.deepEqual([same.create, same.update, same.remove], [[], [], []]);
  });
});

test("a terminating namespace says what is left and which finalizers hold it", () => {
  const held: KubernetesObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...meta("p"), finalizers: ["test/hold"] },
  };
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: meta("team"), spec: {} } as const;
  const conditions = terminatingConditions(
    namespace,
    { objects: new Map([["pods.", [held, held]]]), discoveryFailures: [], deletionFailures: [] },
    NOW,
  );
  const messages = Object.fromEntries(conditions.map(({ type, status, message }) => [type, `${status}: ${message}`]));
  assert.equal(
    messages["NamespaceContentRemaining"],
    "True: Some resources are remaining: pods. has 2 resource instances",
  );
  assert.equal(
    messages["NamespaceFinalizersRemaining"],
    "True: Some content in the namespace has finalizers remaining: test/hold in 2 resource instances",
  );
  assert.equal(messages["NamespaceDeletionDiscoveryFailure"], "False: All resources successfully discovered");
});
