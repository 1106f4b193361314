import type { FamilyRecord, SizeRecord } from "./family-record.ts";
import { parseSize } from "./family-record.ts";
import { FAMILIES, REGIONS } from "./generated/facts.ts";
import type { InstanceTypeFacts } from "./instance-type-facts.ts";
import { onDemandPrice, round, spotPercent, zoneFactor } from "./prices.ts";

/** Families are expanded once per region, when first asked for. */
const expanded = new Map<string, readonly InstanceTypeFacts[]>();
const regions = new Map<string, readonly InstanceTypeFacts[]>();
const familyTexts = new Map(FAMILIES);

/**
 * Every type offered in the region, by family and then in the order of sizes. Empty for a region the catalog does not know.
 * The first call for a region costs a few milliseconds.
 */
export function instanceTypeFacts(region: string): readonly InstanceTypeFacts[] {
  const known = regions.get(region);
  if (known !== undefined) return known;
  const types = FAMILIES.flatMap(([family]) => familyTypes(region, family));
  if (types.length > 0) regions.set(region, types);
  return types;
}

/** One type in one region; undefined when it does not exist or is not offered there. Expands only its family. */
export function findInstanceType(region: string, name: string): InstanceTypeFacts | undefined {
  const family = name.slice(0, Math.max(0, name.indexOf(".")));
  return familyTypes(region, family).find((type) => type.name === name);
}

function familyTypes(region: string, family: string): readonly InstanceTypeFacts[] {
  const text = familyTexts.get(family);
  const regionIndex = REGIONS.indexOf(region);
  if (text === undefined || regionIndex < 0) return [];
  const key = `${region}/${family}`;
  const known = expanded.get(key);
  if (known !== undefined) return known;
  const record = JSON.parse(text) as FamilyRecord;
  const types = record.sizes
    .split(" ")
    .map((size) => typeFacts({ region, regionIndex, family, record }, parseSize(size)))
    .filter((type) => type.zones.length > 0);
  expanded.set(key, types);
  return types;
}

interface FamilyInRegion {
  readonly region: string;
  readonly regionIndex: number;
  readonly family: string;
  readonly record: FamilyRecord;
}

function typeFacts(place: FamilyInRegion, size: SizeRecord): InstanceTypeFacts {
  const { region, regionIndex, family, record } = place;
  const name = `${family}.${size.size}`;
  const [, category = family, generation = "0"] = /^([a-z]+)(\d+)/.exec(family) ?? [];
  const zones = zonesOffering(place, size.size);
  const price = onDemandPrice(record, { size: size.size, vcpus: size.vcpus, category }, regionIndex);
  const percent = record.flags?.includes("o") === true ? undefined : spotPercent(record, category, regionIndex);
  const bareMetal = size.size.startsWith("metal");
  return {
    name,
    region,
    family,
    size: size.size,
    category,
    generation: Number(generation),
    vcpus: size.vcpus,
    memoryMiB: size.memoryMiB,
    architecture: record.arm === 1 ? "arm64" : "amd64",
    cpuManufacturer: record.maker,
    hypervisor: bareMetal ? "" : record.xen === 1 ? "xen" : "nitro",
    bareMetal,
    enis: size.enis,
    ipv4PerEni: size.ipv4PerEni,
    networkMbps: size.networkMbps,
    localNvmeGB: size.disks * size.diskGB,
    localDisks: size.disks,
    ...devices(record, size),
    burstable: record.flags?.includes("b") === true,
    efaInFamily: record.flags?.includes("e") === true,
    flex: family.endsWith("-flex"),
    zones,
    onDemandUsdPerHour: price?.usdPerHour,
    priceIsEstimate: price?.isEstimate ?? false,
    spotUsdPerHour(zone) {
      if (price === undefined || percent === undefined || !zones.includes(zone)) return undefined;
      return round((price.usdPerHour * percent * zoneFactor(name, zone)) / 100, 6);
    },
  };
}

function zonesOffering({ region, regionIndex, record }: FamilyInRegion, size: string): readonly string[] {
  const exception = record.azx !== undefined && Object.hasOwn(record.azx, size) ? record.azx[size] : undefined;
  const letters = (exception ?? record.az).split(" ")[regionIndex] ?? "-";
  return letters === "-" ? [] : Array.from(letters, (letter) => `${region}${letter}`);
}

function devices(record: FamilyRecord, size: SizeRecord): Pick<InstanceTypeFacts, "gpus" | "accelerators"> {
  const [gpuName, gpuManufacturer] = record.gpu ?? [];
  const [name, manufacturer, memoryMiB, coresPerDevice] = record.acc ?? [];
  return {
    gpus:
      gpuName === undefined || gpuManufacturer === undefined || size.gpus === undefined
        ? undefined
        : { name: gpuName, manufacturer: gpuManufacturer, count: size.gpus, memoryMiB: size.gpuMiB },
    accelerators:
      name === undefined || manufacturer === undefined || memoryMiB === undefined || coresPerDevice === undefined
        ? undefined
        : { name, manufacturer, count: size.accelerators, memoryMiB, coresPerDevice },
  };
}
