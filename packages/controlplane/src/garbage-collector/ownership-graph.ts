import type { KubernetesObject, OwnerReference, ResourceType } from "@nodeless/api";
import { formatObjectKey, groupVersionOf } from "@nodeless/api";
import type { Informer } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import type { Discovery, ServedResource } from "../discovery/discover-resources.ts";
import { resourceKey } from "../shared-informers.ts";
import { isWaiting, type OwnerState } from "./plan-dependent.ts";

/** Owners known to be gone; their uids never return. Bounded like upstream's uncertain cache, which holds 500, times the churn we allow. */
const ABSENT_OWNERS_MAX = 20_000;

/** One resource that is watched for owners and dependents. */
interface Monitor {
  readonly type: ResourceType;
  readonly informer: Informer<KubernetesObject>;
}

/** An object and the resource it lives in. */
export interface GraphNode {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}

/** Who owns whom, over every resource that the server serves; kept by the shared informers. */
export class OwnershipGraph {
  readonly #context: ControllerContext;
  readonly #monitors = new Map<string, Monitor>();
  readonly #absent = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** Starts watching new resources and stops watching vanished ones; calls `onNew` for each new one. Resolves when their caches are complete. */
  async follow(
    { resources, failedGroups }: Discovery,
    onNew: (type: ResourceType, informer: Informer<KubernetesObject>) => void,
  ): Promise<void> {
    const wanted = new Map(resources.filter(isMonitored).map(({ type }) => [resourceKey(type), type]));
    for (const [key, { type }] of this.#monitors) {
      const served = wanted.get(key);
      if (served?.version === type.version || (served === undefined && failedGroups.has(type.group))) continue;
      this.#monitors.delete(key);
      await this.#context.informers.stop(type);
    }
    const added: Monitor[] = [];
    for (const [key, type] of wanted) {
      if (this.#monitors.has(key)) continue;
      const monitor = { type, informer: this.#context.informers.of(type) };
      this.#monitors.set(key, monitor);
      added.push(monitor);
    }
    for (const { type, informer } of added) onNew(type, informer);
    await Promise.all(added.map(({ informer }) => informer.synced(this.#context.signal)));
  }

  /** The cached object behind a queue key. */
  find(key: string): GraphNode | undefined {
    const separator = key.indexOf("|");
    const monitor = this.#monitors.get(key.slice(0, separator));
    const object = monitor?.informer.get(key.slice(separator + 1));
    return monitor === undefined || object === undefined ? undefined : { type: monitor.type, object };
  }

  /** Everything that names this uid as an owner. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return [...this.#monitors.values()].flatMap(({ type, informer }) =>
      informer.byIndex("owner", uid).map((object) => ({ type, object })),
    );
  }

  /** The owner if its cached object has the reference's uid. */
  cachedOwner(dependent: KubernetesObject, reference: OwnerReference): GraphNode | undefined {
    const monitor = this.#monitorOf(reference);
    const object = monitor?.informer.get(ownerKey(dependent, reference, monitor.type));
    return monitor !== undefined && object?.metadata.uid === reference.uid ? { type: monitor.type, object } : undefined;
  }

  /** The owner's state; a cache that does not know it is not believed, the server is asked. */
  async ownerState(dependent: KubernetesObject, reference: OwnerReference): Promise<OwnerState> {
    const cached = this.cachedOwner(dependent, reference);
    if (cached !== undefined) return isWaiting(cached.object) ? "waiting" : "present";
    if (this.#absent.has(reference.uid)) return "absent";
    const monitor = this.#monitorOf(reference);
    // A kind nobody serves (any more), or a namespaced owner of a cluster-scoped object: nothing can be proved, so nothing is deleted.
    if (monitor === undefined || (monitor.type.namespaced && dependent.metadata.namespace === undefined))
      return "present";
    const live = await this.#context.client
      .resource(monitor.type)
      .find(
        { name: reference.name, namespace: monitor.type.namespaced ? dependent.metadata.namespace : undefined },
        { signal: this.#context.signal },
      );
    if (live?.metadata.uid === reference.uid) return isWaiting(live) ? "waiting" : "present";
    this.markAbsent(reference.uid);
    return "absent";
  }

  /** The object with this uid is gone for good. */
  markAbsent(uid: string): void {
    this.#absent.add(uid);
    const [oldest] = this.#absent;
    if (this.#absent.size > ABSENT_OWNERS_MAX && oldest !== undefined) this.#absent.delete(oldest);
  }

  #monitorOf({ apiVersion, kind }: OwnerReference): Monitor | undefined {
    const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    for (const monitor of this.#monitors.values())
      if (monitor.type.kind === kind && monitor.type.group === group) return monitor;
    return undefined;
  }
}

/** Events expire by themselves and are too many to watch. Source: garbagecollector DefaultIgnoredResources. */
function isMonitored({ type, verbs }: ServedResource): boolean {
  const isEvent =
    type.resource === "events" && (type.group === "" || groupVersionOf(type).startsWith("events.k8s.io/"));
  return !isEvent && verbs.has("delete") && verbs.has("list") && verbs.has("watch");
}

/** The key under which {@link OwnershipGraph.find} knows an object. */
export function graphKey(type: ResourceType, object: KubernetesObject): string {
  return `${resourceKey(type)}|${formatObjectKey(object.metadata)}`;
}

function ownerKey(dependent: KubernetesObject, { name }: OwnerReference, type: ResourceType): string {
  return formatObjectKey({ name, namespace: type.namespaced ? dependent.metadata.namespace : undefined });
}
