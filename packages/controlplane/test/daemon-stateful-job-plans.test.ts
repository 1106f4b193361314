import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetSpec,
  Job,
  JobSpec,
  JobStatus,
  Node,
  Pod,
  PodSpec,
  StatefulSet,
  StatefulSetSpec,
  Taint,
} from "@nodeless/api";
import { daemonPod, fitOf } from "../src/daemonset/daemon-pod.ts";
import { computeDaemonStatus, planDaemonSet, planRollingUpdate } from "../src/daemonset/plan-daemon-set.ts";
import { planHistory, superfluousRevisions } from "../src/history/plan-history.ts";
import { formatIndexes, parseIndexes } from "../src/job/completion-indexes.ts";
import { TRACKING_FINALIZER } from "../src/job/job-pod.ts";
import { planJob } from "../src/job/plan-job.ts";
import { timeToLiveMs } from "../src/job/ttl-after-finished-controller.ts";
import { planStatefulSet } from "../src/statefulset/plan-stateful-set.ts";
import { meta, NOW, names } from "./plan-fixture.ts";

interface PodTraits {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly leaving?: boolean;
  readonly tracked?: boolean;
  readonly finishedAt?: string;
}

function pod(name: string, traits: PodTraits = {}): Pod {
  const {
    labels = {},
    annotations = {},
    node = "n1",
    phase = "Running",
    ready = phase === "Running",
    leaving = false,
    tracked = false,
  } = traits;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(name),
      labels,
      annotations,
      ...(leaving ? { deletionTimestamp: "2026-01-01T00:59:00Z" } : {}),
      ...(tracked ? { finalizers: [TRACKING_FINALIZER] } : {}),
    },
    spec: { containers: [], nodeName: node },
    status: {
      phase,
      conditions: [
        {
          type: "Ready",
          status: ready ? "True" : "False",
          lastTransitionTime: traits.finishedAt ?? "2026-01-01T00:10:00Z",
        },
      ],
    },
  };
}

