import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet, Deployment, Fresh, Job, KubernetesObject, Pod, ReplicaSet } from "@nodeless/api";
import {
  CONFIG_MAPS,
  CONTROLLER_REVISIONS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  EVENTS,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  resourceType,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from "@nodeless/api";
import { ControllerCluster } from "./controllers-fixture.ts";

const web = (replicas: number, image = "nginx:1"): Fresh<Deployment> => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image, ports: [{ name: "http", containerPort: 80 }] }] },
    },
  },
});

const condition = (deployment: Deployment, type: string) =>
  deployment.status?.conditions?.find((one) => one.type === type);

test("a Deployment rolls out, scales, changes its template, serves traffic and is deleted with everything it owns", async () => {
  await using cluster = await ControllerCluster.start();
  const kubelet = new AbortController();
  const running = cluster.runPods(kubelet.signal);
  const get = () => cluster.client.resource(DEPLOYMENTS).get({ namespace: "default", name: "web" });
  await cluster.client.resource(SERVICES).create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  });
  await cluster.client.resource(DEPLOYMENTS).create(web(2));
  const first = await cluster.until("two available pods", get, ({ status }) => status?.availableReplicas === 2);
  await cluster.until("the rollout", get, (one) => condition(one, "Progressing")?.reason === "NewReplicaSetAvailable");
  assert.equal(first.metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.equal(condition(await get(), "Available")?.reason, "MinimumReplicasAvailable");
  const [replicaSet] = await cluster.list(REPLICA_SETS);
  const events = await cluster.until(
    "the events",
    () => cluster.list(EVENTS),
    (all) => all.length >= 3,
  );
  assert.ok(events.some(({ message }) => message === `Scaled up replica set ${replicaSet?.metadata.name} from 0 to 2`));
  assert.ok(events.some(({ message }) => /^Created pod: web-[a-z0-9]+-[a-z0-9]{5}$/.test(message ?? "")));

  await cluster.change(DEPLOYMENTS, first.metadata, (one) => ({ ...one, spec: { ...one.spec, replicas: 5 } }));
  await cluster.until("five available pods", get, ({ status }) => status?.availableReplicas === 5);
  const addresses = await cluster.until(
    "five endpoints",
    () => cluster.list(ENDPOINTS),
    (all) => all.find(({ metadata }) => metadata.name === "web")?.subsets?.[0]?.addresses?.length === 5,
  );
  assert.deepEqual(addresses.find(({ metadata }) => metadata.name === "web")?.subsets?.[0]?.ports, [
    { name: "http", port: 80, protocol: "TCP" },
  ]);
  const slices = await cluster.until(
    "one slice with five ready endpoints",
    () => cluster.list(ENDPOINT_SLICES, "kubernetes.io/service-name=web"),
    (all) => all.length === 1 && all[0]?.endpoints?.filter(({ conditions }) => conditions?.ready).length === 5,
  );
  assert.deepEqual(slices[0]?.ports, [{ name: "http", port: 80, protocol: "TCP" }]);

  await cluster.change(DEPLOYMENTS, first.metadata, (one) => ({
    ...one,
    spec: { ...one.spec, template: web(5, "nginx:2").spec.template },
  }));
  await cluster.until(
    "the second revision",
    get,
    ({ status, metadata }) =>
      metadata.annotations?.["deployment.kubernetes.io/revision"] === "2" &&
      status?.updatedReplicas === 5 &&
      status.replicas === 5 &&
      status.availableReplicas === 5,
  );
  const pods = await cluster.until(
    "only new pods",
    () => cluster.list(PODS),
    (all) => all.length === 5,
  );
  assert.ok(pods.every(({ spec }) => spec.containers[0]?.image === "nginx:2"));
  assert.equal((await cluster.list(REPLICA_SETS)).length, 2, "the old ReplicaSet stays as history");

  await cluster.client.resource(DEPLOYMENTS).delete(first.metadata, { propagationPolicy: "Background" });
  await cluster.until(
    "everything it owned is gone",
    async () => [...(await cluster.list(REPLICA_SETS)), ...(await cluster.list(PODS))],
    (left) => left.length === 0,
  );
  kubelet.abort();
  await running;
});

