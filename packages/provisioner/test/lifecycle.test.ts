import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { NodePool, Provisioner } from "@nodeless/api";
import { CloudError } from "@nodeless/cloud";
import { CLAIMS, CLASSES, ClusterHarness, NODES, PODS, POOLS, PROVISIONERS, TEMPLATES } from "./cluster-harness.ts";

let cluster: ClusterHarness;
afterEach(() => cluster.stop());

/** A cluster with a pool and one pod, run until its node is initialized. */
async function clusterWithNode(
  env: Readonly<Record<string, string>> = {},
  pool: Parameters<ClusterHarness["pool"]>[1] = {},
) {
  cluster = new ClusterHarness(env);
  cluster.pool("default", pool);
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(10);
  const [claim] = cluster.claims;
  const [node] = cluster.nodes;
  assert.ok(claim !== undefined && node !== undefined, "a node came up");
  return { claim, node, claimPath: `${CLAIMS}/${claim.metadata.name}`, nodePath: `${NODES}/${node.metadata.name}` };
}

test("an unschedulable pod gets a claim, an instance, a registered and initialized node", async () => {
  const { claim, node, claimPath } = await clusterWithNode(
    {},
    { startupTaints: [], taints: [{ key: "team", value: "a", effect: "PreferNoSchedule" }] },
  );
  assert.match(claim.metadata.name, /^default-/);
  assert.deepEqual(claim.metadata.finalizers, ["karpenter.sh/termination"]);
  assert.deepEqual(
    claim.metadata.ownerReferences?.map(({ kind, name, blockOwnerDeletion }) => ({ kind, name, blockOwnerDeletion })),
    [{ kind: "NodePool", name: "default", blockOwnerDeletion: true }],
  );
  assert.deepEqual(claim.spec.resources?.requests, { cpu: "500m", memory: "256Mi", pods: "1" });
  assert.deepEqual(cluster.conditions(claimPath), [
    "Launched=True",
    "Ready=True",
    "Registered=True",
    "Initialized=True",
    "Consolidatable=False(RecentPodEvents)",
  ]);
  assert.equal(claim.status?.nodeName, node.metadata.name);
  assert.equal(claim.metadata.labels?.["karpenter.sh/capacity-type"], "spot");
  assert.equal(claim.metadata.labels?.["node.kubernetes.io/instance-type"], "c5.large");
  assert.deepEqual(node.metadata.finalizers, ["karpenter.sh/termination"]);
  assert.equal(node.metadata.labels?.["karpenter.sh/registered"], "true");
  assert.equal(node.metadata.labels?.["karpenter.sh/initialized"], "true");
  assert.deepEqual(
    node.spec?.taints?.map(({ key }) => key),
    ["team"],
  );
  const nominated = cluster.events.find((event) => event.includes("web"));
  assert.equal(nominated, `Nominated web: Pod should schedule on: nodeclaim/${claim.metadata.name}`);
  assert.equal(cluster.cloud.instances[0]?.tags.get("karpenter.sh/nodeclaim"), claim.metadata.name);
});

test("pods of one burst share a node; a pod that fits a node on its way makes no second one", async () => {
  cluster = new ClusterHarness();
  cluster.pool();
  cluster.start();
  await cluster.advance(2);
  for (const name of ["a", "b", "c"]) cluster.pod(name, { cpu: "400m" });
  await cluster.advance(2);
  assert.equal(cluster.claims.length, 1);
  cluster.pod("late", { cpu: "200m" });
  await cluster.advance(20);
  assert.equal(cluster.claims.length, 1);
  cluster.pod("big", { cpu: "12" });
  await cluster.advance(10);
  assert.equal(cluster.claims.length, 2);
});

