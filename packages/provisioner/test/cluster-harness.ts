import type { EC2NodeClass, Event, Node, NodeClaim, NodePool, NodePoolSpec, Pod, Taint } from "@nodeless/api";
import type { CloudInstance, LaunchRequest } from "@nodeless/cloud";
import { FAKE_INSTANCE_TYPES, FakeCloud } from "@nodeless/cloud/fake";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { parseProvisionerSettings, runProvisioner } from "@nodeless/provisioner";
import { createKubernetesClient } from "@nodeless/runtime";
import { FakeApiServer } from "./fake-api-server.ts";

export const CLAIMS = "/apis/karpenter.sh/v1/nodeclaims";
export const POOLS = "/apis/karpenter.sh/v1/nodepools";
export const CLASSES = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses";
export const PROVISIONERS = "/apis/karpenter.sh/v1alpha5/provisioners";
export const TEMPLATES = "/apis/karpenter.k8s.aws/v1alpha1/awsnodetemplates";
export const PODS = "/api/v1/namespaces/default/pods";
export const NODES = "/api/v1/nodes";

/** A cluster that consists of an API, a cloud whose instances become nodes, and provisioners; time moves only by hand. */
export class ClusterHarness {
  readonly clock = new ManualClock();
  readonly api = new FakeApiServer(this.clock);
  readonly cloud: FakeCloud;
  /** False: instances boot, but their kubelets never report. */
  kubeletsWork = true;
  readonly #replicas: { readonly stop: AbortController; readonly done: Promise<void> }[] = [];
  readonly #env: ReadonlyMap<string, string>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = new Map(Object.entries({ CLUSTER_NAME: "test", DISABLE_LEADER_ELECTION: "true", ...env }));
    this.cloud = new FakeCloud({
      clock: this.clock,
      resolveMs: 300,
      bootMs: 5_000,
      terminationMs: 3_000,
      onRunning: (instance, request) => this.#kubelet(instance, request),
      onEnded: (instance) => this.#kubeletStops(instance),
    });
  }

  start(identity = "a"): AbortController {
    const stop = new AbortController();
    const done = runProvisioner({
      client: createKubernetesClient({ transport: this.api.transport }),
      cloud: this.cloud,
      clock: this.clock,
      random: seededRandom(identity),
      logger: silentLogger,
      settings: parseProvisionerSettings(this.#env),
      identity,
      signal: stop.signal,
    });
    this.#replicas.push({ stop, done });
    return stop;
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#replicas) stop.abort(new Error("test over"));
    for (const { done } of this.#replicas) await done;
  }

  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await this.clock.advance(1_000);
    await this.clock.advance(0);
  }

  pool(
    name = "default",
    spec: Partial<Omit<NodePoolSpec, "template">> & {
      readonly requirements?: NodePoolSpec["template"]["spec"]["requirements"];
      readonly taints?: readonly Taint[];
      readonly startupTaints?: readonly Taint[];
      readonly expireAfter?: string;
    } = {},
  ): void {
    const { requirements = [], taints = [], startupTaints = [], expireAfter = "Never", ...rest } = spec;
    const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
    const template = { spec: { requirements, taints, startupTaints, nodeClassRef, expireAfter } };
    const pool: Pick<NodePool, "apiVersion" | "kind" | "spec"> = {
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      spec: { disruption: { consolidateAfter: "30s" }, ...rest, template },
    };
    this.api.put(`${POOLS}/${name}`, { ...pool, metadata: {} });
    if (this.api.get(`${CLASSES}/default`) === undefined) this.nodeClass();
  }

  nodeClass(name = "default"): void {
    const nodeClass: Pick<EC2NodeClass, "apiVersion" | "kind" | "spec"> = {
      apiVersion: "karpenter.k8s.aws/v1",
      kind: "EC2NodeClass",
      spec: {
        subnetSelectorTerms: [],
        securityGroupSelectorTerms: [],
        amiSelectorTerms: [{ alias: "al2023@latest" }],
        role: "node",
      },
    };
    this.api.put(`${CLASSES}/${name}`, { ...nodeClass, metadata: {} });
  }

  /** A pod that the scheduler has found unschedulable. */
  pod(
    name: string,
    {
      cpu = "500m",
      spec = {},
      metadata = {},
    }: { readonly cpu?: string; readonly spec?: object; readonly metadata?: object } = {},
  ): void {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        schedulerName: "default-scheduler",
        containers: [{ name: "main", image: "app", resources: { requests: { cpu, memory: "256Mi" } } }],
        ...spec,
      },
      status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] },
    };
    this.api.put(`${PODS}/${name}`, pod);
  }

  bind(podName: string, nodeName: string): void {
    this.api.edit(`${PODS}/${podName}`, (pod) => ({
      spec: { ...(pod.spec as object), nodeName },
      status: {
        phase: "Running",
        startTime: this.clock.now().toISOString(),
        conditions: [{ type: "PodScheduled", status: "True" }],
      },
    }));
  }

  get claims(): readonly NodeClaim[] {
    return this.api.list<NodeClaim>(CLAIMS);
  }

  get nodes(): readonly Node[] {
    return this.api.list<Node>(NODES);
  }

  get pods(): readonly Pod[] {
    return this.api.list<Pod>("/api/v1/pods");
  }

  /** `Reason object: message`. */
  get events(): readonly string[] {
    return this.api
      .list<Event>("/api/v1/events")
      .map(({ reason, involvedObject, message }) => `${reason} ${involvedObject.name}: ${message}`);
  }

  /** The conditions of an object as `Type=Status(Reason)`. */
  conditions(path: string): readonly string[] {
    const { status } = this.api.get<NodeClaim>(path) ?? {};
    return (status?.conditions ?? []).map(
      ({ type, status: value, reason }) => `${type}=${value}${reason === type ? "" : `(${reason})`}`,
    );
  }

  #kubelet(instance: CloudInstance, request: LaunchRequest): void {
    if (!this.kubeletsWork) return;
    const type = FAKE_INSTANCE_TYPES.find(({ name }) => name === instance.instanceType);
    const amounts = { cpu: `${type?.capacity.get("cpu")}m`, memory: String(type?.capacity.get("memory")), pods: "110" };
    this.api.put(`${NODES}/${instance.privateDnsName}`, {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        labels: {
          ...request.labels,
          "kubernetes.io/hostname": instance.privateDnsName,
          "topology.kubernetes.io/zone": instance.zone,
          "node.kubernetes.io/instance-type": instance.instanceType,
        },
      },
      spec: { providerID: instance.providerId, taints: request.taints },
      status: { capacity: amounts, allocatable: amounts, conditions: [{ type: "Ready", status: "True" }] },
    } as Parameters<FakeApiServer["put"]>[1]);
  }

  #kubeletStops({ privateDnsName }: CloudInstance): void {
    if (this.api.get(`${NODES}/${privateDnsName}`) === undefined) return;
    this.api.edit(`${NODES}/${privateDnsName}`, ({ status }) => ({
      status: { ...(status as object), conditions: [{ type: "Ready", status: "Unknown" }] },
    }));
  }
}
