import type { Fresh, KubernetesObject, Node, Pod, ResourceType } from "@nodeless/api";
import { NODES, PODS } from "@nodeless/api";
import { type ApiServer, createApiServer, generateServiceAccountKey } from "@nodeless/apiserver";
import { type ControllerSettings, runControllers, SharedInformers } from "@nodeless/controlplane";
import { type Logger, seededRandom, silentLogger, systemClock } from "@nodeless/environment";
import { createKubernetesClient, isConflict, type KubernetesClient, transportOf } from "@nodeless/runtime";
import { openMemoryStore } from "@nodeless/storage";

const key = await generateServiceAccountKey();

/** An embedded API server with the built-in controllers over it; the test plays kubelet and scheduler. */
export class ControllerCluster implements AsyncDisposable {
  readonly client: KubernetesClient;
  readonly #server: ApiServer;
  readonly #settings: Partial<ControllerSettings>;
  readonly #logger: Logger;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(server: ApiServer, settings: Partial<ControllerSettings>, logger: Logger) {
    this.#server = server;
    this.#settings = settings;
    this.#logger = logger;
    const user = { username: "system:kube-controller-manager", groups: ["system:masters", "system:authenticated"] };
    this.client = createKubernetesClient({ transport: transportOf((request) => server.handle(request), user) });
  }

  static async start(
    options: { readonly settings?: Partial<ControllerSettings>; readonly logger?: Logger } = {},
  ): Promise<ControllerCluster> {
    const server = await createApiServer({
      store: openMemoryStore(),
      serviceAccountKey: key,
      issuer: "https://issuer.test",
      random: seededRandom("controllers"),
    });
    const cluster = new ControllerCluster(server, options.settings ?? {}, options.logger ?? silentLogger);
    cluster.startControllers();
    return cluster;
  }

  startControllers(): void {
    this.#stop = new AbortController();
    const ports = {
      client: this.client,
      clock: systemClock,
      random: seededRandom("controllers"),
      logger: this.#logger,
      signal: this.#stop.signal,
    };
    const informers = new SharedInformers(ports);
    const controllers = runControllers({ ...ports, informers, settings: this.#settings });
    this.#running = controllers.finally(() => informers.stopped());
  }

  async stopControllers(): Promise<void> {
    this.#stop?.abort(new Error("the test stops the controllers"));
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopControllers();
    await this.#server.close();
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>, labelSelector?: string): Promise<readonly T[]> {
    return (await this.client.resource(type).list(labelSelector === undefined ? {} : { labelSelector })).items;
  }

  /** Reads until the condition holds; fails with what was last seen. */
  async until<T>(what: string, read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
    const deadlineMs = systemClock.monotonicMs() + 20_000;
    for (;;) {
      const value = await read();
      if (holds(value)) return value;
      if (systemClock.monotonicMs() > deadlineMs)
        throw new Error(`${what} did not come true; last seen: ${JSON.stringify(value, undefined, 1).slice(0, 6_000)}`);
      await systemClock.sleep(5);
    }
  }

  /** Reads, changes and writes until nobody else wrote in between. */
  async change<T extends KubernetesObject>(
    type: ResourceType<T>,
    reference: { readonly namespace?: string; readonly name: string },
    edit: (object: T) => T,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.client.resource(type).update(edit(await this.client.resource(type).get(reference)));
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  /** Plays the kubelet: pods that are not finished run and are ready, deleted ones go. Runs until the signal fires. */
  async runPods(signal: AbortSignal): Promise<void> {
    let next = 1;
    while (!signal.aborted) {
      for (const pod of await this.list(PODS)) {
        if (pod.metadata.deletionTimestamp !== undefined) await this.remove(pod);
        else if (pod.status?.phase === "Pending") {
          next += 1;
          await this.report(pod, "Running", `10.0.${next >> 8}.${next & 255}`);
        }
      }
      await systemClock.sleep(5);
    }
  }

  async remove({ metadata }: Pod): Promise<void> {
    try {
      await this.client.resource(PODS).delete(metadata, { gracePeriodSeconds: 0, uid: metadata.uid });
    } catch {
      // Somebody else was faster.
    }
  }

  /** Reports a phase as a kubelet would. */
  async report({ metadata }: Pod, phase: string, podIP?: string): Promise<void> {
    const status = phase === "Running" ? "True" : "False";
    const lastTransitionTime = systemClock
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    const conditions = [{ type: "Ready", status, lastTransitionTime }];
    try {
      await this.client
        .resource(PODS)
        .patch(
          metadata,
          "strategic",
          { status: { phase, conditions, ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }) } },
          { subresource: "status" },
        );
    } catch {
      // The pod has gone meanwhile.
    }
  }

  /** Registers a node that reports Ready. */
  async addNode(
    name: string,
    node: Partial<Pick<Node, "spec">> & { labels?: Record<string, string> } = {},
  ): Promise<Node> {
    const object: Fresh<Node> = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/hostname": name, ...node.labels } },
      spec: node.spec ?? {},
    };
    const created = await this.client.resource(NODES).create(object);
    const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: created.metadata.creationTimestamp }];
    return await this.client.resource(NODES).updateStatus({ ...created, status: { ...created.status, conditions } });
  }
}
