import type { FamilyRecord } from "./family-record.ts";
import { FARGATE_USD, REGION_FACTORS, REGIONS, SPOT_PERCENT } from "./generated/facts.ts";

const REFERENCE_REGION = 0; // us-east-1: the region with the most published prices
const SPOT_SPREAD = 0.15;

export interface OnDemandPrice {
  readonly usdPerHour: number;
  readonly isEstimate: boolean;
}

/** The on-demand price of a size, from the region's rate, its exception, or as an estimate from us-east-1. */
export function onDemandPrice(
  family: FamilyRecord,
  size: { readonly size: string; readonly vcpus: number; readonly category: string },
  region: number,
): OnDemandPrice | undefined {
  const known = knownPrice(family, size, region);
  if (known !== undefined) return { usdPerHour: known, isEstimate: false };
  const reference = knownPrice(family, size, REFERENCE_REGION);
  const factor = REGION_FACTORS[size.category]?.[region];
  if (reference === undefined || factor === undefined || factor === null) return undefined;
  return { usdPerHour: round(reference * factor, 5), isEstimate: true };
}

function knownPrice(
  family: FamilyRecord,
  { size, vcpus }: { readonly size: string; readonly vcpus: number },
  region: number,
): number | undefined {
  const exception = family.px !== undefined && Object.hasOwn(family.px, size) ? family.px[size]?.[region] : undefined;
  if (exception !== undefined && exception !== null) return exception;
  const rate = family.usd[region];
  return rate === undefined || rate === null ? undefined : round(vcpus * rate, 5);
}

/** Spot price in percent of on-demand, or undefined where none is known. */
export function spotPercent(family: FamilyRecord, category: string, region: number): number | undefined {
  return family.spot[region] ?? SPOT_PERCENT[category]?.[region] ?? undefined;
}

/** A factor within 1 ± 15 % that is always the same for a type and a zone. */
export function zoneFactor(instanceType: string, zone: string): number {
  return 1 + SPOT_SPREAD * (2 * unitHash(`${instanceType}/${zone}`) - 1);
}

/** FNV-1a with a final mix, as a number in [0, 1). */
function unitHash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  return ((value ^ (value >>> 15)) >>> 0) / 2 ** 32;
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

/** Fargate's Linux x86 prices in USD. */
export interface FargatePrices {
  readonly vcpuHour: number;
  /** Per GB of memory. */
  readonly gbHour: number;
  /** Per GB of ephemeral storage above the 20 GB that are free. */
  readonly storageGbHour: number;
}

/** Fargate's prices in a region; undefined for a region the catalog does not know. */
export function fargatePrices(region: string): FargatePrices | undefined {
  const row = FARGATE_USD[REGIONS.indexOf(region)];
  if (row === undefined) return undefined;
  const [vcpuHour, gbHour, storageGbHour] = row;
  return { vcpuHour, gbHour, storageGbHour };
}
