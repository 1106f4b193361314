import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Node, Pod, PodSpec } from "@nodeless/api";
import { EVENTS, NODES, PERSISTENT_VOLUME_CLAIMS, PODS } from "@nodeless/api";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import {
  type FargateBackend,
  type FargateProfile,
  fargateAdmissionPlugin,
  type MicroVmNode,
  runFargateScheduler,
} from "@nodeless/fargate";
import { MemoryCluster } from "../../runtime/test/memory-cluster.ts";

const REGION = "ap-northeast-2";
const PROFILE: FargateProfile = {
  name: "fp-default",
  status: "ACTIVE",
  podExecutionRoleArn: "arn:aws:iam::111122223333:role/pods",
  subnetIds: ["subnet-a", "subnet-b"],
  selectors: [{ namespace: "default" }],
};
const plugin = fargateAdmissionPlugin(() => [PROFILE]);

function podOf(name: string, spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: `uid-of-${name}`,
      resourceVersion: "",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    spec: {
      containers: [{ name: "c", image: "nginx", resources: { requests: { cpu: "1", memory: "1Gi" } } }],
      ...spec,
    },
  };
}

function admit(pod: Pod, changes: Partial<Parameters<typeof plugin.admit>[0]> = {}): Pod | undefined {
  const attributes = {
    operation: "CREATE" as const,
    group: "",
    resource: "pods",
    subresource: "",
    namespace: "default",
    object: pod,
    ...changes,
  };
  return plugin.admit(attributes) as Pod | undefined;
}

/** Two zones with a few addresses, and what was asked of them. */
class Backend implements FargateBackend {
  profile: FargateProfile = PROFILE;
  refusal: string | undefined;
  readonly taken = new Set<string>();
  #next = 0;
  profiles = (): readonly FargateProfile[] => [this.profile];
  allocateMicroVm: FargateBackend["allocateMicroVm"] = (_profile, _pod, zone = `${REGION}a`) => {
    if (this.refusal !== undefined) return this.refusal;
    if (zone === `${REGION}d`)
      return "Fargate capacity is unavailable at this time. Please try again later or in a different availability zone.";
    this.#next += 1;
    const ip = `10.7.${zone.endsWith("a") ? 1 : 2}.${this.#next}`;
    this.taken.add(ip);
    return { ip, zone };
  };
  releaseMicroVm = (ip: string): void => void this.taken.delete(ip);
  adoptMicroVm = (ip: string): void => void this.taken.add(ip);
}

interface World {
  readonly cluster: MemoryCluster;
  readonly clock: ManualClock;
  readonly backend: Backend;
  /** Machines whose kubelet runs. */
  readonly machines: Map<string, MicroVmNode>;
  stop(): Promise<void>;
}

const NODE_READY_MS = 100;

function world(
  t: TestContext,
  { after, silentKubelets = false }: { after?: World; silentKubelets?: boolean } = {},
): World {
  const cluster = after?.cluster ?? new MemoryCluster();
  const clock = after?.clock ?? new ManualClock();
  const backend = new Backend();
  const machines = new Map<string, MicroVmNode>();
  const ending = new AbortController();
  const running = runFargateScheduler({
    client: cluster,
    backend,
    machines: {
      start(node) {
        machines.set(node.name, node);
        if (!silentKubelets) clock.setTimer(NODE_READY_MS, () => void register(cluster, node));
      },
      stop: (name) => void machines.delete(name),
    },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    timings: { microVmBootMs: 1_000, retryMs: 2_000 },
    region: REGION,
    kubernetesVersion: "v1.35.2-eks-nodeless",
    signal: ending.signal,
  });
  const stop = async (): Promise<void> => {
    ending.abort(new Error("end of test"));
    await running;
  };
  t.after(stop);
  return { cluster, clock, backend, machines, stop };
}

/** What a kubelet does first: the Node, ready. */
async function register(cluster: MemoryCluster, { name, labels, providerId }: MicroVmNode): Promise<void> {
  await cluster
    .resource(NODES)
    .create({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels },
      spec: { providerID: providerId },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    })
    .catch(() => undefined);
}

