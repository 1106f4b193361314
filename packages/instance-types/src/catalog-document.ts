import { formatBytes, formatMilli, type ResourceAmounts } from "@nodeless/api";
import { catalogInfo, findInstanceType, regionInfo } from "@nodeless/catalog";
import type { CapacityType, InstanceType, Requirements } from "@nodeless/scheduling";
import { builtInInstanceTypes } from "./built-in-instance-types.ts";

/**
 * A catalogue as JSON, as `nodeless catalog show -o json` prints it and `--catalog FILE` reads it. Quantities are Kubernetes quantities, prices
 * USD per hour. Optional fields are left out where they say nothing.
 */
export interface CatalogDocument {
  /** ISO date of the facts. */
  readonly date: string;
  readonly region: string;
  /**
   * Label keys that a type's nodes carry only if its labels say so. For any other key a type without it is unknown rather than without, and a
   * requirement on it rules the type out of nothing, as in Karpenter. Default none.
   */
  readonly absentLabels?: readonly string[];
  /** Sentences about how exact the facts are. */
  readonly exactness?: readonly string[];
  readonly instanceTypes: readonly CatalogInstanceType[];
}

export interface CatalogInstanceType {
  readonly name: string;
  /** One value for every label that a node of the type carries, zone and capacity type aside. */
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
  /** What of the capacity pods cannot have. */
  readonly overhead: Readonly<Record<string, string>>;
  readonly offerings: readonly CatalogOffering[];
}

export interface CatalogOffering {
  readonly zone: string;
  readonly zoneId?: string;
  readonly capacityType: CapacityType;
  readonly usdPerHour: number;
  readonly available: boolean;
  /** The price is not a published one. */
  readonly estimate?: true;
}

/** Instance types with what is said about all of them. */
export interface Catalog {
  readonly date: string;
  readonly region: string;
  readonly instanceTypes: readonly InstanceType[];
  readonly exactness: readonly string[];
  /** True when the price is not a published one. */
  isEstimate(instanceType: string, capacityType: string): boolean;
}

/** The built-in catalogue of a region for Amazon Linux 2023 without any setting; without types where the region is not known. */
export function builtInCatalog(region: string): Catalog {
  const { date } = catalogInfo();
  let types: readonly InstanceType[] | undefined;
  return {
    date,
    region,
    // Made when asked for: most callers want the types of some node class instead.
    get instanceTypes() {
      types ??= builtInInstanceTypes(region);
      return types;
    },
    exactness: builtInExactness(region),
    isEstimate: (instanceType, capacityType) =>
      capacityType === "spot" || findInstanceType(region, instanceType)?.priceIsEstimate === true,
  };
}

function builtInExactness(region: string): readonly string[] {
  const info = regionInfo(region);
  if (info === undefined) return [];
  const { dates, estimatedPrices, types } = info;
  const estimates =
    estimatedPrices === 0
      ? ""
      : `; ${estimatedPrices} of ${types} types have none there and are estimates from us-east-1 (half within 0.2 %, nine of ten within 5 %)`;
  return [
    `on-demand prices: the public list of ${dates.onDemandPrices} to 0.0001 USD${estimates}`,
    `spot prices: estimates, a typical share of on-demand per family and region (${dates.spotPrices}) with a constant spread by zone`,
    `zones: by letter as one account saw them (${dates.types})`,
  ];
}

/** The catalogue as data for JSON or YAML. {@link parseCatalogDocument} gives back what went in. */
export function catalogDocument(catalog: Catalog): CatalogDocument {
  const { date, region, exactness, instanceTypes } = catalog;
  const absentLabels = absentKeys(instanceTypes);
  return {
    date,
    region,
    ...(exactness.length > 0 && { exactness }),
    ...(absentLabels.length > 0 && { absentLabels }),
    instanceTypes: instanceTypes.map(({ name, requirements, capacity, overhead, offerings }) => ({
      name,
      labels: labelsOf(requirements),
      capacity: quantitiesOf(capacity),
      overhead: quantitiesOf(overhead),
      offerings: offerings.map(({ zone, zoneId, capacityType, priceUsdPerHour, available }) => ({
        zone,
        ...(zoneId !== undefined && { zoneId }),
        capacityType,
        usdPerHour: priceUsdPerHour,
        available,
        ...(catalog.isEstimate(name, capacityType) && { estimate: true as const }),
      })),
    })),
  };
}

/** JSON text with one line per instance type, so that a catalogue can be searched and compared by line. */
export function formatCatalogDocument({ instanceTypes, ...head }: CatalogDocument): string {
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const types = instanceTypes.map((type) => `    ${JSON.stringify(type)}`);
  return `${["{", ...lines, '  "instanceTypes": ['].join("\n")}\n${types.join(",\n")}${types.length > 0 ? "\n" : ""}  ]\n}\n`;
}

function absentKeys(types: readonly InstanceType[]): readonly string[] {
  const keys = new Set<string>();
  for (const { requirements } of types)
    for (const { key, complement, values } of requirements.values())
      if (!complement && values.size === 0) keys.add(key);
  return [...keys].sort();
}

function labelsOf(requirements: Requirements): Record<string, string> {
  const labels: [key: string, value: string][] = [];
  for (const { key, complement, values } of requirements.values()) {
    const [value] = complement ? [] : values;
    if (value !== undefined) labels.push([key, value]);
  }
  return Object.fromEntries(labels);
}

function quantitiesOf(amounts: ResourceAmounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, quantityOf(name, amount)]));
}

function quantityOf(resource: string, amount: number): string {
  if (resource === "cpu") return formatMilli(amount);
  if (resource === "memory" || resource.endsWith("storage") || resource.startsWith("hugepages-"))
    return formatBytes(amount);
  return String(amount);
}
