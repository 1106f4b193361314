import type {
  AvailabilityZone,
  DescribeAccountAttributesCommandOutput,
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesCommandOutput,
  DescribeRegionsCommandInput,
  DescribeRegionsCommandOutput,
} from "@aws-sdk/client-ec2";
import { catalogInfo, type ZoneFacts, zonesOf } from "@nodeless/catalog";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import type { Ec2Core, Operations } from "./ec2-core.ts";
import { invalidParameter } from "./ec2-error.ts";
import { applyFilters } from "./filters.ts";

export const REGION_OPERATIONS: Operations = {
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeRegions: describeRegions,
  DescribeAccountAttributes: describeAccountAttributes,
};

function describeAvailabilityZones(
  core: Ec2Core,
  input: DescribeAvailabilityZonesCommandInput,
): Answer<DescribeAvailabilityZonesCommandOutput> {
  const { ZoneNames: names, ZoneIds: ids } = input;
  const all = zonesOf(core.region);
  for (const [given, known] of [
    [names, all.map((zone) => zone.name)],
    [ids, all.map((zone) => zone.id)],
  ] as const)
    for (const zone of given ?? [])
      if (!known.includes(zone)) throw invalidParameter(`Invalid availability zone: [${zone}]`);
  const wanted = all.filter((zone) => (names?.includes(zone.name) ?? true) && (ids?.includes(zone.id) ?? true));
  const matching = applyFilters(wanted, input.Filters, {
    names: {
      "zone-name": (zone) => zone.name,
      "zone-id": (zone) => zone.id,
      "zone-type": () => "availability-zone",
      "region-name": () => core.region,
      "group-name": () => `${core.region}-zg-1`,
      "opt-in-status": () => "opt-in-not-required",
      state: () => "available",
    },
  });
  return { AvailabilityZones: matching.map((zone) => zoneView(core, zone)) };
}

function zoneView(core: Ec2Core, zone: ZoneFacts): AvailabilityZone {
  return {
    ZoneName: zone.name,
    ZoneId: zone.id,
    ZoneType: "availability-zone",
    RegionName: core.region,
    GroupName: `${core.region}-zg-1`,
    NetworkBorderGroup: core.region,
    OptInStatus: "opt-in-not-required",
    State: "available",
    Messages: [],
  };
}

function describeRegions(_core: Ec2Core, input: DescribeRegionsCommandInput): Answer<DescribeRegionsCommandOutput> {
  const { regions } = catalogInfo();
  for (const name of input.RegionNames ?? [])
    if (!regions.includes(name)) throw invalidParameter(`Invalid region names: [${name}]`);
  const wanted = regions.filter((region) => input.RegionNames?.includes(region) ?? true);
  const matching = applyFilters(wanted, input.Filters, {
    names: {
      "region-name": (region) => region,
      endpoint: endpointOf,
      "opt-in-status": () => "opt-in-not-required",
    },
  });
  return {
    Regions: matching.map((region) => ({
      RegionName: region,
      Endpoint: endpointOf(region),
      OptInStatus: "opt-in-not-required",
    })),
  };
}

function endpointOf(region: string): string {
  return `ec2.${region}.amazonaws.com`;
}

function describeAccountAttributes(core: Ec2Core): Answer<DescribeAccountAttributesCommandOutput> {
  const defaultVpc = core.vpcs.find((vpc) => vpc.isDefault)?.id ?? "none";
  const attribute = (AttributeName: string, AttributeValue: string) => ({
    AttributeName,
    AttributeValues: [{ AttributeValue }],
  });
  return { AccountAttributes: [attribute("supported-platforms", "VPC"), attribute("default-vpc", defaultVpc)] };
}

/** Refuses a region that the catalog has no zones for: nothing could be placed there. */
export function checkRegion(region: string): void {
  if (zonesOf(region).length === 0)
    throw new AwsError(
      "InvalidRegion",
      `local AWS knows no zones of region ${region}; it has ${catalogInfo().regions.join(", ")}`,
    );
}
