import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LABELS, type Node, type NodeClaim, type Pod } from "@nodeless/api";
import {
  explainLiveClaim,
  explainLiveNode,
  explainLivePod,
  explanationText,
  LiveContext,
  type LiveObjects,
  liveInput,
} from "@nodeless/planner";
import { inputOf } from "./plan-fixture.ts";
import { SMALL_CATALOG } from "./report-catalog.ts";

const AT = "2026-01-01T00:00:00Z";
const meta = (name: string, namespace?: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: AT,
  ...(namespace === undefined ? {} : { namespace }),
});

interface PodWords {
  readonly on?: string;
  readonly cpu?: string;
  readonly owner?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Partial<Pod["spec"]>;
  readonly phase?: string;
}

function pod(name: string, { on, cpu = "1", owner, labels = {}, spec = {}, phase }: PodWords = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(name, "default"),
      labels,
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: "apps/v1",
                kind: owner.split("/")[0] ?? "",
                name: owner.split("/")[1] ?? "",
                uid: "u",
                controller: true,
              },
            ],
          }),
    },
    spec: {
      containers: [{ name: "main", image: "nginx", resources: { requests: { cpu } } }],
      ...(on === undefined ? {} : { nodeName: on }),
      ...spec,
    },
    status: { phase: phase ?? (on === undefined ? "Pending" : "Running") },
  };
}

const BOUGHT = {
  [LABELS.nodePool]: "default",
  [LABELS.instanceType]: "c9.xlarge",
  [LABELS.zone]: "ap-northeast-2a",
  [LABELS.capacityType]: "on-demand",
  [LABELS.arch]: "amd64",
  [LABELS.os]: "linux",
};
const ROOM = { cpu: "3900m", memory: "7680Mi", pods: "50" };

const node = (name: string, labels: Readonly<Record<string, string>> = BOUGHT): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { ...meta(name), labels },
  spec: { providerID: `aws:///ap-northeast-2a/${name}` },
  status: { allocatable: ROOM, capacity: { ...ROOM, cpu: "4" }, conditions: [] },
});

/** Bought for 3.5 cpu; the types that were open are those of its pool that hold so much. */
const claim = (name: string, nodeName: string | undefined): NodeClaim => ({
  apiVersion: "karpenter.sh/v1",
  kind: "NodeClaim",
  metadata: { ...meta(name), labels: BOUGHT },
  spec: {
    nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
    requirements: [
      { key: LABELS.capacityType, operator: "In", values: ["on-demand"] },
      { key: LABELS.instanceType, operator: "In", values: ["c9.xlarge", "c9.2xlarge"] },
    ],
    resources: { requests: { cpu: "3500m", pods: "4" } },
  },
  status: {
    ...(nodeName === undefined ? {} : { nodeName, providerID: `aws:///ap-northeast-2a/${nodeName}` }),
    capacity: ROOM,
    allocatable: ROOM,
    conditions: [{ type: "Launched", status: "True", reason: "Launched", message: "", lastTransitionTime: AT }],
  },
});

/** A cluster with the pool of `nodeless up`, the profile kube-system, and what is given. */
function cluster(given: Partial<LiveObjects>): LiveObjects {
  const { nodePools, nodeClasses, fargateProfiles } = inputOf(
    "apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [{ name: a, image: b }] }",
  );
  return {
    cluster: "test",
    pods: [],
    nodes: [],
    nodeClaims: [],
    nodePools,
    provisioners: [],
    nodeClasses,
    awsNodeTemplates: [],
    daemonSets: [],
    namespaces: [],
    persistentVolumeClaims: [],
    persistentVolumes: [],
    storageClasses: [],
    csiNodes: [],
    fargateProfiles,
    events: [],
    ...given,
  };
}