describe("DaemonSet", () => {
  const node = (name: string, labels: Record<string, string> = {}, taints: readonly Taint[] = []): Node => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...meta(name), labels },
    spec: { taints },
  });
  const daemonSet = (spec: Partial<PodSpec> = {}, rest: Partial<DaemonSetSpec> = {}): DaemonSet => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: meta("agent"),
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: { metadata: { labels: { app: "agent" } }, spec: { containers: [], ...spec } },
      ...rest,
    },
  });
  const notFargate: Partial<PodSpec> = {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate"] }] },
          ],
        },
      },
    },
  };
  const taint = (key: string, effect: string): Taint => ({ key, effect });

  for (const { rule, spec = {}, on, run, stay } of [
    { rule: "an untainted node", on: node("n"), run: true, stay: true },
    {
      rule: "a node without the selected label",
      spec: { nodeSelector: { disk: "ssd" } },
      on: node("n"),
      run: false,
      stay: false,
    },
    {
      rule: "a Fargate node, excluded by affinity",
      spec: notFargate,
      on: node("n", { "eks.amazonaws.com/compute-type": "fargate" }),
      run: false,
      stay: false,
    },
    { rule: "an EC2 node, accepted by the same affinity", spec: notFargate, on: node("n"), run: true, stay: true },
    {
      rule: "a NoSchedule taint keeps new pods out, lets old ones stay",
      on: node("n", {}, [taint("dedicated", "NoSchedule")]),
      run: false,
      stay: true,
    },
    {
      rule: "a NoExecute taint throws out",
      on: node("n", {}, [taint("dedicated", "NoExecute")]),
      run: false,
      stay: false,
    },
    {
      rule: "a tolerated taint does nothing",
      spec: { tolerations: [{ operator: "Exists" }] },
      on: node("n", {}, [taint("karpenter.sh/unregistered", "NoExecute")]),
      run: true,
      stay: true,
    },
    {
      rule: "a cordoned node",
      on: node("n", {}, [taint("node.kubernetes.io/unschedulable", "NoSchedule")]),
      run: true,
      stay: true,
    },
    {
      rule: "an unreachable node",
      on: node("n", {}, [taint("node.kubernetes.io/unreachable", "NoExecute")]),
      run: true,
      stay: true,
    },
    {
      rule: "a node without network",
      on: node("n", {}, [taint("node.kubernetes.io/network-unavailable", "NoSchedule")]),
      run: false,
      stay: true,
    },
    {
      rule: "a node without network, for host network pods",
      spec: { hostNetwork: true },
      on: node("n", {}, [taint("node.kubernetes.io/network-unavailable", "NoSchedule")]),
      run: true,
      stay: true,
    },
  ] as const)
    test(`${rule}: ${run ? "runs" : "does not run"}, ${stay ? "stays" : "leaves"}`, () =>
      assert.deepEqual(fitOf(daemonSet(spec), on), { shouldRun: run, mayStay: stay }));

  const hash = (value: string) => ({ labels: { "controller-revision-hash": value } });
  const observe = (over: { nodes: readonly Node[]; pods: readonly Pod[]; set?: DaemonSet }) => ({
    daemonSet: over.set ?? daemonSet(),
    nodes: over.nodes,
    pods: over.pods,
    revisionHash: "new",
    now: NOW,
  });

  test("one pod per eligible node: missing ones are created, doubles, finished and misplaced ones deleted", () => {
    const nodes = [node("n1"), node("n2"), node("n3"), node("n4", {}, [taint("x", "NoExecute")])];
    const pods = [
      pod("a", { node: "n2" }),
      pod("b", { node: "n2" }),
      pod("failed", { node: "n3", phase: "Failed" }),
      pod("misplaced", { node: "n4" }),
      pod("on a lost node", { node: "gone" }),
    ];
    const plan = planDaemonSet(observe({ nodes, pods }));
    assert.deepEqual(plan.createOn, ["n1"]);
    assert.deepEqual(names(plan.remove), ["b", "failed", "misplaced"]);
    assert.deepEqual(names(plan.failed), ["failed"]);
  });

  test("a pinned pod of a node that vanished before it was bound is deleted", () => {
    const { spec, metadata } = daemonPod(daemonSet(notFargate), "gone", "new");
    const pinned: Pod = { ...pod("pinned"), metadata: { ...meta("pinned"), ...metadata, name: "pinned" }, spec };
    assert.deepEqual(names(planDaemonSet(observe({ nodes: [], pods: [pinned] })).remove), ["pinned"]);
    assert.deepEqual(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms, [
      {
        matchExpressions:
          notFargate.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
            ?.matchExpressions,
        matchFields: [{ key: "metadata.name", operator: "In", values: ["gone"] }],
      },
    ]);
  });

  const nodes = [node("n1"), node("n2"), node("n3")];
  for (const { rule, set = daemonSet(), pods, want } of [
    {
      rule: "one available old pod at a time",
      pods: [
        pod("a", { node: "n1", ...hash("old") }),
        pod("b", { node: "n2", ...hash("old") }),
        pod("c", { node: "n3", ...hash("old") }),
      ],
      want: ["a"],
    },
    {
      rule: "none while a new one is not ready",
      pods: [
        pod("a", { node: "n1", ready: false, ...hash("new") }),
        pod("b", { node: "n2", ...hash("old") }),
        pod("c", { node: "n3", ...hash("old") }),
      ],
      want: [],
    },
    {
      rule: "broken old pods cost nothing",
      pods: [
        pod("a", { node: "n1", ready: false, ...hash("old") }),
        pod("b", { node: "n2", ...hash("old") }),
        pod("c", { node: "n3", ...hash("old") }),
      ],
      want: ["a"],
    },
    {
      rule: "maxUnavailable in percent rounds up",
      set: daemonSet({}, { updateStrategy: { rollingUpdate: { maxUnavailable: "50%" } } }),
      pods: [
        pod("a", { node: "n1", ...hash("old") }),
        pod("b", { node: "n2", ...hash("old") }),
        pod("c", { node: "n3", ...hash("old") }),
      ],
      want: ["a", "b"],
    },
    {
      rule: "nothing under OnDelete",
      set: daemonSet({}, { updateStrategy: { type: "OnDelete" } }),
      pods: [pod("a", { node: "n1", ...hash("old") })],
      want: [],
    },
  ])
    test(`rolling update replaces ${rule}`, () =>
      assert.deepEqual(names(planRollingUpdate(observe({ set, nodes, pods }))), want));

  test("with surge the new pod comes first, the old one goes when it is available", () => {
    const set = daemonSet({}, { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    const old = ["n1", "n2"].map((name) => pod(`old-${name}`, { node: name, ...hash("old") }));
    assert.deepEqual(planDaemonSet(observe({ set, nodes: nodes.slice(0, 2), pods: old })).createOn, ["n1"]);
    const waiting = planDaemonSet(
      observe({ set, nodes: nodes.slice(0, 2), pods: [...old, pod("new", { ready: false, ...hash("new") })] }),
    );
    assert.deepEqual([waiting.createOn, names(waiting.remove)], [[], []]);
    const ready = planDaemonSet(observe({ set, nodes: nodes.slice(0, 2), pods: [...old, pod("new", hash("new"))] }));
    assert.deepEqual(names(ready.remove), ["old-n1"]);
  });

  test("status counts wanted, present, misplaced, ready and updated pods", () => {
    const pods = [
      pod("a", { node: "n1", ...hash("new") }),
      pod("b", { node: "n2", ready: false, ...hash("old") }),
      pod("c", { node: "n4" }),
    ];
    const status = computeDaemonStatus(
      observe({ nodes: [...nodes, node("n4", {}, [taint("x", "NoSchedule")])], pods }),
    );
    assert.deepEqual(status, {
      desiredNumberScheduled: 3,
      currentNumberScheduled: 2,
      numberMisscheduled: 1,
      numberReady: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
      numberUnavailable: 2,
      observedGeneration: 1,
    });
  });

  test("history: equal templates share a revision, an old template becomes the newest, unused ones go", () => {
    const first = planHistory(daemonSet(), [], "controller-revision-hash");
    assert.ok(first.kind === "create");
    const one = { ...first.revision, metadata: { ...meta("one"), ...first.revision.metadata } } as ControllerRevision;
    assert.equal(planHistory(daemonSet(), [one], "controller-revision-hash").kind, "current");
    const two: ControllerRevision = { ...one, metadata: meta("two"), data: {}, revision: 2 };
    const back = planHistory(daemonSet(), [one, two], "controller-revision-hash");
    assert.deepEqual(back, { kind: "renumber", revision: one, number: 3 });
    const three: ControllerRevision = { ...two, metadata: meta("three"), revision: 3 };
    assert.deepEqual(names(superfluousRevisions([three, one, two], new Set(["three"]), 1)), [one.metadata.name]);
  });
});

