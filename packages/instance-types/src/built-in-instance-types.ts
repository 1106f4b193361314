import { instanceTypeFacts, zonesOf } from "@nodeless/catalog";
import type { InstanceType } from "@nodeless/scheduling";
import { imageFamilyBoots } from "./image-family.ts";
import { type InstanceTypeOptions, instanceTypeOf } from "./instance-type.ts";

/**
 * All types of the built-in catalogue that can be bought in the region and that the node class's images boot on, by name. Zones default to
 * all of the region. Empty for a region the catalogue does not know.
 */
export function builtInInstanceTypes(
  region: string,
  options: Partial<InstanceTypeOptions> = {},
): readonly InstanceType[] {
  const zones = options.zones ?? new Map(zonesOf(region).map(({ name, id }) => [name, id]));
  const family = options.nodeClass?.family ?? "AL2023";
  return instanceTypeFacts(region)
    .filter((facts) => imageFamilyBoots(family, facts))
    .map((facts) => instanceTypeOf(facts, { ...options, zones }))
    .filter(({ offerings }) => offerings.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
