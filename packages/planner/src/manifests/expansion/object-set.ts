import type {
  AWSNodeTemplate,
  CronJob,
  CSINode,
  DaemonSet,
  Deployment,
  EC2NodeClass,
  HorizontalPodAutoscaler,
  Job,
  LimitRange,
  Namespace,
  Node,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PriorityClass,
  Provisioner,
  ReplicaSet,
  ReplicationController,
  RuntimeClass,
  Service,
  StatefulSet,
  StorageClass,
} from "@nodeless/api";
import type { ParsedDocument } from "../documents/parsed-document.ts";
import type { ReadKind } from "../schema/kinds.ts";

/** The object type of each kind the planner reads. A ClusterConfig has its own parser. */
export interface KindObjects {
  AWSNodeTemplate: AWSNodeTemplate;
  CSINode: CSINode;
  ClusterConfig: Readonly<Record<string, unknown>>;
  CronJob: CronJob;
  DaemonSet: DaemonSet;
  Deployment: Deployment;
  EC2NodeClass: EC2NodeClass;
  HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  Job: Job;
  LimitRange: LimitRange;
  Namespace: Namespace;
  Node: Node;
  NodePool: NodePool;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  Pod: Pod;
  PodDisruptionBudget: PodDisruptionBudget;
  PriorityClass: PriorityClass;
  Provisioner: Provisioner;
  ReplicaSet: ReplicaSet;
  ReplicationController: ReplicationController;
  RuntimeClass: RuntimeClass;
  Service: Service;
  StatefulSet: StatefulSet;
  StorageClass: StorageClass;
}

/** A checked object, its metadata complete, with the document it comes from. */
export interface Checked<Kind extends ReadKind = ReadKind> {
  readonly kind: Kind;
  readonly document: ParsedDocument;
  readonly object: KindObjects[Kind];
}

/** The checked objects of the input in order. */
export class ObjectSet {
  readonly all: readonly Checked[];
  readonly #byKind = new Map<ReadKind, Checked[]>();

  constructor(all: readonly Checked[]) {
    this.all = all;
    for (const one of all) {
      const list = this.#byKind.get(one.kind);
      if (list === undefined) this.#byKind.set(one.kind, [one]);
      else list.push(one);
    }
  }

  of<Kind extends ReadKind>(kind: Kind): readonly Checked<Kind>[] {
    return (this.#byKind.get(kind) ?? []) as unknown as readonly Checked<Kind>[];
  }

  objects<Kind extends ReadKind>(kind: Kind): readonly KindObjects[Kind][] {
    return this.of(kind).map(({ object }) => object);
  }
}