for (const { policy, nodes } of [
  { policy: "Respect", nodes: 3 },
  { policy: "Ignore", nodes: 1 },
])
  test(`PREFERENCE_POLICY ${policy}: three pods that prefer hosts of their own get ${nodes} nodes`, async () => {
    cluster = new ClusterHarness({ PREFERENCE_POLICY: policy });
    cluster.pool();
    cluster.start();
    await cluster.advance(2);
    const podAffinityTerm = {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: { app: "shard" } },
    };
    const affinity = {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] },
    };
    for (const name of ["a", "b", "c"])
      cluster.pod(name, { cpu: "200m", metadata: { labels: { app: "shard" } }, spec: { affinity } });
    await cluster.advance(10);
    assert.equal(cluster.claims.length, nodes);
  });

test("pods for Fargate, daemons, bound and merely pending pods launch nothing; FailedScheduling says which rule and what number", async () => {
  cluster = new ClusterHarness();
  cluster.pool();
  cluster.start();
  await cluster.advance(2);
  cluster.pod("fargate", { spec: { schedulerName: "fargate-scheduler" } });
  cluster.pod("daemon", {
    metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "d" }] },
  });
  cluster.pod("bound", { spec: { nodeName: "elsewhere" } });
  cluster.pod("huge", { cpu: "500" });
  await cluster.advance(20);
  assert.deepEqual(cluster.claims, []);
  const [event, ...more] = cluster.events.filter((text) => text.startsWith("FailedScheduling"));
  assert.deepEqual(more, []);
  assert.match(event ?? "", /^FailedScheduling huge: Failed to schedule pod: NodePool "default": .*cpu/);
});

test("without a usable pool the event says why: none exists, or which one is not ready for what reason", async () => {
  cluster = new ClusterHarness();
  cluster.start();
  await cluster.advance(2);
  cluster.pod("early");
  await cluster.advance(5);
  assert.match(cluster.events.at(-1) ?? "", /there is no NodePool; create one/);
  cluster.cloud.setNodeClassProblem("default", "no subnet matches the selector");
  cluster.pool("default", { weight: 500 });
  cluster.pod("later");
  await cluster.advance(5);
  assert.match(
    cluster.events.at(-1) ?? "",
    /NodePool "default" is not ready: spec.weight must be a whole number from 1 to 100/,
  );
  assert.deepEqual(cluster.conditions(`${POOLS}/default`), [
    "ValidationSucceeded=False(NodePoolValidationFailed)",
    "NodeClassReady=False(NodeClassNotReady)",
    "Ready=False(UnhealthyDependents)",
  ]);
  cluster.cloud.setNodeClassProblem("default", undefined);
  cluster.pool("default", {});
  await cluster.advance(90);
  assert.deepEqual(cluster.conditions(`${POOLS}/default`), [
    "ValidationSucceeded=True",
    "NodeClassReady=True",
    "Ready=True",
  ]);
  assert.equal(cluster.claims.length, 1);
});

test("no capacity: the claim goes, the offering rests for three minutes, the pod gets another one at once", async () => {
  cluster = new ClusterHarness();
  for (const zone of ["zone-a", "zone-b", "zone-c"])
    for (const size of ["large", "xlarge", "4xlarge"])
      cluster.cloud.exhaust({ instanceType: `c5.${size}`, zone, capacityType: "spot" });
  cluster.pool("default", {
    requirements: [
      { key: "karpenter.k8s.aws/instance-family", operator: "In", values: ["c5"] },
      { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] },
    ],
  });
  cluster.pool("fallback", {
    requirements: [{ key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] }],
  });
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(20);
  const [claim, ...more] = cluster.claims;
  assert.deepEqual(more, []);
  assert.equal(claim?.metadata.labels?.["karpenter.sh/nodepool"], "fallback");
  assert.ok(cluster.events.some((event) => event.startsWith("InsufficientCapacityError default-")));
  assert.equal(cluster.cloud.instances.length, 1);
});

