import type { KubernetesObject } from "@nodeless/api";
import type { Clock } from "@nodeless/environment";
import type { InstanceType, Offering, Requirement, Requirements } from "@nodeless/scheduling";
import {
  CloudError,
  InstanceNotFoundError,
  InsufficientCapacityError,
  NodeClassNotReadyError,
  type OfferingKey,
} from "../errors.ts";
import type { CloudInstance, CloudProvider, LaunchRequest, NodeClassStatus } from "../provider.ts";
import { FAKE_INSTANCE_TYPES } from "./instance-types.ts";

/** How a fake cloud is made. */
export interface FakeCloudOptions {
  readonly clock: Clock;
  /** Default {@link FAKE_INSTANCE_TYPES}. */
  readonly instanceTypes?: readonly InstanceType[];
  /** How long resolving a node class takes. Default 0. */
  readonly resolveMs?: number;
  /** From launch to running. Default 0. */
  readonly bootMs?: number;
  /** From terminate to gone. Default 0: gone at once. */
  readonly terminationMs?: number;
  /** Called when an instance runs, as its kubelet would start now. */
  readonly onRunning?: (instance: CloudInstance, request: LaunchRequest) => void;
  /** Called when an instance has ended, by request or by {@link FakeCloud.vanish}. */
  readonly onEnded?: (instance: CloudInstance) => void;
}

type Operation = Exclude<keyof CloudProvider, symbol>;

interface FakeInstance {
  current: CloudInstance;
  readonly request: LaunchRequest;
}

/** A cloud in memory that keeps the port's contract, with failures on demand. For tests and simulation. */
export class FakeCloud implements CloudProvider {
  /** Every call as `operation subject`, in order. */
  readonly calls: string[] = [];
  readonly #options: FakeCloudOptions;
  readonly #instances = new Map<string, FakeInstance>();
  readonly #byClaim = new Map<string, string>();
  readonly #failures: { readonly operation: Operation; readonly error: Error }[] = [];
  readonly #exhausted = new Set<string>();
  readonly #notReady = new Map<string, string>();
  readonly #resolved = new Set<string>();
  #sequence = 0;

  constructor(options: FakeCloudOptions) {
    this.#options = options;
  }

  /** The next call of this operation rejects with the error. */
  failNext(operation: Operation, error: Error): void {
    this.#failures.push({ operation, error });
  }

  /** Launches into this offering fail from now on, until {@link restore}. Reported prices and availability do not change. */
  exhaust(offering: OfferingKey): void {
    this.#exhausted.add(formatOffering(offering));
  }

  restore(offering: OfferingKey): void {
    this.#exhausted.delete(formatOffering(offering));
  }

  /** The node class stops being ready for this reason; undefined makes it ready again. */
  setNodeClassProblem(nodeClass: string, why: string | undefined): void {
    if (why === undefined) this.#notReady.delete(nodeClass);
    else this.#notReady.set(nodeClass, why);
  }

  /** What a restarted process has forgotten: node classes must be reconciled again before they can be used. */
  forgetNodeClasses(): void {
    this.#resolved.clear();
  }

  /** The instance disappears without anybody having asked: a failed host. */
  vanish(providerId: string): void {
    this.#end(providerId);
  }

  /** Puts an instance with our tags there that no claim knows: a crash between launch and bookkeeping. */
  leak(request: LaunchRequest): CloudInstance {
    return this.#start(request).current;
  }

  get instances(): readonly CloudInstance[] {
    return [...this.#instances.values()].map(({ current }) => current);
  }

  async instanceTypes(nodeClass: string, signal?: AbortSignal): Promise<readonly InstanceType[]> {
    this.#enter("instanceTypes", nodeClass, signal);
    this.#assertReady(nodeClass);
    return this.#options.instanceTypes ?? FAKE_INSTANCE_TYPES;
  }

  async launch(request: LaunchRequest, signal?: AbortSignal): Promise<CloudInstance> {
    this.#enter("launch", request.claimName, signal);
    const known = this.#byClaim.get(request.claimUid);
    const running = known === undefined ? undefined : this.#instances.get(known);
    if (running !== undefined) return running.current;
    this.#assertReady(request.nodeClass);
    return this.#start(request).current;
  }

  async terminate(providerId: string, signal?: AbortSignal): Promise<void> {
    this.#enter("terminate", providerId, signal);
    const instance = this.#known(providerId);
    if (instance.current.state === "shutting-down") return;
    instance.current = { ...instance.current, state: "shutting-down" };
    const { terminationMs = 0, clock } = this.#options;
    if (terminationMs === 0) this.#end(providerId);
    else clock.setTimer(terminationMs, () => this.#end(providerId));
  }

  async get(providerId: string, signal?: AbortSignal): Promise<CloudInstance> {
    this.#enter("get", providerId, signal);
    return this.#known(providerId).current;
  }

  async list(signal?: AbortSignal): Promise<readonly CloudInstance[]> {
    this.#enter("list", "", signal);
    return this.instances;
  }

  async tagRegistered(
    providerId: string,
    names: { readonly nodeName: string; readonly claimName: string },
    signal?: AbortSignal,
  ): Promise<void> {
    this.#enter("tagRegistered", providerId, signal);
    const instance = this.#known(providerId);
    const tags = new Map([
      ...instance.current.tags,
      ["Name", names.nodeName],
      ["karpenter.sh/nodeclaim", names.claimName],
    ]);
    instance.current = { ...instance.current, tags };
  }

  async reconcileNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<NodeClassStatus> {
    const { name } = nodeClass.metadata;
    this.#enter("reconcileNodeClass", name, signal);
    const { resolveMs = 0, clock } = this.#options;
    if (resolveMs > 0) await clock.sleep(resolveMs, signal);
    this.#resolved.add(name);
    const problem = this.#notReady.get(name);
    const types = ["AMIsReady", "SubnetsReady", "SecurityGroupsReady", "InstanceProfileReady", "ValidationSucceeded"];
    return {
      subnets: [{ id: "subnet-a", zone: "zone-a" }],
      securityGroups: [{ id: "sg-a", name: "nodes" }],
      amis: [{ id: "ami-a", name: "fake", requirements: [] }],
      instanceProfile: "fake",
      conditions: types.map((type) =>
        type === "SubnetsReady" && problem !== undefined
          ? { type, status: "False", reason: "SubnetsNotFound", message: problem }
          : { type, status: "True", reason: type, message: "" },
      ),
    };
  }

  async deleteNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<void> {
    this.#enter("deleteNodeClass", nodeClass.metadata.name, signal);
    this.#resolved.delete(nodeClass.metadata.name);
  }

  #enter(operation: Operation, subject: string, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.calls.push(`${operation} ${subject}`.trimEnd());
    const index = this.#failures.findIndex((failure) => failure.operation === operation);
    const [failure] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (failure !== undefined) throw failure.error;
  }

  #assertReady(nodeClass: string): void {
    const problem = this.#resolved.has(nodeClass) ? this.#notReady.get(nodeClass) : "it was not resolved yet";
    if (problem !== undefined) throw new NodeClassNotReadyError(nodeClass, problem);
  }