async function create({ cluster }: World, pod: Pod): Promise<void> {
  await cluster.resource(PODS).create(admit(pod) ?? pod);
}

const eventsOf = ({ cluster }: World, reason: string): readonly string[] =>
  cluster
    .all(EVENTS)
    .filter((event) => event.reason === reason)
    .map(({ type, message, source }) => `${type} ${source?.component}: ${message}`);

const nodeNames = ({ cluster }: World): readonly string[] =>
  cluster.all<Node>(NODES).map(({ metadata }) => metadata.name);

// Admission.

test("admission marks a matched pod as EKS does, and nothing else", () => {
  const pod = podOf(
    "p",
    { priorityClassName: "low", priority: 5, tolerations: [{ key: "a", operator: "Exists" }] },
    { labels: { app: "x" }, annotations: { CapacityProvisioned: "16vCPU 120GB", note: "n" } },
  );
  assert.deepEqual(admit(pod), {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { app: "x", "eks.amazonaws.com/fargate-profile": "fp-default" },
      annotations: {
        note: "n",
        CapacityProvisioned: "1vCPU 2GB",
        Logging: "LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND",
      },
    },
    spec: {
      ...pod.spec,
      schedulerName: "fargate-scheduler",
      priorityClassName: "system-node-critical",
      priority: 2_000_001_000,
    },
  });
  assert.equal(plugin.name, "0500-amazon-eks-fargate-mutation.amazonaws.com");
});

test("a pod beyond every size is marked without a capacity, for its scheduler to refuse", () => {
  const big = podOf("p", { containers: [{ name: "c", resources: { requests: { cpu: "17" } } }] });
  assert.equal(admit(big)?.metadata.annotations?.["CapacityProvisioned"], undefined);
  assert.equal(admit(big)?.spec.schedulerName, "fargate-scheduler");
});

test("only creations of pods are looked at, and the namespace may come from the request", () => {
  const pod = podOf("p");
  assert.equal(admit(pod, { operation: "UPDATE" }), undefined);
  assert.equal(admit(pod, { subresource: "status" }), undefined);
  assert.equal(admit(pod, { resource: "services" }), undefined);
  const { namespace: _, ...unplaced } = pod.metadata;
  assert.notEqual(admit({ ...pod, metadata: unplaced }), undefined);
  assert.equal(admit({ ...pod, metadata: unplaced }, { namespace: "other" }), undefined);
});

// Scheduler.