test("other launch errors stay on the claim as a condition and are retried, by the next process too", async () => {
  cluster = new ClusterHarness();
  cluster.pool();
  const refusal = new CloudError("UnauthorizedOperation", "not allowed to run instances");
  for (let attempt = 0; attempt < 12; attempt += 1) cluster.cloud.failNext("launch", refusal);
  const first = cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(2);
  const [inFlight] = cluster.claims;
  assert.ok(
    cluster.conditions(`${CLAIMS}/${inFlight?.metadata.name}`).includes("Launched=Unknown(UnauthorizedOperation)"),
  );
  first.abort(new Error("killed"));
  cluster.cloud.forgetNodeClasses();
  cluster.start("b");
  await cluster.advance(15);
  assert.equal(
    cluster.claims[0]?.metadata.name,
    inFlight?.metadata.name,
    "the next process goes on with the claim in flight",
  );
  assert.equal(cluster.cloud.instances.length, 1);
  assert.equal(cluster.claims.length, 1);
  assert.ok(cluster.conditions(`${CLAIMS}/${cluster.claims[0]?.metadata.name}`).includes("Ready=True"));
});

test("a crash between the launch and the note of it makes no second instance", async () => {
  cluster = new ClusterHarness();
  cluster.pool();
  const first = cluster.start();
  await cluster.advance(2);
  cluster.api.cutOff = (method, path) => method === "PATCH" && path.startsWith(CLAIMS);
  cluster.pod("web");
  await cluster.advance(3);
  assert.equal(cluster.cloud.instances.length, 1);
  assert.equal(cluster.claims[0]?.status?.providerID, undefined);
  first.abort(new Error("killed"));
  cluster.cloud.forgetNodeClasses();
  cluster.api.cutOff = () => false;
  cluster.start("b");
  await cluster.advance(15);
  assert.equal(cluster.cloud.instances.length, 1);
  assert.ok(cluster.conditions(`${CLAIMS}/${cluster.claims[0]?.metadata.name}`).includes("Ready=True"));
});

test("an instance that never registers is given up after 15 minutes and replaced", async () => {
  cluster = new ClusterHarness();
  cluster.kubeletsWork = false;
  cluster.pool();
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(60);
  const [claim] = cluster.claims;
  assert.ok(cluster.conditions(`${CLAIMS}/${claim?.metadata.name}`).includes("Registered=Unknown(NodeNotFound)"));
  cluster.kubeletsWork = true;
  await cluster.advance(900);
  const [replacement] = cluster.claims;
  assert.notEqual(replacement?.metadata.name, claim?.metadata.name);
  assert.equal(cluster.nodes.length, 1);
  assert.equal(cluster.cloud.instances.length, 1);
});

test("startup taints hold initialization until somebody removes them, and are not put back", async () => {
  const { claimPath, nodePath } = await clusterWithNode({}, { startupTaints: [{ key: "cni", effect: "NoSchedule" }] });
  assert.ok(cluster.conditions(claimPath).includes("Initialized=Unknown(StartupTaintsExist)"));
  cluster.api.edit(nodePath, ({ spec }) => ({ spec: { ...(spec as object), taints: [] } }));
  await cluster.advance(2);
  assert.ok(cluster.conditions(claimPath).includes("Initialized=True"));
  assert.deepEqual(cluster.nodes[0]?.spec?.taints, []);
});

test("an empty node is removed after consolidateAfter and a second look; its pod's end starts the wait", async () => {
  const { node } = await clusterWithNode();
  cluster.bind("web", node.metadata.name);
  await cluster.advance(120);
  assert.equal(cluster.nodes.length, 1, "a busy node stays");
  cluster.api.delete(`${PODS}/web`);
  await cluster.advance(29);
  assert.equal(cluster.claims[0]?.metadata.deletionTimestamp, undefined);
  await cluster.advance(60);
  assert.deepEqual([cluster.claims, cluster.nodes, cluster.cloud.instances], [[], [], []]);
  assert.ok(cluster.events.some((event) => event.endsWith("Disrupting NodeClaim: Empty")));
});