describe("StatefulSet", () => {
  const revision = (name: string): ControllerRevision => ({
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: meta(name),
    revision: 1,
    data: {
      spec: {
        template: {
          $patch: "replace",
          metadata: { labels: { app: "db" } },
          spec: { containers: [{ name: "db", image: name }] },
        },
      },
    },
  });
  const set = (spec: Partial<StatefulSetSpec> = {}): StatefulSet => ({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: meta("db"),
    spec: {
      replicas: 3,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: { metadata: { labels: { app: "db" } }, spec: { containers: [] } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      volumeClaimTemplates: [
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: meta("data"),
          spec: { accessModes: ["ReadWriteOnce"] },
        },
      ],
      ...spec,
    },
  });
  const member = (ordinal: number, traits: PodTraits & { readonly revision?: string } = {}): Pod =>
    pod(`db-${ordinal}`, { ...traits, labels: { app: "db", "controller-revision-hash": traits.revision ?? "new" } });
  const plan = (pods: readonly Pod[], spec: Partial<StatefulSetSpec> = {}) =>
    planStatefulSet({
      set: set(spec),
      pods,
      currentRevision: revision("old"),
      updateRevision: revision("new"),
      now: NOW,
    });

  for (const { rule, pods, spec = {}, create, remove } of [
    { rule: "the first pod first", pods: [], create: ["db-0"], remove: [] },
    { rule: "the next only when the one before is ready", pods: [member(0, { ready: false })], create: [], remove: [] },
    { rule: "then the next", pods: [member(0)], create: ["db-1"], remove: [] },
    {
      rule: "all at once when Parallel",
      pods: [],
      spec: { podManagementPolicy: "Parallel" },
      create: ["db-0", "db-1", "db-2"],
      remove: [],
    },
    { rule: "ordinals may start elsewhere", pods: [], spec: { ordinals: { start: 5 } }, create: ["db-5"], remove: [] },
    {
      rule: "a failed pod is deleted to be made again",
      pods: [member(0), member(1, { phase: "Failed" })],
      create: [],
      remove: ["db-1"],
    },
    { rule: "a leaving pod holds its name", pods: [member(0, { leaving: true }), member(1)], create: [], remove: [] },
    {
      rule: "surplus goes from the top, one at a time",
      pods: [member(0), member(1), member(2), member(3), member(4)],
      create: [],
      remove: ["db-4"],
    },
    {
      rule: "and waits for the one that goes",
      pods: [member(0), member(1), member(2), member(3), member(4, { leaving: true })],
      create: [],
      remove: [],
    },
    {
      rule: "the update goes from the top",
      pods: [member(0, { revision: "old" }), member(1, { revision: "old" }), member(2, { revision: "old" })],
      create: [],
      remove: ["db-2"],
    },
    {
      rule: "the update waits for health",
      pods: [member(0, { revision: "old" }), member(1, { revision: "old" }), member(2, { ready: false })],
      create: [],
      remove: [],
    },
    {
      rule: "the update stops at the partition",
      pods: [member(0, { revision: "old" }), member(1, { revision: "old" }), member(2)],
      spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } },
      create: [],
      remove: [],
    },
    {
      rule: "OnDelete updates nothing",
      pods: [member(0, { revision: "old" }), member(1), member(2)],
      spec: { updateStrategy: { type: "OnDelete" } },
      create: [],
      remove: [],
    },
  ] as const)
    test(rule, () => {
      const { create: created, remove: removed } = plan(pods, spec);
      assert.deepEqual([names(created.map((one) => one.pod)), names(removed)], [create, remove]);
    });

  test("a pod carries its identity, its claims and, below the partition, the old template", () => {
    const { create } = plan([member(0)], { updateStrategy: { rollingUpdate: { partition: 2 } } });
    const [made] = create;
    assert.deepEqual(made?.pod.metadata.labels, {
      app: "db",
      "statefulset.kubernetes.io/pod-name": "db-1",
      "apps.kubernetes.io/pod-index": "1",
      "controller-revision-hash": "old",
    });
    assert.equal(made?.pod.spec.containers[0]?.image, "old");
    assert.deepEqual([made?.pod.spec.hostname, made?.pod.spec.subdomain], ["db-1", "db"]);
    assert.deepEqual(made?.pod.spec.volumes, [
      { name: "data", persistentVolumeClaim: { claimName: "data-db-1", readOnly: false } },
    ]);
    assert.deepEqual([names(made?.claims ?? []), made?.claims[0]?.metadata.labels], [["data-db-1"], { app: "db" }]);
  });

  test("a rollout ends by making the update revision the current one", () => {
    const half = plan([member(0, { revision: "old" }), member(1), member(2)]).status;
    assert.deepEqual([half.currentRevision, half.currentReplicas, half.updatedReplicas], ["old", 1, 2]);
    const done = plan([member(0), member(1), member(2)]).status;
    assert.deepEqual([done.currentRevision, done.currentReplicas, done.updatedReplicas], ["new", 3, 3]);
  });
});