  #known(providerId: string): FakeInstance {
    const instance = this.#instances.get(providerId);
    if (instance === undefined) throw new InstanceNotFoundError(providerId);
    return instance;
  }

  #start(request: LaunchRequest): FakeInstance {
    const { clock, bootMs = 0, onRunning } = this.#options;
    const { instanceType, offering } = this.#choose(request);
    this.#sequence += 1;
    const instanceId = `i-${String(this.#sequence).padStart(17, "0")}`;
    const current: CloudInstance = {
      providerId: `aws:///${offering.zone}/${instanceId}`,
      instanceId,
      instanceType: instanceType.name,
      zone: offering.zone,
      capacityType: offering.capacityType,
      imageId: "ami-a",
      tags: new Map([
        ["karpenter.sh/nodepool", request.nodePool],
        ["karpenter.k8s.aws/ec2nodeclass", request.nodeClass],
      ]),
      launchTime: clock.now(),
      state: bootMs === 0 ? "running" : "pending",
      privateDnsName: `ip-10-0-${this.#sequence >> 8}-${this.#sequence & 255}.fake.internal`,
    };
    const instance: FakeInstance = { current, request };
    this.#instances.set(current.providerId, instance);
    this.#byClaim.set(request.claimUid, current.providerId);
    clock.setTimer(bootMs, () => {
      if (!this.#instances.has(current.providerId) || instance.current.state === "shutting-down") return;
      instance.current = { ...instance.current, state: "running" };
      onRunning?.(instance.current, request);
    });
    return instance;
  }

  /** The cheapest offering that the request allows and that is not exhausted; spot before on-demand, as prices have it. */
  #choose({ instanceTypes, requirements }: LaunchRequest): {
    readonly instanceType: InstanceType;
    readonly offering: Offering;
  } {
    const allowed = instanceTypes.flatMap((instanceType) =>
      instanceType.offerings
        .filter((offering) => offering.available && allows(requirements, offering))
        .map((offering) => ({ instanceType, offering })),
    );
    if (allowed.length === 0) throw new CloudError("LaunchFailed", "the request allows no offering at all");
    const left = allowed.filter(
      ({ instanceType, offering }) => !this.#exhausted.has(formatOffering(keyOf(instanceType, offering))),
    );
    const [cheapest] = left.sort((a, b) => a.offering.priceUsdPerHour - b.offering.priceUsdPerHour);
    if (cheapest === undefined)
      throw new InsufficientCapacityError(allowed.map(({ instanceType, offering }) => keyOf(instanceType, offering)));
    return cheapest;
  }

  #end(providerId: string): void {
    const instance = this.#instances.get(providerId);
    if (instance === undefined) return;
    this.#instances.delete(providerId);
    this.#byClaim.delete(instance.request.claimUid);
    this.#options.onEnded?.({ ...instance.current, state: "terminated" });
  }
}

function keyOf(instanceType: InstanceType, { zone, capacityType }: Offering): OfferingKey {
  return { instanceType: instanceType.name, zone, capacityType };
}

function formatOffering({ instanceType, zone, capacityType }: OfferingKey): string {
  return `${instanceType}/${zone}/${capacityType}`;
}

function allows(requirements: Requirements, { zone, capacityType }: Offering): boolean {
  return (
    has(requirements.get("topology.kubernetes.io/zone"), zone) &&
    has(requirements.get("karpenter.sh/capacity-type"), capacityType)
  );
}

function has(requirement: Requirement | undefined, value: string): boolean {
  return requirement === undefined || requirement.values.has(value) !== requirement.complement;
}
