import type {
  AWSNodeTemplate,
  CSINode,
  DaemonSet,
  EC2NodeClass,
  KubernetesObject,
  Namespace,
  Node,
  NodeClaim,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Provisioner,
  ResourceType,
  StorageClass,
  VolumeAttachment,
} from "@nodeless/api";
import {
  AWS_NODE_TEMPLATES,
  CSI_NODES,
  DAEMON_SETS,
  EC2_NODE_CLASSES,
  NAMESPACES,
  NODE_CLAIMS,
  NODE_POOLS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  PROVISIONERS,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
} from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { createInformer, type Indexers, type Informer, type KubernetesClient } from "@nodeless/runtime";
import {
  type EffectiveNodeClass,
  type EffectivePool,
  type Merged,
  mergeNodeClasses,
  mergePools,
  poolNameOf,
} from "./effective-pools.ts";
import { optionalResource } from "./optional-resource.ts";

export interface ClusterCacheOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly defaultInstanceProfile: string | undefined;
}

/** Local copies of everything the controllers look at. Objects are shared: never mutate them. */
export class ClusterCache {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly claims: Informer<NodeClaim>;
  readonly nodePools: Informer<NodePool>;
  readonly provisioners: Informer<Provisioner>;
  readonly nodeClasses: Informer<EC2NodeClass>;
  readonly nodeTemplates: Informer<AWSNodeTemplate>;
  readonly daemonSets: Informer<DaemonSet>;
  readonly namespaces: Informer<Namespace>;
  readonly disruptionBudgets: Informer<PodDisruptionBudget>;
  readonly volumeAttachments: Informer<VolumeAttachment>;
  readonly volumeClaims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly storageClasses: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
  readonly #options: ClusterCacheOptions;

  constructor(options: ClusterCacheOptions) {
    this.#options = options;
    this.pods = this.#informer(PODS, { node: (pod) => [pod.spec?.nodeName ?? ""] });
    this.nodes = this.#informer(NODES, { providerId: (node) => [node.spec?.providerID ?? ""] });
    this.claims = this.#informer(NODE_CLAIMS, {
      providerId: (claim) => [claim.status?.providerID ?? ""],
      pool: (claim) => [poolNameOf(claim) ?? ""],
      nodeClass: (claim) => [claim.spec.nodeClassRef.name],
    });
    this.nodePools = this.#informer(NODE_POOLS);
    this.provisioners = this.#informer(PROVISIONERS, {}, { optional: true });
    this.nodeClasses = this.#informer(EC2_NODE_CLASSES);
    this.nodeTemplates = this.#informer(AWS_NODE_TEMPLATES, {}, { optional: true });
    this.daemonSets = this.#informer(DAEMON_SETS);
    this.namespaces = this.#informer(NAMESPACES);
    this.disruptionBudgets = this.#informer(POD_DISRUPTION_BUDGETS);
    this.volumeClaims = this.#informer(PERSISTENT_VOLUME_CLAIMS);
    this.volumes = this.#informer(PERSISTENT_VOLUMES);
    this.storageClasses = this.#informer(STORAGE_CLASSES);
    this.csiNodes = this.#informer(CSI_NODES);
    this.volumeAttachments = this.#informer(VOLUME_ATTACHMENTS, { node: ({ spec }) => [spec.nodeName] });
  }

  /** Runs all informers until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.run(signal)));
  }

  /** Resolves when every informer has listed once. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.synced(signal)));
  }

  /** Pools of both generations. */
  pools(): Merged<EffectivePool, Provisioner> {
    return mergePools(this.nodePools.list(), this.provisioners.list());
  }

  /** Node classes of both generations. */
  classes(): Merged<EffectiveNodeClass, AWSNodeTemplate> {
    return mergeNodeClasses(this.nodeClasses.list(), this.nodeTemplates.list(), {
      provisioners: this.provisioners.list(),
      defaultInstanceProfile: this.#options.defaultInstanceProfile,
    });
  }

  podsOn(nodeName: string): readonly Pod[] {
    return this.pods.byIndex("node", nodeName);
  }

  nodesOf(claim: NodeClaim): readonly Node[] {
    const providerId = claim.status?.providerID ?? "";
    return providerId === "" ? [] : this.nodes.byIndex("providerId", providerId);
  }

  claimOf(node: Node): NodeClaim | undefined {
    const providerId = node.spec?.providerID ?? "";
    return providerId === "" ? undefined : this.claims.byIndex("providerId", providerId)[0];
  }

  claimsOfPool(name: string): readonly NodeClaim[] {
    return this.claims.byIndex("pool", name);
  }

  #informer<T extends KubernetesObject>(
    type: ResourceType<T>,
    indexes: Indexers<T> = {},
    { optional = false }: { readonly optional?: boolean } = {},
  ): Informer<T> {
    const { client, clock, random, logger } = this.#options;
    const resource = client.resource(type);
    return createInformer({
      client: optional ? optionalResource(resource, clock) : resource,
      clock,
      random: random.split(`informer/${type.resource}`),
      logger: logger.with({ informer: type.resource }),
      indexes,
    });
  }

  #all(): readonly Pick<Informer<KubernetesObject>, "run" | "synced">[] {
    return [
      this.pods,
      this.nodes,
      this.claims,
      this.nodePools,
      this.provisioners,
      this.nodeClasses,
      this.nodeTemplates,
      this.daemonSets,
      this.namespaces,
      this.disruptionBudgets,
      this.volumeAttachments,
      this.volumeClaims,
      this.volumes,
      this.storageClasses,
      this.csiNodes,
    ];
  }
}
