import type { Node, NodeClaim, Pod } from "@nodeless/api";
import { type InstanceType, podKeyOf, type SchedulingNodePool, wellPackedPrices } from "@nodeless/scheduling";
import type { PlanCatalog, PlanInput } from "../contract.ts";
import { type FargateOffer, fargateOffers } from "../plan/fargate-offers.ts";
import type { PlanOptions } from "../plan/plan-options.ts";
import { type SchedulingSetting, schedulingSetting, zonesOf } from "../plan/scheduling-input.ts";
import { liveInput, unbound } from "./live-input.ts";
import { isDaemonSetPod, isFinished, type LiveObjects, nodeNameOf, preferencePolicyOf } from "./live-objects.ts";

/** A running cluster with what its parts cost; everything that several explanations ask is found out once. */
export class LiveContext {
  readonly objects: LiveObjects;
  readonly catalog: PlanCatalog;
  readonly options: PlanOptions;
  readonly #input: PlanInput;
  readonly #setting: SchedulingSetting;
  /** Zones in which the pools may buy. */
  readonly zones: readonly string[];
  #fairPrices: ReadonlyMap<string, number> | undefined;

  constructor(objects: LiveObjects, catalog: PlanCatalog, options: PlanOptions) {
    this.objects = objects;
    this.catalog = catalog;
    this.options = { preferences: preferencePolicyOf(objects), ...options };
    this.#input = liveInput(objects, { place: [] });
    this.#setting = schedulingSetting(this.#input, catalog);
    this.zones = zonesOf(this.#setting, catalog);
  }

  pod(key: string): Pod | undefined {
    return this.objects.pods.find((pod) => podKeyOf(pod) === key);
  }

  node(name: string | undefined): Node | undefined {
    return this.objects.nodes.find(({ metadata }) => metadata.name === name);
  }

  /** What runs on a node and is not finished. */
  podsOn(name: string): readonly Pod[] {
    return this.objects.pods.filter((pod) => nodeNameOf(pod) === name && !isFinished(pod));
  }

  claimOf({ metadata, spec }: Node): NodeClaim | undefined {
    return this.objects.nodeClaims.find(
      ({ status }) =>
        status?.nodeName === metadata.name ||
        (spec?.providerID !== undefined && status?.providerID === spec.providerID),
    );
  }

  pool(name: string | undefined): SchedulingNodePool | undefined {
    return this.#setting.nodePools.find((pool) => pool.name === name);
  }

  /** What Fargate would do with a pod. */
  fargateOffer(pod: Pod): FargateOffer {
    return fargateOffers(this.#input, { region: this.catalog.region, zones: this.zones })(unbound(pod));
  }

  /** What a perfectly packed cluster of the same pods would charge for each. */
  fairPrice(key: string): number | undefined {
    this.#fairPrices ??= this.#fairPricesOfAll();
    return this.#fairPrices.get(key);
  }

  /** Pods on Fargate are priced with the others: what they would cost on EC2 depends on what else stands there. */
  #fairPricesOfAll(): ReadonlyMap<string, number> {
    const moving = this.objects.pods.filter((pod) => !isFinished(pod) && !isDaemonSetPod(pod));
    const input = { ...liveInput(this.objects, { place: moving }), nodes: [], boundPods: [] };
    return wellPackedPrices({ ...schedulingSetting(input, this.catalog), pods: input.pods });
  }

  /** Of an instance as it was bought; undefined when the catalogue does not have it. */
  price(
    pool: SchedulingNodePool | undefined,
    bought: { readonly instanceType: string; readonly zone: string; readonly capacityType: string },
  ): number | undefined {
    const types: readonly InstanceType[] = pool?.instanceTypes ?? this.catalog.instanceTypes(undefined);
    return types
      .find(({ name }) => name === bought.instanceType)
      ?.offerings.find(({ zone, capacityType }) => zone === bought.zone && capacityType === bought.capacityType)
      ?.priceUsdPerHour;
  }
}