test("a pod gets a micro-VM whose node carries exactly what EKS nodes carry, and is bound when it is ready", async (t) => {
  const w = world(t);
  await create(w, podOf("p"));
  await w.clock.advance(900);
  assert.deepEqual([...w.machines], [], "still booting");
  await w.clock.advance(500);
  const name = `fargate-ip-10-7-1-1.${REGION}.compute.internal`;
  assert.equal(w.cluster.pod("p")?.spec.nodeName, name);
  const { allocatePodIp, releasePodIp: _, providerId, ...node } = w.machines.get(name) ?? assert.fail("no machine");
  assert.equal(allocatePodIp(podOf("p")), "10.7.1.1");
  assert.match(providerId, new RegExp(`^aws:///${REGION}a/[0-9a-f]{10}-[0-9a-f]{32}/${name}$`));
  assert.deepEqual(node, {
    name,
    labels: {
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      "eks.amazonaws.com/compute-type": "fargate",
      "failure-domain.beta.kubernetes.io/region": REGION,
      "failure-domain.beta.kubernetes.io/zone": `${REGION}a`,
      "kubernetes.io/arch": "amd64",
      "kubernetes.io/hostname": `ip-10-7-1-1.${REGION}.compute.internal`,
      "kubernetes.io/os": "linux",
      "topology.kubernetes.io/region": REGION,
      "topology.kubernetes.io/zone": `${REGION}a`,
    },
    annotations: {
      "node.alpha.kubernetes.io/ttl": "0",
      "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    },
    taints: [{ key: "eks.amazonaws.com/compute-type", value: "fargate", effect: "NoSchedule" }],
    internalIp: "10.7.1.1",
    hostname: `ip-10-7-1-1.${REGION}.compute.internal`,
    capacity: { cpu: "2", memory: "4037540Ki", "ephemeral-storage": "30832548Ki", pods: "1" },
    allocatable: { cpu: "2", memory: "3935140Ki", "ephemeral-storage": "28415276236", pods: "1" },
    kubeletVersion: "v1.35.2-eks-nodeless",
    osImage: "Amazon Linux 2",
    kernelVersion: "5.10.0-nodeless",
    containerRuntimeVersion: "containerd://1.7.0",
    architecture: "amd64",
  });
  assert.deepEqual(eventsOf(w, "Scheduled"), [`Normal fargate-scheduler: Successfully assigned default/p to ${name}`]);
  assert.deepEqual(eventsOf(w, "LoggingDisabled"), [
    'Warning fargate-scheduler: Disabled logging because aws-logging configmap was not found. configmap "aws-logging" not found',
  ]);
});

test("node and address go with the pod object, not before", async (t) => {
  const w = world(t);
  await create(w, podOf("p"));
  await w.clock.advance(2_000);
  const pods = w.cluster.resource(PODS);
  await pods.patch(
    { namespace: "default", name: "p" },
    "merge",
    { status: { phase: "Succeeded" } },
    { subresource: "status" },
  );
  await w.clock.advance(10_000);
  assert.deepEqual([nodeNames(w).length, w.backend.taken.size], [1, 1], "a finished pod keeps its micro-VM");
  await pods.delete({ namespace: "default", name: "p" }, { gracePeriodSeconds: 0 });
  await w.clock.advance(100);
  assert.deepEqual([nodeNames(w), w.backend.taken.size, w.machines.size], [[], 0, 0]);
});

test("a pod deleted while its micro-VM boots leaves nothing behind", async (t) => {
  const w = world(t);
  await create(w, podOf("p"));
  await w.clock.advance(1_050);
  assert.equal(w.machines.size, 1);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(5_000);
  assert.deepEqual([nodeNames(w), w.backend.taken.size, w.machines.size], [[], 0, 0]);
});

for (const { rule, pod, message } of [
  {
    rule: "an unsupported spec",
    pod: podOf("p", { hostNetwork: true }),
    message: "Pod not supported on Fargate: fields not supported: HostNetwork",
  },
  {
    rule: "no size large enough",
    pod: podOf("p", { containers: [{ name: "c", resources: { requests: { cpu: "17" } } }] }),
    message:
      "Pod not supported on Fargate: the pod requests 17 vCPU and, with 256 MiB for the system, 0.25 GB; the largest size is 16vCPU 120GB",
  },
  {
    rule: "a node selector no Fargate node meets",
    pod: podOf("p", { nodeSelector: { disk: "ssd" } }),
    message: "MatchNodeSelector failed: Fargate profile fp-default cannot satisfy disk=ssd",
  },
])
  test(`refused: ${rule}`, async (t) => {
    const w = world(t);
    await create(w, pod);
    await w.clock.advance(10_000);
    assert.deepEqual(eventsOf(w, "FailedScheduling"), [`Warning fargate-scheduler: ${message}`]);
    assert.equal(w.backend.taken.size, 0);
  });

test("a refusal of the backend is the event, and is tried again", async (t) => {
  const w = world(t);
  w.backend.refusal = "Your AWS account is currently blocked and thus cannot launch any Fargate pods";
  await create(w, podOf("p"));
  await w.clock.advance(100);
  assert.deepEqual(eventsOf(w, "FailedScheduling"), [`Warning fargate-scheduler: ${w.backend.refusal}`]);
  w.backend.refusal = undefined;
  await w.clock.advance(5_000);
  assert.notEqual(w.cluster.pod("p")?.spec.nodeName, undefined);
});

test("a claim that becomes bound lets its pod go on", async (t) => {
  const w = world(t);
  await create(w, podOf("p", { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] }));
  await w.clock.advance(100);
  assert.match(eventsOf(w, "FailedScheduling")[0] ?? "", /persistentvolumeclaim "data" not found$/);
  await w.cluster.resource(PERSISTENT_VOLUME_CLAIMS).create({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "default" },
    spec: {},
    status: { phase: "Bound" },
  });
  await w.clock.advance(5_000);
  assert.notEqual(w.cluster.pod("p")?.spec.nodeName, undefined);
});

