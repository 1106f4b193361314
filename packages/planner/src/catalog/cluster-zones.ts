import { hasFargate } from "@nodeless/catalog";
import { UnknownZoneError } from "./unknown-zone-error.ts";

/** A zone under its account-specific name, with its global id if that is known. */
export interface NamedZone {
  readonly name: string;
  readonly id?: string | undefined;
}

const ZONES_WANTED = 3;

/**
 * Zones in which a cluster of `nodeless up` has subnets: those that its ClusterConfig names, else the region's first three that Fargate
 * supports. Throws UnknownZoneError for a named zone that `up` would refuse.
 */
export function clusterZones(
  region: string,
  { named, zones }: { readonly named: readonly string[]; readonly zones: readonly NamedZone[] },
): readonly NamedZone[] {
  const usable = zones.filter(({ id = "" }) => hasFargate(id)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = usable.map(({ name }) => name);
  const missing = named.filter((zone) => !names.includes(zone));
  if (missing.length > 0) throw new UnknownZoneError(region, { missing, usable: names });
  return named.length > 0 ? usable.filter(({ name }) => named.includes(name)) : usable.slice(0, ZONES_WANTED);
}
