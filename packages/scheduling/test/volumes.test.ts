import assert from "node:assert/strict";
import test from "node:test";
import type { CSINode, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from "@nodeless/api";
import {
  checkPlan,
  formatRequirements,
  nodeAttachments,
  type PodVolumes,
  planScheduling,
  podKeyOf,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  type SchedulingInput,
  type SchedulingPlan,
  volumesOf,
} from "@nodeless/scheduling";
import { existingNode, input, nodePool, pod, spread, times, ZONE } from "./fixture.ts";

const meta = (name: string, more: object = {}) => ({
  name,
  namespace: "default",
  uid: name,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  ...more,
});

const BOUND = { annotations: { "pv.kubernetes.io/bind-completed": "yes" } };

function claim(name: string, spec: object, more: { metadata?: object; phase?: string } = {}): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: meta(name, more.metadata),
    spec,
    ...(more.phase === undefined ? {} : { status: { phase: more.phase } }),
  };
}

function volume(name: string, zones: readonly (readonly string[])[], more: object = {}): PersistentVolume {
  const nodeSelectorTerms = zones.map((values) => ({
    matchExpressions: [{ key: "topology.ebs.csi.aws.com/zone", operator: "In", values }],
  }));
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: meta(name),
    spec: {
      csi: { driver: "ebs.csi.aws.com", volumeHandle: name },
      ...(zones.length === 0 ? {} : { nodeAffinity: { required: { nodeSelectorTerms } } }),
      ...more,
    },
  };
}

const storageClass = (name: string, more: Partial<StorageClass> = {}): StorageClass => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: meta(name),
  provisioner: "ebs.csi.aws.com",
  volumeBindingMode: "WaitForFirstConsumer",
  ...more,
});

const CLAIMS: readonly PersistentVolumeClaim[] = [
  claim("bound-a", { volumeName: "pv-a" }, { metadata: BOUND }),
  claim("bound-bc", { volumeName: "pv-bc" }, { metadata: BOUND }),
  claim("bound-ab", { volumeName: "pv-ab" }, { metadata: BOUND }),
  claim("local", { volumeName: "pv-local" }, { metadata: BOUND }),
  claim("gone", { volumeName: "pv-gone" }, { metadata: BOUND }),
  claim("half", { volumeName: "pv-a" }),
  claim("lost", { volumeName: "pv-a" }, { phase: "Lost" }),
  claim("leaving", {}, { metadata: { deletionTimestamp: "2026-01-02T00:00:00Z" } }),
  claim("late", { storageClassName: "late" }),
  claim("zoned", { storageClassName: "zoned" }),
  claim("early", { storageClassName: "early" }),
  claim("classless", {}),
  claim("unknown-class", { storageClassName: "nowhere" }),
];
const VOLUMES: readonly PersistentVolume[] = [
  volume("pv-a", [["a"]]),
  volume("pv-bc", [["b"], ["c"]]),
  volume("pv-ab", [["a", "b"]]),
  volume("pv-local", [], {
    csi: undefined,
    local: { path: "/data" },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1"] }] }],
      },
    },
  }),
];
const CLASSES: readonly StorageClass[] = [
  storageClass("late"),
  storageClass("early", { volumeBindingMode: "Immediate" }),
  storageClass("zoned", {
    allowedTopologies: [
      { matchLabelExpressions: [{ key: ZONE, values: ["a"] }] },
      { matchLabelExpressions: [{ key: ZONE, values: ["c"] }] },
    ],
  }),
];
const SOURCES = {
  claim: (_: string, name: string) => CLAIMS.find(({ metadata }) => metadata.name === name),
  volume: (name: string) => VOLUMES.find(({ metadata }) => metadata.name === name),
  storageClass: (name: string) => CLASSES.find(({ metadata }) => metadata.name === name),
};
const using = (...names: readonly string[]): Pod =>
  pod({
    name: "db",
    spec: { volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })) },
  });

