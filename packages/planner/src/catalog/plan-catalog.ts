import type { EC2NodeClass } from "@nodeless/api";
import { catalogInfo, zonesOf } from "@nodeless/catalog";
import {
  builtInCatalog,
  builtInInstanceTypes,
  type Catalog,
  forNodeClass,
  imageFamily,
  type NodeClassResources,
  parseCatalogDocument,
} from "@nodeless/instance-types";
import type { InstanceType } from "@nodeless/scheduling";
import type { PlanCatalog } from "../contract.ts";
import { UnknownRegionError } from "./unknown-region-error.ts";

/** A catalogue that says where it comes from. */
export interface SourcedPlanCatalog extends PlanCatalog {
  /** `built-in`, `refreshed`, or the file's name. */
  readonly source: string;
  /** The catalogue as it is printed: types for Amazon Linux 2023 without any setting. */
  readonly catalog: Catalog;
}

/** The text of a catalogue document and how messages call it. */
export interface CatalogText {
  readonly name: string;
  readonly text: string;
}

export interface PlanCatalogOptions {
  readonly region: string;
  /** A catalogue of the user's own: it says itself of which region it is, and node classes do not change its types. */
  readonly file?: CatalogText | undefined;
  /** What AWS said when it was last asked; counts if it is of the region. */
  readonly refreshed?: CatalogText | undefined;
}

/**
 * What a plan can buy: the file, else what AWS said, else the built-in catalogue. The same list is given for equal node classes, so that
 * callers may index it. Throws UnknownRegionError without a file, InvalidCatalogError for a document with mistakes.
 */
export function planCatalog({ region, file, refreshed }: PlanCatalogOptions): SourcedPlanCatalog {
  if (file !== undefined) {
    const catalog = parseCatalogDocument(file.text, file.name);
    return { ...sourced(catalog, file.name), instanceTypes: () => catalog.instanceTypes };
  }
  const asked = refreshed === undefined ? undefined : parseCatalogDocument(refreshed.text, refreshed.name);
  if (asked !== undefined && asked.region === region)
    return { ...sourced(asked, "refreshed"), instanceTypes: typesOf(asked) };
  const { regions } = catalogInfo();
  if (!regions.includes(region)) throw new UnknownRegionError(region, regions);
  return {
    ...sourced(builtInCatalog(region), "built-in", zonesOf(region)),
    instanceTypes: oncePerNodeClass((nodeClass, zones) =>
      builtInInstanceTypes(region, { nodeClass, ...(zones !== undefined && { zones }) }),
    ),
  };
}

function sourced(
  catalog: Catalog,
  source: string,
  zones: readonly { readonly name: string }[] = zonesOffered(catalog),
): Omit<SourcedPlanCatalog, "instanceTypes"> {
  const { date, region, exactness } = catalog;
  return {
    date,
    region,
    source,
    zones: zones.map(({ name }) => name),
    exactness,
    isEstimate: (instanceType, capacityType) => catalog.isEstimate(instanceType, capacityType),
    catalog,
  };
}

function zonesOffered({ instanceTypes }: Catalog): readonly { readonly name: string }[] {
  const zones = new Set(instanceTypes.flatMap(({ offerings }) => offerings.map(({ zone }) => zone)));
  return [...zones].sort().map((name) => ({ name }));
}

/** The document's types are those without any setting: other node classes are derived from them. */
function typesOf({ instanceTypes }: Catalog): PlanCatalog["instanceTypes"] {
  return oncePerNodeClass((nodeClass, zones) =>
    forNodeClass(instanceTypes, { nodeClass, ...(zones !== undefined && { zones }) }),
  );
}

type Zones = ReadonlyMap<string, string | undefined> | undefined;

/** Remembers the types of each node class by what of it changes them. */
function oncePerNodeClass(
  build: (nodeClass: NodeClassResources, zones: Zones) => readonly InstanceType[],
): PlanCatalog["instanceTypes"] {
  const built = new Map<string, readonly InstanceType[]>();
  return (nodeClass) => {
    const resources = resourcesOf(nodeClass);
    const zones = subnetZones(nodeClass);
    const key = JSON.stringify([resources, zones === undefined ? undefined : [...zones]]);
    const known = built.get(key);
    if (known !== undefined) return known;
    const types = build(resources, zones);
    built.set(key, types);
    return types;
  };
}

function resourcesOf(nodeClass: EC2NodeClass | undefined): NodeClassResources {
  if (nodeClass === undefined) return { family: "AL2023" };
  const { kubelet, blockDeviceMappings, instanceStorePolicy } = nodeClass.spec;
  return {
    family: imageFamily(nodeClass.spec),
    ...(kubelet !== undefined && { kubelet }),
    ...(blockDeviceMappings !== undefined && { blockDeviceMappings }),
    ...(instanceStorePolicy !== undefined && { instanceStorePolicy }),
  };
}

/** Zones of the subnets that a cluster resolved; offline nothing is known about them. */
function subnetZones(nodeClass: EC2NodeClass | undefined): Zones {
  const subnets = nodeClass?.status?.subnets ?? [];
  return subnets.length === 0 ? undefined : new Map(subnets.map(({ zone, zoneID }) => [zone, zoneID]));
}
