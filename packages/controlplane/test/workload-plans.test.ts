import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Deployment, DeploymentSpec, Fresh, Pod, PodTemplateSpec, ReplicaSet } from "@nodeless/api";
import { ManualClock } from "@nodeless/environment";
import { planDeployment } from "../src/deployment/plan-deployment.ts";
import { planScale } from "../src/deployment/plan-scale.ts";
import { rolloutBounds } from "../src/deployment/replica-sets.ts";
import { computeReplicaSetStatus, planReplicas } from "../src/replicaset/plan-replicas.ts";
import { Expectations } from "../src/workload/expectations.ts";
import { planClaims } from "../src/workload/plan-claims.ts";
import { inDeletionOrder } from "../src/workload/rank-pods.ts";
import { scaledValue } from "../src/workload/scaled-value.ts";
import { slowStart } from "../src/workload/slow-start.ts";
import { templateHash } from "../src/workload/template-hash.ts";
import { meta, NOW, names } from "./plan-fixture.ts";

const template = (image: string): PodTemplateSpec => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});
const deployment = (spec: Partial<DeploymentSpec>, image = "v2"): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: meta("web"),
  spec: { replicas: 4, selector: { matchLabels: { app: "web" } }, template: template(image), ...spec },
});

/** `10` wanted, all of them available unless said otherwise. */
function replicaSet(
  image: string,
  replicas: number,
  more: { available?: number; annotations?: Record<string, string>; created?: string } = {},
): ReplicaSet {
  const { available = replicas, annotations = {}, created = "2026-01-01T00:00:00Z" } = more;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { ...meta(`web-${image}`), creationTimestamp: created, annotations },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: { ...template(image), metadata: { labels: { app: "web", "pod-template-hash": image } } },
    },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

/** A Deployment, its ReplicaSets and pods that become available as told, stepped until nothing changes. */
class Rollout {
  deployment: Deployment;
  replicaSets: ReplicaSet[] = [];
  now = NOW;
  readonly transcript: string[] = [];

  constructor(initial: Deployment) {
    this.deployment = initial;
  }

  settle(availableOf: (replicaSet: ReplicaSet) => number = ({ spec }) => spec.replicas ?? 0): this {
    for (let step = 0; step < 100; step += 1) {
      const before = JSON.stringify([this.deployment, this.replicaSets]);
      this.#step();
      this.replicaSets = this.replicaSets.map((one) => ({
        ...one,
        status: {
          replicas: one.spec.replicas ?? 0,
          readyReplicas: availableOf(one),
          availableReplicas: availableOf(one),
          observedGeneration: 1,
        },
      }));
      if (JSON.stringify([this.deployment, this.replicaSets]) === before) return this;
    }
    throw new Error(`does not settle:\n${this.transcript.join("\n")}`);
  }

  #step(): void {
    const { deployment, replicaSets, now } = this;
    const plan = planDeployment({ deployment, replicaSets, pods: [], now });
    const { create, refresh } = plan;
    if (create !== undefined) this.#create(create);
    this.replicaSets = this.replicaSets.map((one) => (one.metadata.uid === refresh?.metadata.uid ? refresh : one));
    if (refresh === undefined)
      for (const { replicaSet, replicas } of plan.scale) {
        const desired = String(deployment.spec.replicas);
        const annotations = {
          ...replicaSet.metadata.annotations,
          "deployment.kubernetes.io/desired-replicas": desired,
        };
        this.replicaSets = this.replicaSets.map((one) =>
          one.metadata.uid === replicaSet.metadata.uid
            ? { ...one, metadata: { ...one.metadata, annotations }, spec: { ...one.spec, replicas } }
            : one,
        );
        if (replicas !== replicaSet.spec.replicas) this.#write();
      }
    const removed = new Set(plan.remove.map(({ metadata }) => metadata.uid));
    this.replicaSets = this.replicaSets.filter(({ metadata }) => !removed.has(metadata.uid));
    const annotations = plan.revision === undefined ? {} : { "deployment.kubernetes.io/revision": plan.revision };
    this.deployment = {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, ...annotations } },
      status: plan.status,
    };
  }

  #create(created: Fresh<ReplicaSet>): void {
    const name = created.metadata.name ?? "";
    const second = String(this.replicaSets.length).padStart(2, "0");
    this.replicaSets.push({
      ...created,
      metadata: { ...meta(name), ...created.metadata, creationTimestamp: `2026-01-01T00:00:${second}Z` },
    });
    this.#write();
  }

  /** One line: image=size of every ReplicaSet, oldest first. */
  #write(): void {
    const sizes = this.replicaSets.map(({ spec }) => `${spec.template?.spec?.containers[0]?.image}=${spec.replicas}`);
    this.transcript.push(sizes.join(" "));
  }

  reasons(): Record<string, string> {
    return Object.fromEntries(
      (this.deployment.status?.conditions ?? []).map(({ type, reason }) => [type, reason ?? ""]),
    );
  }
}

