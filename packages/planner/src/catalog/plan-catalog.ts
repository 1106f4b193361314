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
import { clusterZones, type NamedZone } from "./cluster-zones.ts";
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
  /**
   * Zones of the cluster's subnets as its ClusterConfig names them; empty: those that `nodeless up` chooses. A file of the user's own is taken
   * as it stands, and node classes that know their subnets have the zones of these. Default: all zones of the region.
   */
  readonly availabilityZones?: readonly string[] | undefined;
}

/**
 * What a plan can buy: the file, else what AWS said, else the built-in catalogue. The same list is given for equal node classes, so that
 * callers may index it. Throws UnknownRegionError and UnknownZoneError without a file, InvalidCatalogError for a document with mistakes.
 */
export function planCatalog({ region, file, refreshed, availabilityZones }: PlanCatalogOptions): SourcedPlanCatalog {
  const chosen = (zones: readonly NamedZone[]): readonly NamedZone[] =>
    availabilityZones === undefined ? zones : clusterZones(region, { named: availabilityZones, zones });
  if (file !== undefined) {
    const catalog = parseCatalogDocument(file.text, file.name);
    return { ...sourced(catalog, file.name, zonesOffered(catalog)), instanceTypes: () => catalog.instanceTypes };
  }
  const asked = refreshed === undefined ? undefined : parseCatalogDocument(refreshed.text, refreshed.name);
  if (asked !== undefined && asked.region === region) {
    const zones = chosen(zonesOffered(asked));
    return { ...sourced(asked, "refreshed", zones), instanceTypes: typesOf(asked, zones) };
  }
  const { regions } = catalogInfo();
  if (!regions.includes(region)) throw new UnknownRegionError(region, regions);
  const zones = chosen(zonesOf(region));
  return {
    ...sourced(builtInCatalog(region), "built-in", zones),
    instanceTypes: oncePerNodeClass(zones, (nodeClass, own) => builtInInstanceTypes(region, { nodeClass, zones: own })),
  };
}

function sourced(
  catalog: Catalog,
  source: string,
  zones: readonly NamedZone[],
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

function zonesOffered({ instanceTypes }: Catalog): readonly NamedZone[] {
  const ids = new Map<string, string | undefined>();
  for (const { offerings } of instanceTypes) for (const { zone, zoneId } of offerings) ids.set(zone, zoneId);
  return [...ids].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, id]) => ({ name, id }));
}

/** The document's types are those without any setting: other node classes are derived from them. */
function typesOf({ instanceTypes }: Catalog, zones: readonly NamedZone[]): PlanCatalog["instanceTypes"] {
  return oncePerNodeClass(zones, (nodeClass, own) => forNodeClass(instanceTypes, { nodeClass, zones: own }));
}

/** Ids by name. */
type Zones = ReadonlyMap<string, string | undefined>;

/** Remembers the types of each node class by what of it changes them. `zones` are those of classes that do not know their subnets. */
function oncePerNodeClass(
  zones: readonly NamedZone[],
  build: (nodeClass: NodeClassResources, zones: Zones) => readonly InstanceType[],
): PlanCatalog["instanceTypes"] {
  const built = new Map<string, readonly InstanceType[]>();
  const general: Zones = new Map(zones.map(({ name, id }) => [name, id]));
  return (nodeClass) => {
    const resources = resourcesOf(nodeClass);
    const own = subnetZones(nodeClass) ?? general;
    const key = JSON.stringify([resources, [...own]]);
    const known = built.get(key);
    if (known !== undefined) return known;
    const types = build(resources, own);
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
function subnetZones(nodeClass: EC2NodeClass | undefined): Zones | undefined {
  const subnets = nodeClass?.status?.subnets ?? [];
  return subnets.length === 0 ? undefined : new Map(subnets.map(({ zone, zoneID }) => [zone, zoneID]));
}
