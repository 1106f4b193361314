import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { instanceTypeOf, type NodeClassResources } from "@nodeless/instance-types";
import type { InstanceType } from "@nodeless/scheduling";
import type { AwsCloudSettings } from "../options.ts";
import type { UnavailableOfferings } from "../unavailable-offerings.ts";
import { machineFacts } from "./machine-facts.ts";
import { type OnDemandPrices, type SpotPrices, spotKey } from "./prices.ts";

/** What offerings are made of. */
export interface Market {
  readonly onDemand: OnDemandPrices;
  readonly spot: SpotPrices;
  /** Zones offering each type. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
  /** Zones the node class has subnets in, with their ids. */
  readonly subnetZones: ReadonlyMap<string, string | undefined>;
  readonly unavailable: Pick<UnavailableOfferings, "has">;
}

/** A type as scheduling sees it; undefined when no zone of the node class offers it at a known price. */
export function buildInstanceType(
  info: InstanceTypeInfo,
  market: Market,
  context: {
    readonly region: string;
    readonly nodeClass: NodeClassResources;
    readonly settings: AwsCloudSettings;
  },
): InstanceType | undefined {
  const facts = machineFacts(info, context.region);
  const usage = info.SupportedUsageClasses ?? ["on-demand"];
  const type = instanceTypeOf(
    {
      ...facts,
      zones: market.zones.get(facts.name) ?? [],
      onDemandUsdPerHour: market.onDemand.get(facts.name),
      spotUsdPerHour: (zone) => market.spot.get(spotKey(facts.name, zone)),
    },
    {
      nodeClass: context.nodeClass,
      settings: context.settings,
      zones: market.subnetZones,
      capacityTypes: (["on-demand", "spot"] as const).filter((capacityType) => usage.includes(capacityType)),
      isAvailable: (offering) => !market.unavailable.has({ instanceType: facts.name, ...offering }),
    },
  );
  return type.offerings.length === 0 ? undefined : type;
}
