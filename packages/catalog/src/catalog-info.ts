import { REGIONS } from "./generated/facts.ts";

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