describe("Deployment", () => {
  for (const { rule, spec, want } of [
    { rule: "defaults: surge 25% rounds up, unavailable 25% rounds down", spec: { replicas: 10 }, want: [3, 2] },
    { rule: "small Deployments still surge", spec: { replicas: 1 }, want: [1, 0] },
    {
      rule: "both zero would block the rollout: one may be unavailable",
      spec: { replicas: 3, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "10%" } } },
      want: [0, 1],
    },
    {
      rule: "unavailable never exceeds replicas",
      spec: { replicas: 2, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 5 } } },
      want: [0, 2],
    },
    { rule: "Recreate has neither", spec: { strategy: { type: "Recreate" } }, want: [0, 0] },
  ])
    test(rule, () => {
      const { maxSurge, maxUnavailable } = rolloutBounds(deployment(spec));
      assert.deepEqual([maxSurge, maxUnavailable], want);
    });

  test("a rolling update never leaves its bounds and ends with the old ReplicaSet empty", () => {
    const rollout = new Rollout(deployment({}, "v1")).settle();
    rollout.deployment = { ...rollout.deployment, spec: { ...rollout.deployment.spec, template: template("v2") } };
    rollout.settle();
    assert.deepEqual(rollout.transcript, ["v1=4", "v1=4 v2=1", "v1=2 v2=1", "v1=2 v2=3", "v1=0 v2=3", "v1=0 v2=4"]);
    assert.deepEqual(rollout.reasons(), {
      Available: "MinimumReplicasAvailable",
      Progressing: "NewReplicaSetAvailable",
    });
    assert.equal(rollout.deployment.metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
  });

  test("a version that never becomes ready stops the rollout and is reported after the progress deadline", () => {
    const rollout = new Rollout(deployment({}, "v1")).settle();
    rollout.deployment = { ...rollout.deployment, spec: { ...rollout.deployment.spec, template: template("bad") } };
    const onlyOld = ({ spec }: ReplicaSet): number =>
      spec.template?.spec?.containers[0]?.image === "v1" ? (spec.replicas ?? 0) : 0;
    rollout.settle(onlyOld);
    assert.deepEqual(rollout.transcript, ["v1=4", "v1=4 bad=1", "v1=3 bad=1", "v1=3 bad=2"]);
    rollout.now = new Date(NOW.getTime() + 601_000);
    rollout.settle(onlyOld);
    assert.equal(rollout.reasons()["Progressing"], "ProgressDeadlineExceeded");
    assert.equal(rollout.reasons()["Available"], "MinimumReplicasAvailable");
  });

  test("undo brings the old ReplicaSet back under a new revision and keeps its history", () => {
    const rollout = new Rollout(deployment({}, "v1")).settle();
    for (const image of ["v2", "v1"]) {
      rollout.deployment = { ...rollout.deployment, spec: { ...rollout.deployment.spec, template: template(image) } };
      rollout.settle();
    }
    const [first] = rollout.replicaSets;
    assert.equal(first?.spec.replicas, 4);
    assert.equal(first?.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
    assert.equal(first?.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
    assert.equal(rollout.replicaSets.length, 2);
  });

  test("Recreate empties the old ReplicaSet before the new one exists", () => {
    const rollout = new Rollout(deployment({ strategy: { type: "Recreate" } }, "v1")).settle();
    rollout.deployment = { ...rollout.deployment, spec: { ...rollout.deployment.spec, template: template("v2") } };
    rollout.settle();
    assert.deepEqual(rollout.transcript, ["v1=4", "v1=0", "v1=0 v2=4"]);
  });

  test("a paused Deployment scales but does not roll out; history beyond the limit goes", () => {
    const rollout = new Rollout(deployment({ revisionHistoryLimit: 1 }, "v1")).settle();
    const edit = (spec: Partial<DeploymentSpec>): void => {
      rollout.deployment = { ...rollout.deployment, spec: { ...rollout.deployment.spec, ...spec } };
      rollout.settle();
    };
    edit({ paused: true, template: template("v2") });
    assert.equal(rollout.reasons()["Progressing"], "DeploymentPaused");
    edit({ replicas: 6 });
    assert.deepEqual(rollout.transcript, ["v1=4", "v1=6"]);
    edit({ paused: false });
    edit({ template: template("v3") });
    assert.deepEqual(
      rollout.replicaSets.map(({ spec }) => spec.template?.spec?.containers[0]?.image),
      ["v2", "v3"],
    );
    assert.equal(rollout.reasons()["Progressing"], "NewReplicaSetAvailable");
  });

  const sized = { "deployment.kubernetes.io/desired-replicas": "10", "deployment.kubernetes.io/max-replicas": "13" };
  for (const { rule, replicas, old, next, want } of [
    {
      rule: "growing in mid-rollout shares in proportion, the largest takes what rounding leaves",
      replicas: 15,
      old: 8,
      next: 5,
      want: [12, 7],
    },
    { rule: "shrinking does too", replicas: 5, old: 8, next: 5, want: [4, 3] },
    { rule: "to zero empties all", replicas: 0, old: 8, next: 5, want: [0, 0] },
    { rule: "a single active ReplicaSet takes all", replicas: 15, old: 0, next: 10, want: [undefined, 15] },
  ])
    test(`proportional scaling: ${rule}`, () => {
      const newest = replicaSet("v2", next, { annotations: sized, created: "2026-01-01T00:10:00Z" });
      const steps = planScale(deployment({ replicas }), newest, [replicaSet("v1", old, { annotations: sized })]);
      const sizeOf = (image: string) =>
        steps.find((step) => step.replicaSet.metadata.name === `web-${image}`)?.replicas;
      assert.deepEqual([sizeOf("v1"), sizeOf("v2")], want);
    });
});

interface PodTraits {
  readonly node?: string;
  readonly phase?: string;
  readonly readySince?: string;
  readonly cost?: string;
  readonly restarts?: number;
  readonly created?: string;
  readonly deleted?: boolean;
}

function pod(name: string, traits: PodTraits = {}): Pod {
  const {
    node = "n1",
    phase = "Running",
    readySince,
    cost,
    restarts = 0,
    created = "2026-01-01T00:00:00Z",
    deleted = false,
  } = traits;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(name),
      creationTimestamp: created,
      labels: { app: "web" },
      ...(cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
      ...(deleted ? { deletionTimestamp: "2026-01-01T00:30:00Z" } : {}),
    },
    spec: { containers: [], ...(node === "" ? {} : { nodeName: node }) },
    status: {
      phase,
      containerStatuses: [{ name: "web", image: "", imageID: "", ready: true, restartCount: restarts }],
      conditions: [
        {
          type: "Ready",
          status: readySince === undefined ? "False" : "True",
          ...(readySince === undefined ? {} : { lastTransitionTime: readySince }),
        },
      ],
    },
  };
}