test("foreground deletion keeps the owner until its dependents are gone; orphaning lets them live", async () => {
  await using cluster = await ControllerCluster.start();
  const rs = (name: string): Fresh<ReplicaSet> => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "a", image: "a" }] } },
    },
  });
  await cluster.client.resource(REPLICA_SETS).create(rs("blocking"));
  await cluster.client.resource(REPLICA_SETS).create(rs("orphaning"));
  const pods = await cluster.until(
    "two pods",
    () => cluster.list(PODS),
    (all) => all.length === 2,
  );
  const held = pods.find(({ metadata }) => metadata.labels?.["app"] === "blocking");
  assert.ok(held);
  await cluster.change(PODS, held.metadata as { namespace: string; name: string }, (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, finalizers: ["test/hold"] },
  }));
  await cluster.client
    .resource(REPLICA_SETS)
    .delete({ namespace: "default", name: "blocking" }, { propagationPolicy: "Foreground" });
  await cluster.until(
    "the pod is going",
    () => cluster.client.resource(PODS).get(held.metadata),
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  assert.ok(
    await cluster.client.resource(REPLICA_SETS).find({ namespace: "default", name: "blocking" }),
    "the owner waits",
  );
  await cluster.client.resource(PODS).patch(held.metadata, "merge", { metadata: { finalizers: null } });
  await cluster.until(
    "the owner is gone",
    () => cluster.client.resource(REPLICA_SETS).find({ namespace: "default", name: "blocking" }),
    (one) => one === undefined,
  );

  await cluster.client
    .resource(REPLICA_SETS)
    .delete({ namespace: "default", name: "orphaning" }, { propagationPolicy: "Orphan" });
  await cluster.until(
    "the owner is gone",
    () => cluster.client.resource(REPLICA_SETS).find({ namespace: "default", name: "orphaning" }),
    (one) => one === undefined,
  );
  const [left] = await cluster.list(PODS, "app=orphaning");
  assert.equal(left?.metadata.deletionTimestamp, undefined);
  assert.deepEqual(left?.metadata.ownerReferences ?? [], []);
});

test("every namespace gets its default account and root CA; deleting it deletes all its content", async () => {
  await using cluster = await ControllerCluster.start({ settings: { rootCa: "PEM" } });
  const kubelet = new AbortController();
  const running = cluster.runPods(kubelet.signal);
  await cluster.client
    .resource(NAMESPACES)
    .create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" }, spec: {} });
  const reference = { namespace: "team", name: "default" };
  await cluster.until(
    "the account",
    () => cluster.client.resource(SERVICE_ACCOUNTS).find(reference),
    (one) => one !== undefined,
  );
  const ca = await cluster.until(
    "the CA",
    () => cluster.client.resource(CONFIG_MAPS).find({ namespace: "team", name: "kube-root-ca.crt" }),
    (one) => one !== undefined,
  );
  assert.deepEqual(ca?.data, { "ca.crt": "PEM" });
  await cluster.client.resource(DEPLOYMENTS).create({ ...web(3), metadata: { name: "web", namespace: "team" } });
  await cluster.client
    .resource(SECRETS)
    .create({ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "team" } });
  await cluster.until(
    "pods",
    () => cluster.list(PODS),
    (all) => all.length === 3,
  );
  await cluster.client.resource(NAMESPACES).delete({ name: "team" });
  await cluster.until(
    "the namespace is gone",
    () => cluster.client.resource(NAMESPACES).find({ name: "team" }),
    (one) => one === undefined,
  );
  assert.deepEqual(
    (await cluster.list(PODS)).map(({ metadata }) => metadata.name),
    [],
  );
  kubelet.abort();
  await running;
});

test("a DaemonSet runs on a new node that its affinity accepts, and leaves when the node stops matching", async () => {
  await using cluster = await ControllerCluster.start();
  const agent: Fresh<DaemonSet> = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "kube-system" },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: {
        metadata: { labels: { app: "agent" } },
        spec: { nodeSelector: { disk: "ssd" }, containers: [{ name: "agent", image: "agent" }] },
      },
    },
  };
  const get = () => cluster.client.resource(DAEMON_SETS).get({ namespace: "kube-system", name: "agent" });
  await cluster.client.resource(DAEMON_SETS).create(agent);
  const idle = await cluster.until("it is observed", get, ({ status }) => status?.observedGeneration === 1);
  assert.equal(idle.status?.desiredNumberScheduled, 0);
  await cluster.addNode("n1", { labels: { disk: "ssd" } });
  await cluster.addNode("n2");
  await cluster.until("one pod wanted", get, ({ status }) => status?.desiredNumberScheduled === 1);
  const [pod] = await cluster.until(
    "one pod",
    () => cluster.list(PODS),
    (all) => all.length === 1,
  );
  assert.deepEqual(
    pod?.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }],
  );
  await cluster.client.resource(NODES).patch({ name: "n1" }, "merge", { metadata: { labels: { disk: null } } });
  await cluster.until(
    "no pod is left",
    () => cluster.list(PODS),
    (all) => all.length === 0,
  );
  await cluster.until("none is wanted", get, ({ status }) => status?.desiredNumberScheduled === 0);
});