/** Claims of a driver of which node `n1` attaches one volume. */
const { csiNodes = [], ...storage } = inputOf(
  "{ apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: { name: gp3 }, provisioner: ebs.csi.aws.com }",
  ...["a", "b"].map(
    (name) =>
      `{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: ${name} }, spec: { accessModes: [ReadWriteOnce], storageClassName: gp3, resources: { requests: { storage: 5Gi } } } }`,
  ),
  "{ apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: { name: n1 }, spec: { drivers: [{ name: ebs.csi.aws.com, nodeID: i-1, allocatable: { count: 1 } }] } }",
);
const withClaim = (claimName: string): PodWords["spec"] & object => ({
  volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
});

const contextOf = (given: Partial<LiveObjects>): LiveContext =>
  new LiveContext(cluster(given), SMALL_CATALOG, { monotonicMs: () => 0 });

test("a node attaches no more volumes than its CSINode allows", () => {
  const context = contextOf({
    pods: [pod("first", { on: "n1", spec: withClaim("a") }), pod("second", { spec: withClaim("b") })],
    nodes: [node("n1")],
    persistentVolumeClaims: storage.persistentVolumeClaims,
    storageClasses: storage.storageClasses,
    csiNodes,
  });
  const [answer] = explainLivePod(context, "default/second")?.candidates ?? [];
  assert.deepEqual(
    [answer?.name, answer?.rule, answer?.message],
    ["n1", "volumes", "attaches 1 volume; 0 more can be attached (attachable-volumes-csi-ebs.csi.aws.com)"],
  );
});

describe("a running cluster as the input of a plan", () => {
  const objects = cluster({
    pods: [
      pod("moves", { on: "n1" }),
      pod("stays", { on: "n1" }),
      pod("elsewhere", { on: "n2" }),
      pod("done", { on: "n1", phase: "Succeeded" }),
      pod("waits"),
    ],
    nodes: [node("n1"), node("n2")],
    nodeClaims: [claim("here", "n1"), claim("coming", undefined)],
  });
  const moving = objects.pods.filter(({ metadata }) => metadata.name === "moves");
  const names = (list: readonly { readonly metadata: { readonly name: string } }[]): readonly string[] =>
    list.map(({ metadata }) => metadata.name);

  test("what is asked about loses its node; what runs stays bound; what is finished or waits counts nowhere", () => {
    const input = liveInput(objects, { place: moving });
    assert.deepEqual(names(input.pods), ["moves"]);
    assert.equal(input.pods[0]?.spec.nodeName, undefined);
    assert.deepEqual(names(input.boundPods), ["stays", "elsewhere"]);
  });

  test("a claim whose node has not come is a node already, one whose node is there is not counted twice", () => {
    const input = liveInput(objects, { place: moving });
    assert.deepEqual(names(input.nodes), ["n1", "n2", "coming"]);
    assert.deepEqual(input.nodes[2]?.status?.allocatable, ROOM);
  });

  test("a node that is left out goes with its pods", () => {
    const input = liveInput(objects, { place: moving, without: new Set(["n1"]) });
    assert.deepEqual(names(input.nodes), ["n2", "coming"]);
    assert.deepEqual(names(input.boundPods), ["elsewhere"]);
  });
});