describe("ReplicaSet", () => {
  const ready = "2026-01-01T00:00:10Z";
  for (const { rule, first, second } of [
    {
      rule: "unscheduled before scheduled",
      first: pod("b", { node: "", phase: "Pending" }),
      second: pod("a", { phase: "Pending" }),
    },
    { rule: "pending before running", first: pod("b", { phase: "Pending" }), second: pod("a") },
    { rule: "not ready before ready", first: pod("b"), second: pod("a", { readySince: ready }) },
    {
      rule: "cheap before dear",
      first: pod("b", { readySince: ready, cost: "-5" }),
      second: pod("a", { readySince: ready }),
    },
    {
      rule: "doubled up before alone",
      first: pod("b", { readySince: ready }),
      second: pod("a", { readySince: ready, node: "n2" }),
    },
    {
      rule: "ready for a short time before ready for long",
      first: pod("b", { readySince: "2026-01-01T00:59:00Z" }),
      second: pod("a", { readySince: ready }),
    },
    { rule: "restarted often before seldom", first: pod("b", { restarts: 3 }), second: pod("a") },
    { rule: "young before old", first: pod("b", { created: "2026-01-01T00:59:30Z" }), second: pod("a") },
    {
      rule: "about the same age: by uid",
      first: pod("a", { created: "2026-01-01T00:00:00Z" }),
      second: pod("b", { created: "2026-01-01T00:00:30Z" }),
    },
  ])
    test(`scale-down takes ${rule}`, () => {
      const related = [first, second, pod("c", { node: "n1" })];
      const order = inDeletionOrder([second, first], { now: NOW, related });
      assert.deepEqual(
        order.map(({ metadata }) => metadata.name),
        [first, second].map(({ metadata }) => metadata.name),
      );
    });

  const owner = replicaSet("v1", 3);
  for (const { rule, pods, create, remove } of [
    {
      rule: "creates what is missing; finished and leaving pods do not count",
      pods: [pod("a"), pod("b", { phase: "Failed" }), pod("c", { deleted: true })],
      create: 2,
      remove: [],
    },
    {
      rule: "deletes the surplus",
      pods: [pod("a"), pod("b"), pod("c"), pod("d", { node: "" })],
      create: 0,
      remove: ["d"],
    },
    { rule: "is content", pods: [pod("a"), pod("b"), pod("c")], create: 0, remove: [] },
  ])
    test(rule, () => {
      const plan = planReplicas(owner, pods, { related: () => pods, now: NOW });
      assert.deepEqual([plan.create, plan.remove.map(({ metadata }) => metadata.name)], [create, remove]);
    });

  test("a ready pod is available only after minReadySeconds", () => {
    const slow = { ...owner, spec: { ...owner.spec, minReadySeconds: 60 } };
    const pods = [pod("a", { readySince: "2026-01-01T00:59:30Z" }), pod("b", { readySince: ready })];
    const status = computeReplicaSetStatus(slow, pods, { failure: undefined, now: NOW });
    assert.deepEqual([status.replicas, status.readyReplicas, status.availableReplicas], [2, 2, 1]);
  });

  test("claims: matching orphans are adopted, others' pods left alone, own pods that stopped matching released", () => {
    const reference = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "x", controller: true };
    const owned = (name: string, uid: string, labels: Record<string, string>): Pod => ({
      ...pod(name),
      metadata: { ...pod(name).metadata, labels, ownerReferences: [{ ...reference, uid }] },
    });
    const candidates = [
      pod("orphan"),
      pod("leaving orphan", { deleted: true }),
      owned("mine", owner.metadata.uid, { app: "web" }),
      owned("lost", owner.metadata.uid, { app: "other" }),
      owned("theirs", "someone", { app: "web" }),
    ];
    const plan = planClaims(owner, owner.spec.selector, candidates);
    assert.deepEqual([names(plan.claimed), names(plan.adopt), names(plan.release)], [["mine"], ["orphan"], ["lost"]]);
    const going = { ...owner, metadata: { ...owner.metadata, deletionTimestamp: "2026-01-01T00:30:00Z" } };
    assert.deepEqual(names(planClaims(going, owner.spec.selector, candidates).adopt), []);
  });
});

