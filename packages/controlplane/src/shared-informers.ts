import type { KubernetesObject, Pod, ResourceType } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { type ControllerSource, createInformer, type Informer, type KubernetesClient } from "@nodeless/runtime";
import { controllerOf } from "./workload/controller-ref.ts";

interface Running {
  readonly informer: Informer<KubernetesObject>;
  readonly stop: AbortController;
  readonly stopped: Promise<void>;
}

/** Indexes that every shared informer keeps. */
const INDEXES = {
  namespace: (object: KubernetesObject): readonly string[] => present(object.metadata.namespace),
  /** By the uid of the managing owner. */
  controller: (object: KubernetesObject): readonly string[] => present(controllerOf(object)?.uid),
  /** Objects that nobody manages, by namespace. */
  orphansOfNamespace: (object: KubernetesObject): readonly string[] =>
    controllerOf(object) === undefined ? present(object.metadata.namespace) : [],
  /** By the uid of every owner. */
  owner: (object: KubernetesObject): readonly string[] =>
    (object.metadata.ownerReferences ?? []).map((reference) => reference.uid),
  /** Pods by the node they are bound to. */
  node: (object: KubernetesObject): readonly string[] =>
    object.kind === "Pod" ? present((object as Pod).spec.nodeName) : [],
} as const;

function present(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [value];
}

/** One informer per resource for all controllers; each starts when first asked for. */
export class SharedInformers {
  readonly #running = new Map<string, Running>();
  readonly #ports: {
    readonly client: KubernetesClient;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  };

  constructor(ports: {
    readonly client: KubernetesClient;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#ports = ports;
  }

  /** The resource's informer, with the indexes `namespace`, `controller`, `orphansOfNamespace`, `owner` and (pods) `node`. */
  of<T extends KubernetesObject>(type: ResourceType<T>): Informer<T> {
    const key = resourceKey(type);
    const running = this.#running.get(key) ?? this.#start(type);
    this.#running.set(key, running);
    return running.informer as unknown as Informer<T>;
  }

  /** Ends the informer of a resource that the server no longer serves. */
  async stop(type: ResourceType): Promise<void> {
    const key = resourceKey(type);
    const running = this.#running.get(key);
    this.#running.delete(key);
    running?.stop.abort(new Error(`${key} is no longer served`));
    await running?.stopped;
  }

  /** Settles when every informer has ended. */
  async stopped(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ stopped }) => stopped));
  }

  #start(type: ResourceType): Running {
    const { client, signal, ...ports } = this.#ports;
    const logger = ports.logger.with({ resource: resourceKey(type) });
    const informer = createInformer({ ...ports, logger, client: client.resource(type), indexes: INDEXES });
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const stopped = informer.run(both).catch((error: unknown) => {
      if (!both.aborted) logger.error("an informer ended", { error });
    });
    return { informer, stop, stopped };
  }
}

/** `resource.group`, whatever the version: all versions show the same objects. */
export function resourceKey({ group, resource }: Pick<ResourceType, "group" | "resource">): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** A source that only waits for a cache: the controller reads it, but its changes alone are no reason to act. */
export function readOnlySource<T extends KubernetesObject>(informer: Informer<T>): ControllerSource {
  return { synced: (signal) => informer.synced(signal), subscribe: () => undefined };
}
