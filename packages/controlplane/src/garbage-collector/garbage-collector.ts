import type { KubernetesObject, OwnerReference, ResourceType } from "@nodeless/api";
import { CUSTOM_RESOURCE_DEFINITIONS } from "@nodeless/api";
import type { ControllerSource, Informer, ReconcileResult } from "@nodeless/runtime";
import { createWakeUp } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { discoverResources } from "../discovery/discover-resources.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { type GraphNode, graphKey, OwnershipGraph } from "./ownership-graph.ts";
import {
  blocksOwner,
  FOREGROUND_FINALIZER,
  isOrphaning,
  isWaiting,
  ORPHAN_FINALIZER,
  type OwnerState,
  planDependent,
} from "./plan-dependent.ts";

/** Discovery is read again this often even when no CRD changed. Source: garbagecollector Sync period. */
const DISCOVERY_PERIOD_MS = 30_000;
/** Deletions at a time: upstream has 20 over a network; in process the log commits a whole batch at once. */
const CONCURRENCY = 64;

/** Deletes what lost all its owners, in the background, in the foreground, or lets it go (orphan). Covers custom resources. */
export async function runGarbageCollector(context: ControllerContext): Promise<void> {
  const collector = new GarbageCollector(context);
  await context.run({
    name: "garbage-collector-controller",
    concurrency: CONCURRENCY,
    reconcile: (key) => collector.reconcile(key),
    sources: [collector],
  });
  await collector.stopped;
}

class GarbageCollector implements ControllerSource {
  readonly #context: ControllerContext;
  readonly #graph: OwnershipGraph;
  #enqueue: (key: string) => void = () => undefined;
  /** Settles when discovery is no longer followed. */
  stopped: Promise<void> = Promise.resolve();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#graph = new OwnershipGraph(context);
  }

  subscribe(enqueue: (key: string) => void): void {
    this.#enqueue = enqueue;
  }

  async synced(signal: AbortSignal): Promise<void> {
    const changed = createWakeUp();
    this.#context.informers.of(CUSTOM_RESOURCE_DEFINITIONS).subscribe({
      onAdd: changed.wake,
      onUpdate: changed.wake,
      onDelete: changed.wake,
    });
    while (!(await this.#discover())) await this.#context.clock.sleep(1_000, signal);
    this.stopped = this.#followDiscovery(changed.wait, signal);
  }

  async #followDiscovery(changed: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = new AbortController();
      const either = AbortSignal.any([signal, wait.signal]);
      await Promise.race([
        changed(either),
        this.#context.clock.sleep(DISCOVERY_PERIOD_MS, either).catch(() => undefined),
      ]);
      wait.abort();
      if (!signal.aborted) await this.#discover();
    }
  }

  /** False when the server could not be asked; what was known stays. */
  async #discover(): Promise<boolean> {
    const { client, signal, logger } = this.#context;
    try {
      const discovery = await discoverResources(client, signal);
      await this.#graph.follow(discovery, (type, informer) => this.#watch(type, informer));
      return true;
    } catch (error) {
      if (!signal.aborted) logger.warn("garbage collection could not read what the server serves", { error });
      return false;
    }
  }

  #watch(type: ResourceType, informer: Informer<KubernetesObject>): void {
    const look = (object: KubernetesObject): void => {
      if (this.#needsWork(object)) this.#enqueue(graphKey(type, object));
    };
    informer.subscribe({
      onAdd: look,
      onUpdate: (object, previous) => {
        if (object.metadata.deletionTimestamp !== undefined || ownersChanged(object, previous)) look(object);
      },
      onDelete: (object) => this.#gone(object),
    });
  }

  #needsWork(object: KubernetesObject): boolean {
    if (isWaiting(object) || isOrphaning(object)) return true;
    return (object.metadata.ownerReferences ?? []).some((reference) => {
      const owner = this.#graph.cachedOwner(object, reference);
      return owner === undefined || isWaiting(owner.object);
    });
  }

  #gone(object: KubernetesObject): void {
    this.#graph.markAbsent(object.metadata.uid);
    for (const { type, object: dependent } of this.#graph.dependentsOf(object.metadata.uid))
      this.#enqueue(graphKey(type, dependent));
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = this.#graph.cachedOwner(object, reference);
      if (owner !== undefined && isWaiting(owner.object)) this.#enqueue(graphKey(owner.type, owner.object));
    }
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const node = this.#graph.find(key);
    if (node === undefined) return {};
    if (isOrphaning(node.object)) await this.#orphanDependents(node);
    else if (isWaiting(node.object)) await this.#finishForeground(node);
    await this.#collect(node);
    return {};
  }

  async #collect({ type, object }: GraphNode): Promise<void> {
    const references = object.metadata.ownerReferences ?? [];
    const states = new Map<OwnerReference, OwnerState>();
    for (const reference of references) states.set(reference, await this.#graph.ownerState(object, reference));
    const hasDependents = this.#graph.dependentsOf(object.metadata.uid).length > 0;
    const plan = planDependent(object, (reference) => states.get(reference) ?? "present", hasDependents);
    const { uid, resourceVersion } = object.metadata;
    const client = this.#context.client.resource(type);
    switch (plan.kind) {
      case "keep":
        return;
      case "delete":
        // The precondition makes sure that nobody gave it another owner meanwhile.
        await ignoreMissing(
          client.delete(object.metadata, { uid, resourceVersion, propagationPolicy: plan.propagationPolicy }),
        );
        return;
      case "disown":
        await ignoreMissing(
          client.patch(object.metadata, "merge", {
            metadata: { uid, resourceVersion, ownerReferences: plan.ownerReferences },
          }),
        );
    }
  }

  /** Sends blocking dependents on their way, and lets the owner go when there is none. */
  async #finishForeground({ type, object }: GraphNode): Promise<void> {
    const dependents = this.#graph.dependentsOf(object.metadata.uid);
    if (!dependents.some((dependent) => blocksOwner(dependent.object, object.metadata.uid))) {
      await this.#removeFinalizer({ type, object }, FOREGROUND_FINALIZER);
      return;
    }
    for (const dependent of dependents)
      if (dependent.object.metadata.deletionTimestamp === undefined)
        this.#enqueue(graphKey(dependent.type, dependent.object));
  }

  async #orphanDependents({ type, object }: GraphNode): Promise<void> {
    const ownerUid = object.metadata.uid;
    await Promise.all(
      this.#graph.dependentsOf(ownerUid).map(({ type: dependentType, object: { metadata } }) =>
        ignoreMissing(
          this.#context.client.resource(dependentType).patch(metadata, "merge", {
            metadata: {
              uid: metadata.uid,
              resourceVersion: metadata.resourceVersion,
              ownerReferences: (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid),
            },
          }),
        ),
      ),
    );
    await this.#removeFinalizer({ type, object }, ORPHAN_FINALIZER);
  }

  async #removeFinalizer({ type, object: { metadata } }: GraphNode, finalizer: string): Promise<void> {
    await ignoreMissing(
      this.#context.client.resource(type).patch(metadata, "merge", {
        metadata: {
          uid: metadata.uid,
          resourceVersion: metadata.resourceVersion,
          finalizers: (metadata.finalizers ?? []).filter((one) => one !== finalizer),
        },
      }),
    );
  }
}

function ownersChanged(object: KubernetesObject, previous: KubernetesObject): boolean {
  return JSON.stringify(object.metadata.ownerReferences) !== JSON.stringify(previous.metadata.ownerReferences);
}