test("the zone of a node selector is honoured, and the next allowed zone is tried", async (t) => {
  const w = world(t);
  const zones = { key: "topology.kubernetes.io/zone", operator: "In", values: [`${REGION}d`, `${REGION}b`] };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [zones] }] },
  };
  await create(w, podOf("p", { affinity: { nodeAffinity } }));
  await w.clock.advance(2_000);
  assert.match(w.cluster.pod("p")?.spec.nodeName ?? "", /^fargate-ip-10-7-2-1\./);
});

test("a profile that is gone launches nothing new", async (t) => {
  const w = world(t);
  w.backend.profile = { ...PROFILE, status: "DELETING" };
  await create(w, podOf("p"));
  await w.clock.advance(100);
  assert.match(eventsOf(w, "FailedScheduling")[0] ?? "", /blocked for new launches due to: profile is DELETING$/);
});

test("a node that never registers is given up and tried again elsewhere", async (t) => {
  const w = world(t, { silentKubelets: true });
  await create(w, podOf("p"));
  await w.clock.advance(302_000);
  assert.deepEqual(eventsOf(w, "FailedScheduling"), [
    "Warning fargate-scheduler: Pod provisioning timed out (will retry)",
  ]);
  await w.clock.advance(4_000);
  assert.deepEqual([...w.machines.keys()], [`fargate-ip-10-7-1-2.${REGION}.compute.internal`]);
  assert.deepEqual([...w.backend.taken], ["10.7.1.2"]);
});

test("a lost bind is tried again", async (t) => {
  const w = world(t);
  w.cluster.failNext("create pods/p/binding", 500, "InternalError");
  await create(w, podOf("p"));
  await w.clock.advance(5_000);
  assert.notEqual(w.cluster.pod("p")?.spec.nodeName, undefined);
});

test("after a restart running micro-VMs are taken up and half-made nodes go", async (t) => {
  const first = world(t);
  await create(first, podOf("bound"));
  await first.clock.advance(2_000);
  const before = first.cluster.pod("bound");
  const half = `fargate-ip-10-7-9-9.${REGION}.compute.internal`;
  await first.stop();
  await first.cluster.resource(NODES).create({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: half, labels: { "eks.amazonaws.com/compute-type": "fargate" } },
    spec: {},
  });
  await first.cluster.resource(NODES).create({ apiVersion: "v1", kind: "Node", metadata: { name: "ec2" }, spec: {} });
  const second = world(t, { after: first });
  await second.clock.advance(2_000);
  assert.deepEqual(second.cluster.pod("bound"), before);
  assert.deepEqual([...second.machines.keys()], [before?.spec.nodeName]);
  assert.equal(
    second.machines.get(before?.spec.nodeName ?? "")?.providerId,
    first.machines.get(before?.spec.nodeName ?? "")?.providerId,
  );
  assert.deepEqual([...second.backend.taken], ["10.7.1.1"]);
  assert.deepEqual(nodeNames(second), [before?.spec.nodeName, "ec2"]);
  await second.cluster.resource(PODS).delete({ namespace: "default", name: "bound" }, { gracePeriodSeconds: 0 });
  await second.clock.advance(100);
  assert.deepEqual([nodeNames(second), second.backend.taken.size], [["ec2"], 0]);
});

test("a pod that only names the scheduler has no profile and stays pending", async (t) => {
  const w = world(t);
  await w.cluster.resource(PODS).create(podOf("p", { schedulerName: "fargate-scheduler" }));
  await w.clock.advance(10_000);
  assert.equal(w.cluster.pod("p")?.spec.nodeName, undefined);
  assert.equal(w.backend.taken.size, 0);
});