for (const { rule, env, pool, change } of [
  { rule: "Never keeps empty nodes", pool: { disruption: { consolidateAfter: "Never" } } },
  { rule: "a budget of 0 keeps them", pool: { disruption: { consolidateAfter: "30s", budgets: [{ nodes: "0" }] } } },
  {
    rule: "do-not-disrupt on the node keeps it",
    change: (path: string) =>
      cluster.api.edit(path, ({ metadata }) => ({
        metadata: { ...metadata, annotations: { "karpenter.sh/do-not-disrupt": "true" } },
      })),
  },
] as readonly {
  rule: string;
  env?: Record<string, string>;
  pool?: Parameters<ClusterHarness["pool"]>[1];
  change?: (path: string) => void;
}[])
  test(`empty nodes: ${rule}`, async () => {
    const { nodePath } = await clusterWithNode(env, pool);
    change?.(nodePath);
    cluster.api.delete(`${PODS}/web`);
    await cluster.advance(300);
    assert.equal(cluster.nodes.length, 1);
  });

test("a pod that arrives while an empty node is being checked saves it, and leaves no taint behind", async () => {
  const { node } = await clusterWithNode();
  cluster.api.delete(`${PODS}/web`);
  await cluster.advance(35);
  cluster.pod("saved");
  cluster.bind("saved", node.metadata.name);
  await cluster.advance(60);
  assert.equal(cluster.nodes.length, 1);
  assert.deepEqual(cluster.nodes[0]?.spec?.taints, []);
});

