import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceType, Offering } from "@nodeless/scheduling";
import type { AwsCloudSettings } from "../options.ts";
import type { UnavailableOfferings } from "../unavailable-offerings.ts";
import { instanceTypeRequirements } from "./instance-type-requirements.ts";
import { instanceTypeResources, type ResourceSettings } from "./instance-type-resources.ts";
import { type OnDemandPrices, type SpotPrices, spotKey } from "./prices.ts";

/** What offerings are made of. */
export interface Market {
  readonly onDemand: OnDemandPrices;
  readonly spot: SpotPrices;
  /** Zones offering each type. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
  /** Zones the node class has subnets in, with their ids. */
  readonly subnetZones: ReadonlyMap<string, string | undefined>;
  readonly unavailable: UnavailableOfferings;
}

/** A type as scheduling sees it; undefined when no zone of the node class offers it at a known price. */
export function buildInstanceType(
  info: InstanceTypeInfo,
  market: Market,
  context: {
    readonly region: string;
    readonly nodeClass: ResourceSettings;
    readonly settings: AwsCloudSettings;
  },
): InstanceType | undefined {
  const offerings = offeringsOf(info, market);
  if (offerings.length === 0) return undefined;
  return {
    name: info.InstanceType ?? "",
    requirements: instanceTypeRequirements(info, { region: context.region, family: context.nodeClass.family }),
    offerings,
    ...instanceTypeResources(info, context.nodeClass, context.settings),
  };
}

function offeringsOf(info: InstanceTypeInfo, market: Market): Offering[] {
  const name = info.InstanceType ?? "";
  const usage = info.SupportedUsageClasses ?? ["on-demand"];
  return (market.zones.get(name) ?? [])
    .filter((zone) => market.subnetZones.has(zone))
    .sort()
    .flatMap((zone) =>
      (["on-demand", "spot"] as const).flatMap((capacityType): Offering[] => {
        const price = capacityType === "spot" ? market.spot.get(spotKey(name, zone)) : market.onDemand.get(name);
        if (price === undefined || !usage.includes(capacityType)) return [];
        const zoneId = market.subnetZones.get(zone);
        const available = !market.unavailable.has({ instanceType: name, zone, capacityType });
        return [{ zone, ...(zoneId !== undefined && { zoneId }), capacityType, priceUsdPerHour: price, available }];
      }),
    );
}