describe("Job", () => {
  const job = (spec: Partial<JobSpec> = {}, status?: JobStatus): Job => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: meta("sum"),
    spec: {
      completions: 3,
      parallelism: 2,
      backoffLimit: 6,
      template: { metadata: { labels: {} }, spec: { restartPolicy: "Never", containers: [{ name: "sum" }] } },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  });
  const started: JobStatus = { startTime: "2026-01-01T00:00:00Z" };
  const plan = (one: Job, pods: readonly Pod[]) => planJob({ job: one, pods, now: NOW });
  const tracked = (name: string, phase: string, more: PodTraits = {}) => pod(name, { phase, tracked: true, ...more });
  const conditions = ({ status }: { readonly status: JobStatus }) =>
    (status.conditions ?? []).map(({ type, status: value, reason }) => `${type}=${value} ${reason}`);

  for (const { rule, spec = {}, pods, create } of [
    { rule: "as many as parallelism allows", pods: [], create: 2 },
    { rule: "no more than completions need", spec: { completions: 1 }, pods: [], create: 1 },
    {
      rule: "one for every success, until completions are reached",
      pods: [tracked("a", "Succeeded"), tracked("b", "Running")],
      create: 1,
    },
    {
      rule: "a failed one is replaced after its backoff",
      pods: [tracked("a", "Failed"), tracked("b", "Running")],
      create: 1,
    },
    {
      rule: "but not before",
      pods: [tracked("a", "Failed", { finishedAt: "2026-01-01T00:59:55Z" }), tracked("b", "Running")],
      create: 0,
    },
    {
      rule: "a work queue starts all its workers",
      spec: { completions: undefined, parallelism: 3 },
      pods: [],
      create: 3,
    },
    {
      rule: "a work queue that had a success starts no more",
      spec: { completions: undefined, parallelism: 3 },
      pods: [tracked("a", "Succeeded"), tracked("b", "Running")],
      create: 0,
    },
    { rule: "none while suspended", spec: { suspend: true }, pods: [], create: 0 },
  ])
    test(`creates ${rule}`, () => {
      const { completions, ...rest } = job(spec as Partial<JobSpec>).spec;
      const one = {
        ...job(),
        spec: { ...rest, ...(completions === undefined ? {} : { completions }) },
        status: started,
      };
      assert.equal(plan(one, pods).create.length, create);
    });

  test("a finished pod is counted once: uid into the status, finalizer off, uid into the number", () => {
    const first = plan(job({}, started), [tracked("a", "Succeeded")]);
    assert.deepEqual(first.status.uncountedTerminatedPods, { succeeded: ["uid-a"] });
    assert.equal(first.status.succeeded, undefined);
    assert.deepEqual(names(first.release), ["a"]);
    const again = plan(job({}, first.status), [tracked("a", "Succeeded")]);
    assert.deepEqual(again.status, first.status, "a crash in between changes nothing");
    const second = plan(job({}, first.status), [pod("a", { phase: "Succeeded" })]);
    assert.deepEqual([second.status.succeeded, second.status.uncountedTerminatedPods], [1, {}]);
    const gone = plan(job({}, second.status), []);
    assert.equal(gone.status.succeeded, 1);
  });

  for (const { rule, spec = {}, status = started, pods, want, remove = [] } of [
    {
      rule: "success is announced, then running pods go",
      status: { ...started, succeeded: 3 },
      pods: [tracked("a", "Running")],
      want: ["SuccessCriteriaMet=True CompletionsReached"],
      remove: ["a"],
    },
    {
      rule: "and completes when all are counted",
      status: { ...started, succeeded: 3 },
      pods: [],
      want: ["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"],
    },
    {
      rule: "too many failures",
      spec: { backoffLimit: 1 },
      status: { ...started, failed: 2 },
      pods: [],
      want: ["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"],
    },
    {
      rule: "as many failures as allowed go on",
      spec: { backoffLimit: 2 },
      status: { ...started, failed: 2 },
      pods: [],
      want: [],
    },
    {
      rule: "the deadline",
      spec: { activeDeadlineSeconds: 3_600 },
      pods: [tracked("a", "Running")],
      want: ["FailureTarget=True DeadlineExceeded"],
      remove: ["a"],
    },
    {
      rule: "suspension",
      spec: { suspend: true },
      pods: [tracked("a", "Running")],
      want: ["Suspended=True JobSuspended"],
      remove: ["a"],
    },
  ] as { rule: string; spec?: Partial<JobSpec>; status?: JobStatus; pods: Pod[]; want: string[]; remove?: string[] }[])
    test(`ends or stops: ${rule}`, () => {
      const result = plan(job(spec, status), pods);
      assert.deepEqual([conditions(result), names(result.remove)], [want, remove]);
    });

  test("an indexed Job fills free indexes and writes the finished ones as ranges", () => {
    const indexed = job(
      { completionMode: "Indexed", completions: 6, parallelism: 2 },
      { ...started, completedIndexes: "0,2" },
    );
    const done = (name: string, index: number) =>
      tracked(name, "Succeeded", { annotations: { "batch.kubernetes.io/job-completion-index": String(index) } });
    const result = plan(indexed, [done("a", 1)]);
    assert.equal(result.status.completedIndexes, "0-2");
    assert.equal(result.status.succeeded, 3);
    assert.deepEqual(
      result.create.map(({ metadata, spec }) => [metadata.generateName, spec.hostname]),
      [
        ["sum-3-", "sum-3"],
        ["sum-4-", "sum-4"],
      ],
    );
    assert.equal(result.create[0]?.spec.containers[0]?.env?.[0]?.name, "JOB_COMPLETION_INDEX");
  });

  for (const text of ["", "0", "0,1", "0-2", "0,2-4,7,8,10"])
    test(`indexes ${JSON.stringify(text)} survive parsing and formatting`, () =>
      assert.equal(formatIndexes(parseIndexes(text)), text));

  test("a finished Job lives for its ttl, counted from its last condition", () => {
    const finished: JobStatus = {
      conditions: [{ type: "Complete", status: "True", lastTransitionTime: "2026-01-01T00:59:50Z" }],
    };
    assert.equal(timeToLiveMs(job({ ttlSecondsAfterFinished: 15 }, finished), NOW), 5_000);
    assert.equal(timeToLiveMs(job({ ttlSecondsAfterFinished: 5 }, finished), NOW), 0);
    assert.equal(timeToLiveMs(job({}, finished), NOW), undefined);
    assert.equal(timeToLiveMs(job({ ttlSecondsAfterFinished: 5 }, started), NOW), undefined);
  });
});