test("deleting the node drains it through evictions, waits for budgets, ends the instance, and the pods get a new node meanwhile", async () => {
  const { node, claim, nodePath } = await clusterWithNode();
  cluster.bind("web", node.metadata.name);
  cluster.pod("system", { spec: { nodeName: node.metadata.name, priorityClassName: "system-cluster-critical" } });
  cluster.api.protectedPods.add("default/web");
  cluster.api.delete(nodePath);
  await cluster.advance(20);
  const draining = cluster.nodes.find(({ metadata }) => metadata.name === node.metadata.name);
  assert.deepEqual(
    draining?.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`),
    ["karpenter.sh/disrupted:NoSchedule"],
  );
  assert.equal(draining?.metadata.labels?.["node.kubernetes.io/exclude-from-external-load-balancers"], "karpenter");
  assert.ok(cluster.events.some((event) => event.includes("FailedDraining") && event.includes("disruption budget")));
  assert.equal(cluster.pods.length, 2, "the critical pod waits for the ordinary one");
  assert.equal(cluster.claims.length, 2, "a replacement is on its way");
  cluster.api.protectedPods.clear();
  await cluster.advance(30);
  assert.equal(cluster.api.get(nodePath), undefined);
  assert.equal(cluster.api.get(`${CLAIMS}/${claim.metadata.name}`), undefined);
  assert.equal(cluster.cloud.instances.length, 1);
});

test("terminationGracePeriod ends a drain that a budget would hold for ever", async () => {
  const { node, claimPath, nodePath } = await clusterWithNode();
  cluster.api.edit(claimPath, ({ spec }) => ({ spec: { ...(spec as object), terminationGracePeriod: "60s" } }));
  await cluster.advance(1);
  cluster.bind("web", node.metadata.name);
  cluster.api.protectedPods.add("default/web");
  cluster.api.delete(claimPath);
  await cluster.advance(25);
  assert.ok(cluster.pods.some(({ metadata }) => metadata.name === "web"));
  await cluster.advance(60);
  assert.equal(cluster.api.get(nodePath), undefined);
});

test("garbage both ways: a vanished instance ends its claim and node; an instance without a claim is ended after 30 s", async () => {
  const { claim } = await clusterWithNode();
  const [instance] = cluster.cloud.instances;
  cluster.cloud.vanish(instance?.providerId ?? "");
  cluster.api.delete(`${PODS}/web`);
  cluster.kubeletsWork = false;
  cluster.cloud.leak({
    claimUid: "lost",
    claimName: "lost",
    nodePool: "default",
    nodeClass: "default",
    requirements: new Map(),
    instanceTypes: (await cluster.cloud.instanceTypes("default")).slice(0, 1),
    labels: {},
    taints: [],
  });
  await cluster.advance(20);
  assert.equal(cluster.cloud.instances.length, 1);
  await cluster.advance(260);
  assert.equal(cluster.api.get(`${CLAIMS}/${claim.metadata.name}`), undefined);
  assert.deepEqual([cluster.nodes, cluster.cloud.instances], [[], []]);
});

test("limits: a pool launches no more than it may, counts what it has, and the event names the limit", async () => {
  cluster = new ClusterHarness();
  cluster.pool("default", { limits: { cpu: "2" } });
  cluster.start();
  await cluster.advance(2);
  cluster.pod("first", { cpu: "1500m" });
  cluster.pod("second", { cpu: "1500m" });
  await cluster.advance(30);
  assert.equal(cluster.claims.length, 1);
  const { status } = cluster.api.get<NodePool>(`${POOLS}/default`) ?? {};
  assert.deepEqual([status?.nodes, status?.resources?.["cpu"], status?.resources?.["nodes"]], [1, "2", "1"]);
  assert.ok(
    cluster.events.some((event) => event.startsWith("FailedScheduling") && event.includes("limit")),
    cluster.events.join("\n"),
  );
});

test("weights: the heavier pool is used while it fits, whatever the price", async () => {
  cluster = new ClusterHarness();
  cluster.pool("cheap", {});
  cluster.pool("heavy", {
    weight: 10,
    requirements: [{ key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] }],
  });
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(10);
  assert.deepEqual(
    cluster.claims.map(({ metadata }) => metadata.labels?.["karpenter.sh/nodepool"]),
    ["heavy"],
  );
});

const provisioner = {
  apiVersion: "karpenter.sh/v1alpha5",
  kind: "Provisioner",
  metadata: {},
  spec: {
    requirements: [{ key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] }],
    limits: { resources: { cpu: 1000 } },
    providerRef: { name: "default" },
    ttlSecondsAfterEmpty: 30,
  },
};
const template = {
  apiVersion: "karpenter.k8s.aws/v1alpha1",
  kind: "AWSNodeTemplate",
  metadata: {},
  spec: {
    subnetSelector: { "karpenter.sh/discovery": "test" },
    securityGroupSelector: { "karpenter.sh/discovery": "test" },
    instanceProfile: "node",
  },
};

test("a Provisioner with its AWSNodeTemplate works as it did: claims carry both labels, status is kept, empty nodes go after the TTL", async () => {
  cluster = new ClusterHarness();
  cluster.api.put(`${TEMPLATES}/default`, template);
  cluster.api.put(`${PROVISIONERS}/default`, provisioner);
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(10);
  const [claim] = cluster.claims;
  assert.equal(claim?.metadata.labels?.["karpenter.sh/provisioner-name"], "default");
  assert.equal(claim?.metadata.labels?.["karpenter.sh/nodepool"], "default");
  assert.equal(claim?.metadata.ownerReferences?.[0]?.kind, "Provisioner");
  const { status } = cluster.api.get<Provisioner>(`${PROVISIONERS}/default`) ?? {};
  assert.equal(status?.resources?.["cpu"], "2");
  assert.deepEqual(cluster.conditions(`${PROVISIONERS}/default`), ["Active=True"]);
  assert.deepEqual(
    (cluster.api.get(`${TEMPLATES}/default`) as unknown as typeof template & { status: object }).status,
    { subnets: [{ id: "subnet-a", zone: "zone-a" }], securityGroups: [{ id: "sg-a" }] },
  );
  cluster.api.delete(`${PODS}/web`);
  await cluster.advance(90);
  assert.deepEqual(cluster.claims, []);
});

test("an expired claim is drained and replaced, whatever the budgets say", async () => {
  const { claim, node } = await clusterWithNode(
    {},
    { expireAfter: "2m", disruption: { consolidateAfter: "Never", budgets: [{ nodes: "0" }] } },
  );
  cluster.bind("web", node.metadata.name);
  await cluster.advance(60);
  assert.deepEqual(
    cluster.claims.map(({ metadata }) => metadata.name),
    [claim.metadata.name],
  );
  await cluster.advance(60);
  assert.equal(
    cluster.events.find((event) => event.startsWith("Expired")),
    `Expired ${claim.metadata.name}: NodeClaim ${claim.metadata.name} is deleted: it is older than its expireAfter of 2m`,
  );
  assert.equal(cluster.events.filter((event) => event.startsWith("Evicted web")).length, 1);
  assert.ok(
    !cluster.claims.some(
      ({ metadata }) => metadata.name === claim.metadata.name && metadata.deletionTimestamp === undefined,
    ),
  );
});

test("fields of the old generation that have no effect are named", async () => {
  cluster = new ClusterHarness();
  const withTemplate = { ...template, spec: { ...template.spec, launchTemplate: "mine" } };
  const withRuntime = {
    ...provisioner,
    spec: { ...provisioner.spec, kubeletConfiguration: { containerRuntime: "dockerd" } },
  };
  cluster.api.put(`${TEMPLATES}/default`, withTemplate);
  cluster.api.put(`${PROVISIONERS}/default`, withRuntime);
  cluster.start();
  await cluster.advance(10);
  const told = cluster.events.filter((event) => event.startsWith("FieldsIgnored default")).sort();
  assert.deepEqual(
    told.map((event) => /spec\.\S+ is dropped/.exec(event)?.[0]),
    ["spec.kubeletConfiguration.containerRuntime is dropped", "spec.launchTemplate is dropped"],
  );
});

test("of two generations with one name the new one counts, and the old one is told", async () => {
  cluster = new ClusterHarness();
  cluster.api.put(`${TEMPLATES}/default`, template);
  cluster.api.put(`${PROVISIONERS}/default`, provisioner);
  cluster.pool();
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(10);
  assert.equal(cluster.claims[0]?.metadata.ownerReferences?.[0]?.kind, "NodePool");
  assert.equal(cluster.events.filter((event) => event.startsWith("NameClash default")).length, 2);
});

test("the first generation need not be installed", async () => {
  cluster = new ClusterHarness();
  cluster.api.missing.add(PROVISIONERS).add(TEMPLATES);
  cluster.pool();
  cluster.start();
  await cluster.advance(2);
  cluster.pod("web");
  await cluster.advance(10);
  assert.equal(cluster.nodes.length, 1);
});

test("a node class in use outlives its deletion until its last claim is gone", async () => {
  const { claimPath } = await clusterWithNode();
  cluster.api.delete(`${CLASSES}/default`);
  await cluster.advance(15);
  assert.ok(cluster.api.get(`${CLASSES}/default`) !== undefined);
  assert.ok(cluster.events.some((event) => event.startsWith("WaitingOnNodeClaimTermination default")));
  cluster.api.delete(claimPath);
  await cluster.advance(40);
  assert.equal(cluster.api.get(`${CLASSES}/default`), undefined);
  assert.ok(cluster.cloud.calls.includes("deleteNodeClass default"));
});

test("of two replicas one works; when it is killed in the middle the other finishes, with one instance in all", async () => {
  cluster = new ClusterHarness({ DISABLE_LEADER_ELECTION: "false" });
  cluster.pool();
  const first = cluster.start("a");
  await cluster.advance(1);
  cluster.start("b");
  await cluster.advance(4);
  cluster.pod("web");
  await cluster.advance(3);
  assert.equal(cluster.claims.length, 1);
  first.abort(new Error("killed"));
  cluster.cloud.forgetNodeClasses();
  await cluster.advance(30);
  assert.equal(cluster.claims.length, 1);
  assert.equal(cluster.cloud.instances.length, 1);
  assert.ok(cluster.conditions(`${CLAIMS}/${cluster.claims[0]?.metadata.name}`).includes("Ready=True"));
});