for (const { rule, claims, want } of [
  { rule: "a bound volume pins its zone", claims: ["bound-a"], want: [`${ZONE} in (a)`] },
  { rule: "terms on one label are one list", claims: ["bound-bc"], want: [`${ZONE} in (b,c)`] },
  { rule: "two volumes meet where both can be", claims: ["bound-bc", "bound-ab"], want: [`${ZONE} in (b)`] },
  { rule: "volumes in different zones leave no zone", claims: ["bound-a", "bound-bc"], want: [`!${ZONE}`, `!${ZONE}`] },
  { rule: "a class may allow some zones only", claims: ["zoned"], want: [`${ZONE} in (a,c)`] },
  { rule: "a class that waits allows every node", claims: ["late"], want: [] },
  { rule: "the host of a local volume does not count", claims: ["local"], want: [] },
])
  test(rule, () => assert.deepEqual(volumesOf(using(...claims), SOURCES).alternatives.map(formatRequirements), want));

for (const { name, want } of [
  { name: "nobody", want: 'PersistentVolumeClaim "nobody" does not exist' },
  { name: "leaving", want: 'PersistentVolumeClaim "leaving" is being deleted' },
  { name: "lost", want: 'PersistentVolumeClaim "lost" has lost its volume' },
  { name: "half", want: 'PersistentVolumeClaim "half" names a volume but is not bound to it yet' },
  { name: "gone", want: 'PersistentVolumeClaim "gone" is bound to PersistentVolume "pv-gone", which does not exist' },
  { name: "classless", want: 'PersistentVolumeClaim "classless" is not bound and names no StorageClass' },
  {
    name: "unknown-class",
    want: 'PersistentVolumeClaim "unknown-class" asks for StorageClass "nowhere", which does not exist',
  },
  {
    name: "early",
    want: 'PersistentVolumeClaim "early" waits to be bound: StorageClass "early" binds at once, before a node is chosen',
  },
])
  test(`unusable: ${name}`, () => assert.equal(volumesOf(using("bound-a", name), SOURCES).unusable, want));

test("volumes to attach, each once, also those of ephemeral claims", () => {
  const both = using("bound-a", "late", "bound-a");
  const scratch = { name: "scratch", ephemeral: { volumeClaimTemplate: { spec: { storageClassName: "late" } } } };
  const spec = { ...both.spec, volumes: [...(both.spec.volumes ?? []), scratch] };
  assert.deepEqual(
    volumesOf({ ...both, spec }, SOURCES).attachments,
    new Map([["ebs.csi.aws.com", ["default/bound-a", "default/late", "default/db-scratch"]]]),
  );
});

const inZones = (...values: readonly string[]) =>
  requirementsFromNodeSelectorRequirements([{ key: ZONE, operator: "In", values }]);

function volumes(pods: readonly Pod[], of: (index: number) => Partial<PodVolumes>): ReadonlyMap<string, PodVolumes> {
  return new Map(pods.map((one, index) => [podKeyOf(one), { alternatives: [], attachments: new Map(), ...of(index) }]));
}

function planned(options: Partial<SchedulingInput>): SchedulingPlan {
  const situation = input(options);
  const plan = planScheduling(situation);
  assert.deepEqual(checkPlan(situation, plan), []);
  return plan;
}

const zonesOf = ({ claims }: SchedulingPlan): readonly string[] =>
  claims.map(({ requirements }) => [...(requirements.get(ZONE)?.values ?? ["any"])].join(",")).sort();

test("a new node stands where the volume is", () => {
  const pods = [pod(), pod()];
  const plan = planned({
    pods,
    volumes: volumes(pods, (index) => ({ alternatives: [inZones(index === 0 ? "b" : "c")] })),
  });
  assert.deepEqual(zonesOf(plan), ["b", "c"]);
});

test("an existing node for the second alternative comes before a new node for the first", () => {
  const pods = [pod()];
  const team = requirementsFromLabels({ team: "x" });
  const plan = planned({
    pods,
    existingNodes: [existingNode({ labels: { team: "x" } })],
    volumes: volumes(pods, () => ({ alternatives: [inZones("b"), team] })),
  });
  assert.deepEqual([...plan.onExistingNodes.values()], ["node-1"]);
});

test("volumes restrict the node, not the zones that count for spread", () => {
  const web = { app: "web" };
  const pods = times(4, () => pod({ labels: web, cpu: "100m", spec: spread(web) }));
  // Zones b and c still count, so that the third pod in zone a would exceed the skew.
  const situation = input({ pods, volumes: volumes(pods, () => ({ alternatives: [inZones("a")] })) });
  const plan = planScheduling(situation);
  assert.deepEqual([zonesOf(plan), plan.unplaced.length], [["a"], 3]);
});

