import type { EC2NodeClass, KubernetesObject } from "@nodeless/api";
import {
  type CloudInstance,
  type CloudProvider,
  type LaunchRequest,
  NodeClassNotReadyError,
  type NodeClassStatus,
} from "@nodeless/cloud";
import type { InstanceType } from "@nodeless/scheduling";
import { attempt } from "./aws-calls.ts";
import { type ClusterFacts, clusterFactsSource } from "./cluster-facts.ts";
import { Ec2InstanceTypes } from "./instance-types/ec2-instance-types.ts";
import { InstanceTypeLists, type MarketData } from "./instance-types/instance-type-lists.ts";
import { Prices } from "./instance-types/prices.ts";
import { Instances } from "./instances.ts";
import { LaunchTemplates } from "./launch/launch-templates.ts";
import { Launcher } from "./launch/launcher.ts";
import { NodeClassReconciler } from "./node-class/node-class-reconciler.ts";
import { notReadyReason, type ResolvedNodeClass } from "./node-class/resolved-node-class.ts";
import { type AwsCloudOptions, type AwsCloudSettings, DEFAULT_AWS_CLOUD_SETTINGS } from "./options.ts";
import { UnavailableOfferings } from "./unavailable-offerings.ts";

/**
 * The cloud port over EC2. Nothing is asked before the first call. A node class must have been reconciled by this provider before it can be
 * launched from: its resolved subnets, groups and images are held in memory.
 */
export function createAwsCloudProvider(options: AwsCloudOptions): CloudProvider {
  return new AwsCloudProvider(options);
}

class AwsCloudProvider implements CloudProvider {
  readonly #cluster: () => Promise<ClusterFacts>;
  readonly #reconciler: NodeClassReconciler;
  readonly #types: Ec2InstanceTypes;
  readonly #prices: Prices;
  readonly #instances: Instances;
  readonly #templates: LaunchTemplates;
  readonly #launcher: Launcher;
  readonly #unavailable: UnavailableOfferings;
  readonly #typeLists: InstanceTypeLists;
  readonly #resolved = new Map<string, ResolvedNodeClass>();

  constructor(options: AwsCloudOptions) {
    const settings: AwsCloudSettings = { ...DEFAULT_AWS_CLOUD_SETTINGS, ...options.settings };
    this.#cluster = clusterFactsSource(options);
    this.#reconciler = new NodeClassReconciler(options, settings, this.#cluster);
    this.#types = new Ec2InstanceTypes(options);
    this.#prices = new Prices(options, settings);
    this.#instances = new Instances(options);
    this.#templates = new LaunchTemplates(options);
    this.#unavailable = new UnavailableOfferings(options.clock);
    this.#typeLists = new InstanceTypeLists(options.region, settings, this.#unavailable);
    const { subnets } = this.#reconciler;
    this.#launcher = new Launcher({
      options,
      subnets,
      templates: this.#templates,
      instances: this.#instances,
      unavailable: this.#unavailable,
    });
  }

  instanceTypes(nodeClass: string, signal?: AbortSignal): Promise<readonly InstanceType[]> {
    return attempt("list instance types", async () => {
      signal?.throwIfAborted();
      const resolved = this.#ready(nodeClass);
      const market = await this.#market();
      signal?.throwIfAborted();
      return this.#typeLists.get(resolved, market);
    });
  }

  async #market(): Promise<MarketData> {
    const [infos, zones, onDemand, spot] = await Promise.all([
      this.#types.types(),
      this.#types.zones(),
      this.#prices.onDemand(),
      this.#prices.spot(),
    ]);
    return { infos, zones, onDemand, spot };
  }

  launch(request: LaunchRequest, signal?: AbortSignal): Promise<CloudInstance> {
    return attempt(`launch for claim ${request.claimName}`, async () => {
      signal?.throwIfAborted();
      const resolved = this.#ready(request.nodeClass);
      const cluster = await this.#cluster();
      signal?.throwIfAborted();
      return this.#launcher.launch(request, resolved, { cluster, signal });
    });
  }

  terminate(providerId: string, signal?: AbortSignal): Promise<void> {
    return attempt(`terminate ${providerId}`, () => this.#instances.terminate(providerId, signal));
  }

  get(providerId: string, signal?: AbortSignal): Promise<CloudInstance> {
    return attempt(`look up ${providerId}`, () => this.#instances.get(providerId, signal));
  }

  list(signal?: AbortSignal): Promise<readonly CloudInstance[]> {
    return attempt("list instances", () => this.#instances.list(signal));
  }

  tagRegistered(
    providerId: string,
    names: { readonly nodeName: string; readonly claimName: string },
    signal?: AbortSignal,
  ): Promise<void> {
    return attempt(`tag ${providerId}`, () => this.#instances.tagRegistered(providerId, names, signal));
  }

  reconcileNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<NodeClassStatus> {
    return attempt(`resolve node class ${nodeClass.metadata.name}`, async () => {
      signal?.throwIfAborted();
      const resolved = await this.#reconciler.reconcile(nodeClass as EC2NodeClass);
      signal?.throwIfAborted();
      this.#resolved.set(nodeClass.metadata.name, resolved);
      // A class is ready to launch from once types and prices are at hand; who needs them hears of a failure.
      if (notReadyReason(resolved.status) === undefined) await this.#market().catch(() => undefined);
      return resolved.status;
    });
  }

  deleteNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<void> {
    return attempt(`clean up node class ${nodeClass.metadata.name}`, async () => {
      signal?.throwIfAborted();
      const typed = nodeClass as EC2NodeClass;
      this.#resolved.delete(typed.metadata.name);
      this.#typeLists.forget(typed.metadata.name);
      await this.#templates.deleteAll(typed);
      signal?.throwIfAborted();
      if (typed.spec.role !== undefined) await this.#reconciler.profiles.delete(typed);
    });
  }

  #ready(name: string): ResolvedNodeClass {
    const resolved = this.#resolved.get(name);
    if (resolved === undefined) throw new NodeClassNotReadyError(name, "it was not resolved yet");
    const why = notReadyReason(resolved.status);
    if (why !== undefined) throw new NodeClassNotReadyError(name, why);
    return resolved;
  }
}
