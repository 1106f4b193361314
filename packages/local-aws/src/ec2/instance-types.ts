import type {
  DescribeInstanceTypeOfferingsCommandInput,
  DescribeInstanceTypeOfferingsCommandOutput,
  DescribeInstanceTypesCommandInput,
  DescribeInstanceTypesCommandOutput,
  DescribeSpotPriceHistoryCommandInput,
  DescribeSpotPriceHistoryCommandOutput,
} from "@aws-sdk/client-ec2";
import { findInstanceType, type InstanceTypeFacts, instanceTypeFacts, zonesOf } from "@nodeless/catalog";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, type Operations } from "./ec2-core.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import { instanceTypeView } from "./instance-type-view.ts";

export const INSTANCE_TYPE_OPERATIONS: Operations = {
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeInstanceTypeOfferings: describeInstanceTypeOfferings,
  DescribeSpotPriceHistory: describeSpotPriceHistory,
};

const FILTERS: FilterTable<InstanceTypeFacts> = {
  names: {
    "instance-type": (type) => type.name,
    "bare-metal": (type) => String(type.bareMetal),
    "burstable-performance-supported": (type) => String(type.burstable),
    "current-generation": () => "true",
    hypervisor: (type) => type.hypervisor,
    "instance-storage-supported": (type) => String(type.localNvmeGB > 0),
    "memory-info.size-in-mib": (type) => String(type.memoryMiB),
    "network-info.maximum-network-interfaces": (type) => String(type.enis),
    "network-info.ipv4-addresses-per-interface": (type) => String(type.ipv4PerEni),
    "processor-info.supported-architecture": (type) => (type.architecture === "arm64" ? "arm64" : "x86_64"),
    "supported-root-device-type": () => "ebs",
    "supported-usage-class": usageClasses,
    "supported-virtualization-type": () => "hvm",
    "vcpu-info.default-vcpus": (type) => String(type.vcpus),
  },
};

export function usageClasses(type: InstanceTypeFacts): ("on-demand" | "spot")[] {
  const spot = type.zones.some((zone) => type.spotUsdPerHour(zone) !== undefined);
  return spot ? ["on-demand", "spot"] : ["on-demand"];
}

function describeInstanceTypes(
  core: Ec2Core,
  input: DescribeInstanceTypesCommandInput,
): Answer<DescribeInstanceTypesCommandOutput> {
  const named: readonly string[] | undefined = input.InstanceTypes;
  const unknown = named?.filter((name) => findInstanceType(core.region, name) === undefined) ?? [];
  if (unknown.length > 0)
    throw new AwsError(
      "InvalidInstanceType",
      `The following supplied instance types do not exist: [${unknown.join(", ")}]`,
    );
  const wanted = instanceTypeFacts(core.region).filter((type) => named?.includes(type.name) ?? true);
  const matching = applyFilters(wanted, input.Filters, FILTERS);
  const page = cutPage(matching, { key: (type) => type.name, request: input, sizeMax: 100 });
  return { InstanceTypes: page.items.map(instanceTypeView), NextToken: page.nextToken };
}

function describeInstanceTypeOfferings(
  core: Ec2Core,
  input: DescribeInstanceTypeOfferingsCommandInput,
): Answer<DescribeInstanceTypeOfferingsCommandOutput> {
  const locationType = input.LocationType ?? "region";
  const zoneIds = new Map(zonesOf(core.region).map((zone) => [zone.name, zone.id]));
  const locations = (type: InstanceTypeFacts): readonly string[] => {
    if (locationType === "availability-zone") return type.zones;
    if (locationType === "availability-zone-id") return type.zones.map((zone) => zoneIds.get(zone) ?? zone);
    return locationType === "region" ? [core.region] : [];
  };
  const offerings = instanceTypeFacts(core.region).flatMap((type) =>
    locations(type).map((location) => ({ type: type.name, location })),
  );
  const matching = applyFilters(offerings, input.Filters, {
    names: { "instance-type": ({ type }) => type, location: ({ location }) => location },
  });
  const page = cutPage(matching, { key: ({ type, location }) => `${type}/${location}`, request: input });
  return {
    InstanceTypeOfferings: page.items.map(({ type, location }) => ({
      InstanceType: type as "m5.large",
      LocationType: locationType,
      Location: location,
    })),
    NextToken: page.nextToken,
  };
}

const LINUX = "Linux/UNIX";
const LINUX_VPC = "Linux/UNIX (Amazon VPC)";

/** One price per type and zone, in force since the start of the day: local spot prices do not move. */
function describeSpotPriceHistory(
  core: Ec2Core,
  input: DescribeSpotPriceHistoryCommandInput,
): Answer<DescribeSpotPriceHistoryCommandOutput> {
  const named: readonly string[] | undefined = input.InstanceTypes;
  const products = input.ProductDescriptions ?? [LINUX];
  const linux = products.includes(LINUX) || products.includes(LINUX_VPC);
  const prices = instanceTypeFacts(core.region)
    .filter((type) => linux && (named?.includes(type.name) ?? true))
    .flatMap((type) =>
      type.zones
        .filter((zone) => (input.AvailabilityZone ?? zone) === zone)
        .flatMap((zone) => {
          const usd = type.spotUsdPerHour(zone);
          return usd === undefined ? [] : [{ type: type.name, zone, usd: usd.toFixed(6) }];
        }),
    );
  const matching = applyFilters(prices, input.Filters, {
    names: {
      "availability-zone": (price) => price.zone,
      "instance-type": (price) => price.type,
      "product-description": () => LINUX,
      "spot-price": (price) => price.usd,
    },
  });
  const page = cutPage(matching, { key: ({ type, zone }) => `${type}/${zone}`, request: input });
  const since = new Date(core.clock.now());
  since.setUTCHours(0, 0, 0, 0);
  return {
    SpotPriceHistory: page.items.map(({ type, zone, usd }) => ({
      InstanceType: type as "m5.large",
      AvailabilityZone: zone,
      ProductDescription: LINUX,
      SpotPrice: usd,
      Timestamp: since,
    })),
    // An empty token, not an absent one, ends this operation's pages on AWS.
    NextToken: page.nextToken ?? "",
  };
}