describe("a pod on EC2", () => {
  const context = contextOf({
    pods: [
      pod("web-5d9c-abcde", { on: "n1", owner: "ReplicaSet/web-5d9c", labels: { "pod-template-hash": "5d9c" } }),
      pod("other", { on: "n1", cpu: "2" }),
      pod("full", { on: "n2", cpu: "3500m" }),
      pod("agent-x", { on: "n1", cpu: "100m", owner: "DaemonSet/agent" }),
    ],
    nodes: [node("n1"), node("n2")],
    nodeClaims: [claim("default-a", "n1")],
    events: [
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: meta("e", "default"),
        involvedObject: { kind: "Pod", name: "web-5d9c-abcde", namespace: "default", uid: "uid-web-5d9c-abcde" },
        reason: "Scheduled",
        message: "assigned to n1",
        source: { component: "default-scheduler" },
        lastTimestamp: "2026-01-01T00:00:09Z",
      },
    ],
  });
  const explanation = explainLivePod(context, "default/web-5d9c-abcde");

  test("runs on the node that the objects name, at the catalogue's price for how it was bought", () => {
    assert.equal(explanation?.workload, "Deployment/web");
    assert.deepEqual(explanation.placement, {
      kind: "ec2",
      node: "n1",
      nodePool: "default",
      instanceType: "c9.xlarge",
      zone: "ap-northeast-2a",
      capacityType: "on-demand",
      usdPerHour: 0.2,
      priceIsEstimate: false,
      existing: true,
    });
  });

  test("its node holds its neighbours, DaemonSets apart, and wastes what their fair prices leave", () => {
    const { pods = [], wasteUsdPerHour, daemonOverhead, requested } = explanation?.node ?? {};
    assert.deepEqual(
      pods.map((one) => one.pod),
      ["default/web-5d9c-abcde", "default/other"],
    );
    assert.deepEqual([requested?.["cpu"], daemonOverhead?.["cpu"]], ["3", "100m"]);
    const fair = pods.reduce((sum, { fairUsdPerHour = Number.NaN }) => sum + fairUsdPerHour, 0);
    assert.ok(Math.abs((wasteUsdPerHour ?? Number.NaN) - (0.2 - fair)) < 1e-9);
  });

  test("the type is explained from what the claim asked for", () => {
    const { content, fitting = [], rejected = [], runnerUp } = explanation?.choice ?? {};
    assert.equal(content?.["cpu"], "3500m");
    assert.deepEqual(
      fitting.map(({ instanceType, chosen }) => [instanceType, chosen]),
      [
        ["c9.xlarge", true],
        ["c9.2xlarge", false],
      ],
    );
    assert.equal(runnerUp?.dearerUsdPerHour, 0.2);
    assert.match(rejected[0]?.message ?? "", /too little cpu: 3\.5 is needed, at most 1\.9 is there/);
  });

  test("other nodes say why not, and the plan without its node says where it would go", () => {
    const answers = new Map(explanation?.candidates.map(({ name, message }) => [name, message]));
    assert.equal(answers.get("n1"), "runs here");
    assert.match(answers.get("n2") ?? "", /asks for 1 cpu; 0\.4 is left/);
    assert.match(answers.get("default") ?? "", /would launch c9\.large on-demand at \$0\.1000 an hour for it alone/);
    assert.match(explanation?.live?.anew ?? "", /^without its node it would go to a new c9\.large of NodePool default/);
  });

  test("the history is in order: claim, launch, binding", () => {
    assert.deepEqual(
      explanation?.live?.history.map(({ what }) => what.replace(/:.*/, "")),
      [
        "pod created by ReplicaSet web-5d9c",
        "NodeClaim default-a created",
        "NodeClaim default-a",
        "Scheduled by default-scheduler",
      ],
    );
    assert.deepEqual(explanation?.live?.nodeClaim?.instanceTypes, 2);
  });

  test("a DaemonSet's pod has no candidates: it belongs to its node", () => {
    const agent = explainLivePod(context, "default/agent-x");
    assert.deepEqual([agent?.candidates, agent?.prices, agent?.choice], [[], {}, undefined]);
    assert.match(agent?.fargate.because ?? "", /DaemonSets do not run on Fargate/);
    assert.match(agent?.live?.anew ?? "", /one pod on every node/);
  });

  test("node and claim are explained alike", () => {
    const byNode = explainLiveNode(context, "n1");
    assert.deepEqual(explainLiveClaim(context, "default-a"), byNode);
    assert.equal(byNode?.choice?.runnerUp?.instanceType, "c9.2xlarge");
    assert.equal(explainLiveNode(context, "n2")?.choice, undefined);
    assert.equal(explainLiveNode(context, "n3"), undefined);
  });
});

