import type { Node, Pod } from "@nodeless/api";
import { LEASES, NODES } from "@nodeless/api";
import { isAlreadyExists, isConflict, isNotFound, timestamp } from "@nodeless/runtime";
import type { NodeRegistration } from "./contract.ts";
import { ImageCache } from "./images.ts";
import type { KubeletServices, PodNode } from "./kubelet-services.ts";
import { leaseOf, microTime, NODE_LEASE_NAMESPACE, nodeConditions, nodeOf, nodeStatusOf } from "./node-objects.ts";
import { NodeResources } from "./node-resources.ts";
import { PodWorker } from "./pod-worker.ts";

/** A status that does not change is still posted so often. Source: the default nodeStatusReportFrequency. */
const STATUS_REPORT_MS = 300_000;
/** Registration is tried again after this while the server does not answer. */
const RETRY_MS = 500;

/** The kubelet of one node: registers it, keeps it alive, and holds the workers of its pods. */
export class NodeAgent implements PodNode {
  readonly registration: NodeRegistration;
  readonly images: ImageCache = new ImageCache();
  readonly resources: NodeResources;
  readonly #services: KubeletServices;
  /** Workers by pod uid. */
  readonly #workers = new Map<string, PodWorker>();
  #node: Node | undefined;
  #ready = false;
  #stopped = false;

  constructor(services: KubeletServices, registration: NodeRegistration) {
    this.#services = services;
    this.registration = registration;
    this.resources = new NodeResources(registration.allocatable);
  }

  /** Begins to register; goes on by itself until stopped. */
  start(): void {
    void this.#register();
  }

  /** The machine is gone: nothing more is written, code of its containers is told to stop. */
  stop(): void {
    this.#stopped = true;
    for (const worker of this.#workers.values()) worker.close();
    this.#workers.clear();
  }

  /** A pod bound to this node appeared or changed. */
  observe(pod: Pod): void {
    const { uid } = pod.metadata;
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(this.#services, this, pod);
    this.#workers.set(uid, worker);
    if (this.#ready || !worker.needsNetwork || pod.metadata.deletionTimestamp !== undefined) worker.start();
  }

  /** A pod of this node is gone from the server. */
  forget(pod: Pod): void {
    this.#workers.get(pod.metadata.uid)?.close();
    this.#workers.delete(pod.metadata.uid);
  }

  workerOf(pod: Pod): PodWorker | undefined {
    return this.#workers.get(pod.metadata.uid);
  }

  async #register(): Promise<void> {
    const { timings, logger, wheel, signal } = this.#services;
    try {
      const { node, adopted } = await this.#createOrAdopt();
      if (this.#stopped) return;
      this.#node = node;
      // Unknown is what others wrote while this process was away: the machine ran on.
      const known = node.status?.conditions?.find(({ type }) => type === "Ready")?.status;
      const wasReady = adopted && (known === "True" || known === "Unknown");
      await this.#reportStatus(wasReady);
      if (this.#stopped) return;
      this.#event("Starting", "Starting kubelet.");
      if (wasReady) this.#becomeReady();
      else wheel.after(timings.nodeReadyMs, () => void this.#reportReady());
      this.#renewLease();
      this.#scheduleReport();
    } catch (error) {
      if (this.#stopped || signal.aborted) return;
      logger.warn("could not register a node, trying again", { node: this.registration.name, error });
      wheel.after(RETRY_MS, () => {
        if (!this.#stopped) void this.#register();
      });
    }
  }

  /** An existing Node of the same name is this one before a restart: its labels and taints are the cluster's business now. */
  async #createOrAdopt(): Promise<{ readonly node: Node; readonly adopted: boolean }> {
    const { client, signal } = this.#services;
    const nodes = client.resource(NODES);
    try {
      return { node: await nodes.create(nodeOf(this.registration), { signal }), adopted: false };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return { node: await nodes.get({ name: this.registration.name }, { signal }), adopted: true };
    }
  }

  async #reportReady(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#reportStatus(true);
      if (this.#stopped) return;
      this.#event("NodeReady", `Node ${this.registration.name} status is now: NodeReady`);
      this.#becomeReady();
    } catch (error) {
      // The Node was deleted while it started: a real kubelet would not come back either.
      if (this.#stopped || this.#services.signal.aborted || isNotFound(error)) return;
      this.#services.wheel.after(RETRY_MS, () => void this.#reportReady());
    }
  }

  #becomeReady(): void {
    this.#ready = true;
    for (const worker of this.#workers.values()) worker.start();
  }

  async #reportStatus(ready: boolean): Promise<void> {
    const { client, clock, signal } = this.#services;
    const conditions = nodeConditions(ready, timestamp(clock.now()), this.#node?.status?.conditions);
    const status = nodeStatusOf(this.registration, conditions);
    const { name } = this.registration;
    this.#node = await client
      .resource(NODES)
      .patch({ name }, "strategic", { status }, { subresource: "status", signal });
  }

  /** Spread over the period by chance, so that thousands of nodes do not report in one instant. */
  #scheduleReport(): void {
    const { wheel, random, logger, signal } = this.#services;
    wheel.after(STATUS_REPORT_MS * (0.5 + random.next()), () => {
      if (this.#stopped) return;
      this.#reportStatus(this.#ready).catch((error: unknown) => {
        if (!signal.aborted && !isNotFound(error)) logger.warn("could not report a node's status", { error });
      });
      this.#scheduleReport();
    });
  }

  #renewLease(): void {
    if (this.#stopped) return;
    const { wheel, random, timings, logger, signal } = this.#services;
    this.#writeLease().catch((error: unknown) => {
      if (!signal.aborted) logger.warn("could not renew a node lease", { node: this.registration.name, error });
    });
    wheel.after(timings.leaseRenewMs * (1 - LEASE_JITTER * random.next()), () => this.#renewLease());
  }

  async #writeLease(): Promise<void> {
    const { client, clock, signal } = this.#services;
    const { name } = this.registration;
    const leases = client.resource(LEASES);
    const renewal = { spec: { holderIdentity: name, renewTime: microTime(clock.now()) } };
    try {
      await leases.patch({ namespace: NODE_LEASE_NAMESPACE, name }, "merge", renewal, { signal });
      return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      if (this.#node !== undefined && !this.#stopped) await leases.create(leaseOf(this.#node, clock.now()), { signal });
    } catch (error) {
      // Lost a race, or the namespace is not there yet: the next renewal settles it.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
    }
  }

  #event(reason: string, message: string): void {
    if (this.#node === undefined) return;
    const { name } = this.registration;
    this.#services.events.record({ subject: this.#node, nodeName: name, type: "Normal", reason, message });
  }
}

/** Renewals come up to this share early, so that leases of nodes that started together drift apart. */
const LEASE_JITTER = 0.1;