test("an unusable volume refuses the pod, whatever nodes there are", () => {
  const pods = [pod()];
  const plan = planned({
    pods,
    existingNodes: [existingNode()],
    volumes: volumes(pods, () => ({ unusable: 'PersistentVolumeClaim "x" has lost its volume' })),
  });
  assert.deepEqual(
    plan.unplaced.map(({ rejections }) => rejections),
    [[{ candidate: "pod", rule: "volumes", message: 'PersistentVolumeClaim "x" has lost its volume' }]],
  );
});

const attaching = (pods: readonly Pod[]) =>
  volumes(pods, (index) => ({ attachments: new Map([["ebs", [`default/data-${index}`]]]) }));

test("an existing node attaches no more volumes than it may; new nodes take the rest", () => {
  const pods = times(4, () => pod({ cpu: "100m" }));
  const node = existingNode({ cpu: "8" });
  const full = {
    ...node,
    attachLimits: new Map([["ebs", 3]]),
    attachedVolumes: new Map([["ebs", new Set(["default/old"])]]),
  };
  const plan = planned({ pods, existingNodes: [full], volumes: attaching(pods) });
  assert.deepEqual([plan.onExistingNodes.size, plan.claims.length], [2, 1]);
  assert.equal(plan.claims[0]?.requests.has("attachable-volumes-csi-ebs"), false);
  const alone = planned({ pods, existingNodes: [full], nodePools: [], volumes: attaching(pods) });
  assert.deepEqual(
    alone.unplaced.flatMap(({ rejections }) => rejections.map(({ rule }) => rule)),
    ["volumes", "volumes"],
  );
});

test("a node attaches what its CSINode allows; finds what its pods have attached", () => {
  const csiNode: CSINode = {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSINode",
    metadata: meta("n1"),
    spec: {
      drivers: [
        { name: "ebs.csi.aws.com", nodeID: "i-1", allocatable: { count: 25 } },
        { name: "efs.csi.aws.com", nodeID: "i-1" },
      ],
    },
  };
  assert.deepEqual(nodeAttachments(csiNode, [using("bound-a", "late"), using("late")], SOURCES), {
    attachLimits: new Map([["ebs.csi.aws.com", 25]]),
    attachedVolumes: new Map([["ebs.csi.aws.com", new Set(["default/bound-a", "default/late"])]]),
  });
  assert.deepEqual(nodeAttachments(undefined, [using("late")], SOURCES), {});
});

test("volumes of the in-tree EBS plugin are attached by its CSI driver", () => {
  const sources = {
    ...SOURCES,
    volume: (name: string) => volume(name, [], { csi: undefined, awsElasticBlockStore: { volumeID: "v" } }),
    storageClass: (name: string) => storageClass(name, { provisioner: "kubernetes.io/aws-ebs" }),
  };
  assert.deepEqual(
    volumesOf(using("bound-a", "late"), sources).attachments,
    new Map([["ebs.csi.aws.com", ["default/bound-a", "default/late"]]]),
  );
});

test("a local volume keeps its pod on a node that stays", () => {
  const sources = { ...SOURCES, hasNode: (name: string) => name === "n1" };
  assert.deepEqual(volumesOf(using("local"), sources).alternatives.map(formatRequirements), [
    "kubernetes.io/hostname in (n1)",
  ]);
});

test("the checker sees pods away from their volumes and too many attachments", () => {
  const pods = [pod({ name: "one" }), pod({ name: "two" })];
  const node = { ...existingNode(), attachLimits: new Map([["ebs", 1]]) };
  const situation = input({ pods, existingNodes: [node], nodePools: [nodePool()] });
  const plan = planScheduling(situation);
  const findings = checkPlan(
    {
      ...situation,
      volumes: volumes(pods, (index) => ({
        alternatives: [inZones("b")],
        attachments: new Map([["ebs", [`data-${index}`]]]),
      })),
    },
    plan,
  );
  assert.deepEqual(
    findings.map(({ subject, message }) => `${subject} ${message}`),
    [
      "default/one is placed where its volumes cannot be",
      "default/two is placed where its volumes cannot be",
      "node-1 2 volumes of ebs attached, 1 possible",
    ],
  );
  const broken = { ...situation, volumes: volumes(pods, () => ({ unusable: "lost" })) };
  assert.equal(checkPlan(broken, plan).length, 2);
});