describe("shared pieces", () => {
  test("expectations hold a key back until every event was seen, or five minutes passed", async () => {
    const clock = new ManualClock();
    const expectations = new Expectations(clock);
    assert.equal(expectations.satisfied("k"), true);
    expectations.expect("k", { creations: 2, deletions: ["u"] });
    expectations.creationObserved("k");
    expectations.deletionObserved("k", "u");
    assert.equal(expectations.satisfied("k"), false);
    expectations.creationObserved("k");
    assert.equal(expectations.satisfied("k"), true);
    expectations.expect("k", { creations: 1, deletions: [] });
    await clock.advance(299_000);
    assert.equal(expectations.satisfied("k"), false);
    await clock.advance(1_000);
    assert.equal(expectations.satisfied("k"), true);
  });

  test("slow start doubles its batches and stops after the first that meets a refusal", async () => {
    const calls: number[] = [];
    const result = await slowStart(100, async (index) => {
      calls.push(index);
      if (index === 5) throw new Error("quota");
    });
    assert.equal(calls.length, 7, "batches of 1, 2 and 4");
    assert.deepEqual([result.succeeded, result.skipped, (result.error as Error).message], [6, 93, "quota"]);
  });

  for (const { value, total, rounding, want } of [
    { value: "25%", total: 10, rounding: "up", want: 3 },
    { value: "25%", total: 10, rounding: "down", want: 2 },
    { value: 4, total: 10, rounding: "down", want: 4 },
    { value: "four", total: 10, rounding: "up", want: 0 },
    { value: undefined, total: 10, rounding: "up", want: 0 },
  ] as const)
    test(`${value} of ${total} rounded ${rounding} is ${want}`, () =>
      assert.equal(scaledValue(value, total, rounding), want));

  test("the template hash ignores key order, differs by content and by collision, and stays in the name alphabet", () => {
    assert.equal(templateHash({ a: 1, b: [2] }), templateHash({ b: [2], a: 1, c: undefined }));
    assert.notEqual(templateHash({ a: 1 }), templateHash({ a: 2 }));
    assert.notEqual(templateHash({ a: 1 }), templateHash({ a: 1 }, 1));
    assert.match(templateHash({ a: 1 }), /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});