test("a Job counts every pod once, completes and is deleted when its time is up", async () => {
  await using cluster = await ControllerCluster.start();
  const job: Fresh<Job> = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "sum", namespace: "default" },
    spec: {
      completions: 3,
      parallelism: 2,
      ttlSecondsAfterFinished: 1,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "sum", image: "sum" }] } },
    },
  };
  const get = () => cluster.client.resource(JOBS).get({ namespace: "default", name: "sum" });
  await cluster.client.resource(JOBS).create(job);
  const succeed = async (): Promise<Job> => {
    for (const pod of await cluster.list(PODS))
      if (pod.status?.phase === "Pending") await cluster.report(pod, "Succeeded");
    return await get();
  };
  await cluster.until("two active pods", get, ({ status }) => status?.active === 2);
  const done = await cluster.until(
    "completion",
    succeed,
    ({ status }) => status?.conditions?.some(({ type }) => type === "Complete") === true,
  );
  assert.equal(done.status?.succeeded, 3);
  assert.deepEqual(
    done.status?.conditions?.map(({ type, reason }) => [type, reason]),
    [
      ["SuccessCriteriaMet", "CompletionsReached"],
      ["Complete", "CompletionsReached"],
    ],
  );
  assert.ok((await cluster.list(PODS)).every(({ metadata }) => metadata.finalizers === undefined));
  await cluster.until(
    "the Job and its pods are gone",
    async () => [...(await cluster.list(JOBS)), ...(await cluster.list(PODS))],
    (left) => left.length === 0,
  );
});

test("controllers killed and restarted in the middle of a scale-up never create too many pods", async () => {
  await using cluster = await ControllerCluster.start();
  let most = 0;
  await cluster.client.resource(DEPLOYMENTS).create(web(300));
  for (let round = 0; round < 4; round += 1) {
    await cluster.until(
      "some pods",
      () => cluster.list(PODS),
      (all) => all.length > round * 60 || all.length === 300,
    );
    await cluster.stopControllers();
    most = Math.max(most, (await cluster.list(PODS)).length);
    cluster.startControllers();
  }
  const pods: readonly Pod[] = await cluster.until(
    "all pods",
    () => cluster.list(PODS),
    (all) => all.length >= 300,
  );
  await cluster.until(
    "the count is observed",
    () => cluster.list(REPLICA_SETS),
    ([one]) => one?.status?.replicas === 300,
  );
  assert.equal(pods.length, 300);
  assert.ok(most <= 300);
  assert.equal((await cluster.list(PODS)).length, 300);
});

test("a node that goes silent becomes Unknown and tainted, its pods not ready; they are evicted and, once it is gone, collected", async () => {
  await using cluster = await ControllerCluster.start({
    settings: {
      nodeMonitorGraceMs: 150,
      nodeMonitorPeriodMs: 20,
      podGcPeriodMs: 20,
      podGcNodeQuarantineMs: 50,
    },
  });
  const create = (name: string, tolerationSeconds: number) =>
    cluster.client.resource(PODS).create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: {
        nodeName: "n1",
        containers: [{ name: "a", image: "a" }],
        tolerations: ["not-ready", "unreachable"].map((key) => ({
          key: `node.kubernetes.io/${key}`,
          operator: "Exists",
          effect: "NoExecute",
          tolerationSeconds,
        })),
      },
    });
  await cluster.addNode("n1");
  for (const pod of [await create("impatient", 0), await create("patient", 3_600)])
    await cluster.report(pod, "Running");
  const node = await cluster.until(
    "the taints",
    () => cluster.client.resource(NODES).get({ name: "n1" }),
    ({ spec }) => spec.taints?.filter(({ key }) => key === "node.kubernetes.io/unreachable").length === 2,
  );
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["Unknown", "NodeStatusUnknown"]);
  const pods = await cluster.until(
    "the eviction",
    () => cluster.list(PODS),
    (all) => all.some(({ metadata }) => metadata.name === "impatient" && metadata.deletionTimestamp !== undefined),
  );
  const evicted = pods.find(({ metadata }) => metadata.name === "impatient");
  assert.equal(
    evicted?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.reason,
    "DeletionByTaintManager",
  );
  await cluster.until(
    "not ready",
    () => cluster.client.resource(PODS).get({ namespace: "default", name: "patient" }),
    ({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.status === "False",
  );
  await cluster.client.resource(NODES).delete({ name: "n1" });
  await cluster.until(
    "no pod is left",
    () => cluster.list(PODS),
    (all) => all.length === 0,
  );
});