describe("a pod that waits", () => {
  test("with no place: every reason with its remedy, and what the scheduler's condition says", () => {
    const giant: Pod = {
      ...pod("giant", { cpu: "64" }),
      status: {
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes",
            lastTransitionTime: AT,
          },
        ],
      },
    };
    const explanation = explainLivePod(contextOf({ pods: [giant], nodes: [node("n1")] }), "default/giant");
    assert.equal(explanation?.placement.kind, "none");
    assert.deepEqual(
      explanation.reasons.map(({ candidate, rule }) => [candidate, rule]),
      [
        ["NodePool default", "resources"],
        ["existing nodes", "resources"],
      ],
    );
    assert.match(explanation.reasons[0]?.remedy ?? "", /lower the requests/);
    assert.match(explanation.live?.history.at(-1)?.what ?? "", /not scheduled, Unschedulable: 0\/1 nodes/);
    assert.match(explanation.live?.anew ?? "", /no plan has a place/);
    assert.match(explanationText(explanation), /^RUNS ON {2}nothing: it stays Pending$/m);
  });

  test("while its node comes: on the claim", () => {
    const context = contextOf({ pods: [pod("web")], nodeClaims: [claim("coming", undefined)] });
    const explanation = explainLivePod(context, "default/web");
    assert.deepEqual(explanation?.reasons, []);
    assert.equal(explanation.live?.anew, "now the plan is coming, which has room");
    assert.match(explanationText(explanation), /^RUNS ON {2}nothing yet: it is Pending$/m);
    const coming = explainLiveClaim(context, "coming");
    assert.deepEqual([coming?.node.existing, coming?.node.usdPerHour], [false, 0.2]);
  });

  test("behind a scheduling gate: the gate, and what comes after it", () => {
    const gated = pod("gated", { spec: { schedulingGates: [{ name: "example.com/quota" }] } });
    const explanation = explainLivePod(contextOf({ pods: [gated] }), "default/gated");
    assert.match(explanation?.reasons[0]?.message ?? "", /waits for example\.com\/quota/);
    assert.match(explanation?.live?.anew ?? "", /^after that the plan is a new c9\.large/);
  });
});

describe("a pod and the Fargate profiles", () => {
  const micro: Node = node("fargate-ip", { [LABELS.computeType]: "fargate", [LABELS.zone]: "ap-northeast-2a" });
  const system = (words: PodWords): Pod => {
    const one = pod("dns", { cpu: "100m", ...words });
    return { ...one, metadata: { ...one.metadata, namespace: "kube-system" } };
  };

  test("on Fargate: profile, selector, size and price; EC2 is not asked", () => {
    const dns = system({ on: "fargate-ip", labels: { [LABELS.fargateProfile]: "kube-system" } });
    const explanation = explainLivePod(contextOf({ pods: [dns], nodes: [micro] }), "kube-system/dns");
    const { placement, fargate, candidates } = explanation ?? assert.fail();
    assert.deepEqual(
      placement.kind === "fargate" && [placement.profile, placement.vcpu, placement.memoryGb, placement.node],
      ["kube-system", 0.25, 0.5, "fargate-ip"],
    );
    assert.deepEqual([fargate.takes, fargate.selector, candidates], [true, "namespace kube-system", []]);
    const text = explanationText(
      explainLiveNode(contextOf({ pods: [dns], nodes: [micro] }), "fargate-ip") ?? assert.fail(),
    );
    assert.match(text, /^NODE {5}fargate-ip, Fargate's micro-VM for one pod/);
  });

  test("a profile that came after the pod took nothing", () => {
    const explanation = explainLivePod(
      contextOf({ pods: [system({ on: "n1" })], nodes: [node("n1")] }),
      "kube-system/dns",
    );
    assert.deepEqual([explanation?.fargate.takes, explanation?.fargate.profile], [false, undefined]);
    assert.match(explanation?.fargate.because ?? "", /selects it now, but profiles only count when a pod is created/);
  });
});
