import type { KubernetesObject, Node, Pod } from "@nodeless/api";
import {
  DEFAULT_SCHEDULER,
  formatObjectKey,
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  type ResourceType,
  STORAGE_CLASSES,
} from "@nodeless/api";
import type { Informer } from "@nodeless/runtime";
import type { SharedInformers } from "../shared-informers.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { NodeInfo } from "./node-info.ts";
import { type PodShape, podShapeOf } from "./pod-shape.ts";
import type { SchedulingQueue } from "./scheduling-queue.ts";
import { VolumeRules } from "./volumes.ts";

/** What the cluster reports that may let a waiting pod be placed. */
export interface ClusterChanges {
  /** A node came or changed in a way that filters see. */
  nodeImproved(info: NodeInfo): void;
  /** A pod left its node. */
  podLeft(nodeName: string): void;
  /** A pod was bound or assumed. */
  podPlaced(): void;
  /** Volumes or namespaces changed. */
  surroundingsChanged(): void;
}

/** True for pods that the default scheduler has to place now. */
export function isOurs({ spec, metadata, status }: Pod): boolean {
  return (
    (spec.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER &&
    (spec.nodeName ?? "") === "" &&
    (spec.schedulingGates ?? []).length === 0 &&
    metadata.deletionTimestamp === undefined &&
    !isFinished(status?.phase)
  );
}

const isFinished = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";

/** What the scheduler hears of; it feeds the state and the queue. */
export class SchedulerSources {
  readonly pods: Informer<Pod>;
  readonly volumes: VolumeRules;
  readonly #all: Informer<KubernetesObject>[] = [];
  readonly #shapes = new Map<string, WeakRef<PodShape>>();

  constructor(
    informers: SharedInformers,
    targets: { readonly state: ClusterState; readonly queue: SchedulingQueue; readonly changes: ClusterChanges },
  ) {
    const informer = <T extends KubernetesObject>(type: ResourceType<T>): Informer<T> => {
      const shared = informers.of(type);
      this.#all.push(shared as unknown as Informer<KubernetesObject>);
      return shared;
    };
    const { state, changes } = targets;
    const namespaces = informer(NAMESPACES);
    const setNamespace = (name: string, labels: Readonly<Record<string, string>> | undefined): void => {
      state.setNamespace(name, labels);
      changes.surroundingsChanged();
    };
    namespaces.subscribe({
      onAdd: ({ metadata }) => setNamespace(metadata.name, metadata.labels ?? {}),
      onUpdate: ({ metadata }, previous) => {
        if (JSON.stringify(metadata.labels) !== JSON.stringify(previous.metadata.labels))
          setNamespace(metadata.name, metadata.labels ?? {});
      },
      onDelete: ({ metadata }) => setNamespace(metadata.name, undefined),
    });
    this.#followNodes(informer(NODES), targets);
    this.pods = informer(PODS);
    this.#followPods(this.pods, targets);
    const onChange = (): void => changes.surroundingsChanged();
    const claims = informer(PERSISTENT_VOLUME_CLAIMS);
    const volumes = informer(PERSISTENT_VOLUMES);
    const classes = informer(STORAGE_CLASSES);
    for (const one of [claims, volumes, classes]) one.subscribe({ onAdd: onChange, onUpdate: onChange });
    this.volumes = new VolumeRules({ claims, volumes, classes });
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all.map((informer) => informer.synced(signal)));
  }

  #followNodes(
    nodes: Informer<Node>,
    { state, changes }: { readonly state: ClusterState; readonly changes: ClusterChanges },
  ): void {
    nodes.subscribe({
      onAdd: (node) => changes.nodeImproved(state.setNode(node)),
      onUpdate(node, previous) {
        // Heartbeats are most of what nodes report; they concern no filter.
        if (relevantText(node) !== relevantText(previous)) changes.nodeImproved(state.setNode(node));
      },
      onDelete: ({ metadata }) => state.removeNode(metadata.name),
    });
  }

  #followPods(
    pods: Informer<Pod>,
    targets: { readonly state: ClusterState; readonly queue: SchedulingQueue; readonly changes: ClusterChanges },
  ): void {
    const { state, queue, changes } = targets;
    const leave = (key: string): void => {
      const nodeName = state.nodeOf(key);
      if (nodeName !== undefined && state.removePod(key)) changes.podLeft(nodeName);
    };
    const look = (pod: Pod): void => {
      const key = formatObjectKey(pod.metadata);
      const nodeName = pod.spec.nodeName ?? "";
      if (isFinished(pod.status?.phase)) {
        queue.remove(key);
        leave(key);
      } else if (nodeName !== "") {
        queue.remove(key);
        if (state.nodeOf(key) === nodeName) return;
        state.addPod(key, nodeName, this.#shapeOf(pod));
        changes.podPlaced();
      } else if (isOurs(pod)) {
        const queued = queue.get(key);
        // Only the scheduler's own status patches change a waiting pod in the usual case; keep its place in the queue.
        if (queued !== undefined) queued.pod = pod;
        else if (state.nodeOf(key) === undefined) queue.add(key, pod, this.#shapeOf(pod));
      } else queue.remove(key);
    };
    pods.subscribe({
      onAdd: look,
      onUpdate(pod, previous) {
        const key = formatObjectKey(pod.metadata);
        const respecified =
          pod.metadata.generation !== previous.metadata.generation || pod.metadata.labels !== previous.metadata.labels;
        if (
          respecified &&
          queue.get(key)?.place === "unschedulable" &&
          schedulingText(pod) !== schedulingText(previous)
        )
          queue.remove(key);
        look(pod);
      },
      onDelete({ metadata }) {
        const key = formatObjectKey(metadata);
        queue.remove(key);
        leave(key);
      },
    });
  }

  /** Equal pods share one shape object; it lives as long as a pod uses it. */
  #shapeOf(pod: Pod): PodShape {
    const shape = podShapeOf(pod);
    const known = this.#shapes.get(shape.key)?.deref();
    if (known !== undefined) return known;
    if (this.#shapes.size >= SHAPES_INTERNED_MAX) this.#shapes.clear();
    this.#shapes.set(shape.key, new WeakRef(shape));
    return shape;
  }
}

/** Keys of shapes that nobody uses any more are dropped all at once when this many have piled up. */
const SHAPES_INTERNED_MAX = 50_000;

/** The part of a node that filters and scores read. */
function relevantText({ metadata, spec, status }: Node): string {
  return JSON.stringify([metadata.labels, spec, status?.allocatable ?? status?.capacity]);
}

/** The part of a waiting pod that an update may change: labels, gates, and tolerations. */
function schedulingText({ metadata, spec }: Pod): string {
  return JSON.stringify([metadata.labels, spec]);
}
