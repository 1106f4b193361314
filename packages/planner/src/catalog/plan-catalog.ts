import type { EC2NodeClass } from "@nodeless/api";
import { catalogInfo, findInstanceType, zonesOf } from "@nodeless/catalog";
import { builtInInstanceTypes, imageFamily, type NodeClassResources } from "@nodeless/instance-types";
import type { InstanceType } from "@nodeless/scheduling";
import type { PlanCatalog } from "../contract.ts";

/** The region is not in the built-in catalogue. Caller: show the message. */
export class UnknownRegionError extends Error {
  override readonly name = "UnknownRegionError";
  readonly region: string;
  readonly known: readonly string[];

  constructor(region: string, known: readonly string[]) {
    super(
      `no prices are built in for region ${JSON.stringify(region)}: known are ${known.join(", ")}; for others give a catalogue with --catalog`,
    );
    this.region = region;
    this.known = known;
  }
}

/** A catalogue that says where it comes from. */
export interface SourcedPlanCatalog extends PlanCatalog {
  /** `built-in`, `refreshed`, or the file's name. */
  readonly source: string;
}

export interface PlanCatalogOptions {
  readonly region: string;
}

/**
 * What a plan can buy. The same list is given for equal node classes, so that callers may index it. Throws UnknownRegionError.
 */
export function planCatalog({ region }: PlanCatalogOptions): SourcedPlanCatalog {
  const { date, regions, exactness } = catalogInfo();
  if (!regions.includes(region)) throw new UnknownRegionError(region, regions);
  return {
    date,
    region,
    source: "built-in",
    zones: zonesOf(region).map(({ name }) => name),
    instanceTypes: oncePerNodeClass((nodeClass, zones) =>
      builtInInstanceTypes(region, { nodeClass, ...(zones !== undefined && { zones }) }),
    ),
    isEstimate: (instanceType, capacityType) =>
      capacityType === "spot" || findInstanceType(region, instanceType)?.priceIsEstimate === true,
    exactness: [
      `on-demand prices: ${exactness.onDemandPrices}`,
      `spot prices: ${exactness.spotPrices}`,
      `zones: ${exactness.zones}`,
    ],
  };
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
