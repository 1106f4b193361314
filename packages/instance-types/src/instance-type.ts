import type { InstanceType, Offering } from "@nodeless/scheduling";
import { instanceTypeRequirements } from "./instance-type-requirements.ts";
import {
  DEFAULT_RESOURCE_MODEL,
  instanceTypeResources,
  type NodeClassResources,
  type ResourceModelSettings,
} from "./instance-type-resources.ts";
import type { MachineFacts, MarketFacts } from "./machine-facts.ts";

const CAPACITY_TYPES = ["on-demand", "spot"] as const;
const DEFAULT_NODE_CLASS: NodeClassResources = { family: "AL2023" };

/** How and where a type is to be launched. */
export interface InstanceTypeOptions {
  /** Default: Amazon Linux 2023 without any setting. */
  readonly nodeClass?: NodeClassResources;
  /** Default {@link DEFAULT_RESOURCE_MODEL}. */
  readonly settings?: ResourceModelSettings;
  /** Zones that may be used, with their ids where known. */
  readonly zones: ReadonlyMap<string, string | undefined>;
  /** Ways to buy; default on-demand and spot. */
  readonly capacityTypes?: readonly ("on-demand" | "spot")[];
  /** Default: everything is. */
  readonly isAvailable?: (offering: Pick<Offering, "zone" | "capacityType">) => boolean;
}

/**
 * An instance type as scheduling sees it: the one implementation behind the built-in catalogue and what EC2 says. Offerings stand by zone
 * name, on-demand before spot; there are none when no allowed zone has the type at a known price.
 */
export function instanceTypeOf(facts: MachineFacts & MarketFacts, options: InstanceTypeOptions): InstanceType {
  const { nodeClass = DEFAULT_NODE_CLASS, settings = DEFAULT_RESOURCE_MODEL } = options;
  return {
    name: facts.name,
    requirements: instanceTypeRequirements(facts, nodeClass.family),
    offerings: offeringsOf(facts, options),
    ...instanceTypeResources(facts, nodeClass, settings),
  };
}

function offeringsOf(facts: MarketFacts, options: InstanceTypeOptions): Offering[] {
  const { zones, capacityTypes = CAPACITY_TYPES, isAvailable = () => true } = options;
  return facts.zones
    .filter((zone) => zones.has(zone))
    .toSorted()
    .flatMap((zone) =>
      CAPACITY_TYPES.filter((capacityType) => capacityTypes.includes(capacityType)).flatMap(
        (capacityType): Offering[] => {
          const price = capacityType === "spot" ? facts.spotUsdPerHour(zone) : facts.onDemandUsdPerHour;
          if (price === undefined) return [];
          const zoneId = zones.get(zone);
          const available = isAvailable({ zone, capacityType });
          return [{ zone, ...(zoneId !== undefined && { zoneId }), capacityType, priceUsdPerHour: price, available }];
        },
      ),
    );
}
