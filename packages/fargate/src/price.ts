import { type FargatePrices, fargatePrices } from "@nodeless/catalog";
import type { FargateSize } from "./sizing.ts";

const INCLUDED_STORAGE_GIB = 20;
/** Rounded to a hundred-thousandth of a dollar per hour: finer than any bill. */
const SCALE = 1e6;

/** What a size costs per hour with these prices, in USD. */
export function fargatePriceWith(prices: FargatePrices, size: FargateSize): number {
  const storageGb = Math.max(0, size.ephemeralStorageGib - INCLUDED_STORAGE_GIB);
  const perHour =
    (size.vcpuMillicores / 1_000) * prices.vcpuHour + size.memoryGb * prices.gbHour + storageGb * prices.storageGbHour;
  return Math.round(perHour * SCALE) / SCALE;
}

/** What a size costs per hour in a region, in USD; undefined where the catalog knows no Fargate price. Billed per second, 60 s at least. */
export function fargatePriceUsdPerHour(size: FargateSize, region: string): number | undefined {
  const prices = fargatePrices(region);
  return prices === undefined ? undefined : fargatePriceWith(prices, size);
}