test("custom resources own and are owned: the collector learns about new kinds while it runs", async () => {
  await using cluster = await ControllerCluster.start();
  const widgets = resourceType<KubernetesObject>("test.io/v1", "widgets", "Widget", "Cluster");
  const parts = resourceType<KubernetesObject>("test.io/v1", "parts", "Part", "Cluster");
  for (const { resource, kind } of [widgets, parts])
    await cluster.client.resource(CUSTOM_RESOURCE_DEFINITIONS).create({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${resource}.test.io` },
      spec: {
        group: "test.io",
        scope: "Cluster",
        names: { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    });
  const make = (type: typeof widgets, metadata: Fresh<KubernetesObject>["metadata"]) =>
    cluster.until(
      `${type.kind} is served`,
      () =>
        cluster.client
          .resource(type)
          .create({ apiVersion: "test.io/v1", kind: type.kind, metadata })
          .catch(() => undefined),
      (created) => created !== undefined,
    );
  const owner = await make(widgets, { name: "w" });
  assert.ok(owner);
  const reference = { apiVersion: "test.io/v1", kind: "Widget", name: "w", uid: owner.metadata.uid };
  await make(parts, { name: "p", ownerReferences: [reference] });
  await make(parts, {
    name: "ghost",
    ownerReferences: [{ ...reference, uid: "00000000-0000-4000-8000-000000000000" }],
  });
  await cluster.until(
    "the part whose owner never was is gone",
    () => cluster.list(parts),
    (all) => all.length === 1 && all[0]?.metadata.name === "p",
  );
  await cluster.client.resource(widgets).delete({ name: "w" });
  await cluster.until(
    "the other part follows its owner",
    () => cluster.list(parts),
    (all) => all.length === 0,
  );
});

test("a StatefulSet starts in order, updates from the top and shrinks from the top", async () => {
  await using cluster = await ControllerCluster.start();
  const kubelet = new AbortController();
  const running = cluster.runPods(kubelet.signal);
  const template = (image: string) => ({
    metadata: { labels: { app: "db" } },
    spec: { containers: [{ name: "db", image }] },
  });
  const get = () => cluster.client.resource(STATEFUL_SETS).get({ namespace: "default", name: "db" });
  const created = await cluster.client.resource(STATEFUL_SETS).create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: { replicas: 2, serviceName: "db", selector: { matchLabels: { app: "db" } }, template: template("v1") },
  });
  await cluster.until("both ready", get, ({ status }) => status?.readyReplicas === 2);
  await cluster.change(STATEFUL_SETS, created.metadata, (one) => ({
    ...one,
    spec: { ...one.spec, template: template("v2") },
  }));
  await cluster.until(
    "both updated",
    get,
    ({ status }) =>
      status?.observedGeneration === 2 &&
      status.updatedReplicas === 2 &&
      status.readyReplicas === 2 &&
      status.currentRevision === status.updateRevision,
  );
  assert.deepEqual(
    (await cluster.list(PODS)).map(({ metadata, spec }) => [metadata.name, spec.containers[0]?.image]),
    [
      ["db-0", "v2"],
      ["db-1", "v2"],
    ],
  );
  await cluster.change(STATEFUL_SETS, created.metadata, (one) => ({ ...one, spec: { ...one.spec, replicas: 1 } }));
  await cluster.until(
    "one left",
    () => cluster.list(PODS),
    (all) => all.length === 1 && all[0]?.metadata.name === "db-0",
  );
  assert.equal((await cluster.list(CONTROLLER_REVISIONS)).length, 2);
  kubelet.abort();
  await running;
});
