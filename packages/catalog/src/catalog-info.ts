import { REGIONS } from "./generated/facts.ts";
import { instanceTypeFacts } from "./instance-types.ts";

/** How old and how exact the catalog is. */
export interface CatalogInfo {
  /** Newest date of a source, ISO. Prices of us-east-1 are of 2026-07-20, other regions and Fargate of 2025-10-28, spot of 2025-07. */
  readonly date: string;
  readonly regions: readonly string[];
  /** One statement per field that a user may rely on. */
  readonly exactness: Readonly<Record<"types" | "onDemandPrices" | "spotPrices" | "zones" | "fargatePrices", string>>;
}

/** Date, regions and exactness of the built-in facts. They were never compared with a live account: real runs ask AWS. */
export function catalogInfo(): CatalogInfo {
  return {
    date: "2026-08-06",
    regions: REGIONS,
    exactness: {
      types: "vCPU, memory, architecture, interfaces, disks and devices as EC2 publishes them (2026-08)",
      onDemandPrices:
        "list prices (us-east-1 2026-07-20, others 2025-10-28) to 0.0001 USD; where none is known, an estimate marked as such (median error 0.2 %)",
      spotPrices: "typical share of on-demand per family and region (2025-07) with a constant spread by zone; not live",
      zones: "zones by letter as one account sees them (2026-08)",
      fargatePrices: "list prices for Linux x86 (2025-10-28)",
    },
  };
}

/** How old and how exact the facts of one region are. */
export interface RegionInfo {
  readonly region: string;
  /** ISO dates of the sources; spot is a typical share of on-demand of that month. */
  readonly dates: Readonly<Record<"types" | "onDemandPrices" | "fargatePrices" | "spotPrices", string>>;
  /** Types that the region offers. */
  readonly types: number;
  /** Of these, how many have the us-east-1 price times the usual ratio of their class: off by 0.2 % in the median, by 1 to 5 % at the 90th percentile. */
  readonly estimatedPrices: number;
  /** Of these, how many have no price at all and cannot be planned with. */
  readonly withoutPrice: number;
}

/** The region whose prices are newest, and that all estimates start from. */
const REFERENCE_REGION = "us-east-1";

/** Dates and counts of one region; undefined for a region the catalog does not know. */
export function regionInfo(region: string): RegionInfo | undefined {
  if (!REGIONS.includes(region)) return undefined;
  const types = instanceTypeFacts(region);
  return {
    region,
    dates: {
      types: "2026-08-06",
      onDemandPrices: region === REFERENCE_REGION ? "2026-07-20" : "2025-10-28",
      fargatePrices: "2025-10-28",
      spotPrices: "2025-07",
    },
    types: types.length,
    estimatedPrices: types.filter(({ priceIsEstimate }) => priceIsEstimate).length,
    withoutPrice: types.filter(({ onDemandUsdPerHour }) => onDemandUsdPerHour === undefined).length,
  };
}
