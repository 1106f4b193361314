import type { Pod } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { InstanceType } from "../model.ts";
import type { HostPort } from "../resources/host-ports.ts";
import type { PoolCatalog, PricedType, TypeSet } from "./pool-catalog.ts";
import { covers } from "./resource-table.ts";

/** Room that a pool's limits leave; infinite where unlimited. */
export interface LimitRoom {
  readonly amounts: Float64Array;
}

/**
 * A node that the plan under construction wants to launch. Its set of types shrinks as pods come. What a search reads of every
 * claim stands in the attempt's claim table.
 */
export interface OpenClaim {
  readonly catalog: PoolCatalog;
  readonly poolIndex: number;
  /** Opening order within the plan, and its row in the claim table. */
  readonly order: number;
  set: TypeSet;
  /** Index of the cheapest fitting type in {@link typesToSearch}. */
  position: number;
  /** Requests of the pods. */
  readonly used: Float64Array;
  readonly pods: Pod[];
  ports: readonly HostPort[];
  /** By group: pods that count once the claim's domain is decided. */
  readonly undecided: Map<number, number>;
  /** The claim does not grow into dearer types. */
  priceLimitUsdPerHour: number;
  /** Types above the room that was left when the claim was opened are out. */
  readonly limit: LimitRoom | undefined;
}

/** A claim without pods. */
export function emptyClaim(
  catalog: PoolCatalog,
  options: {
    readonly order: number;
    readonly poolIndex: number;
    readonly dimensions: number;
    readonly limit: LimitRoom | undefined;
  },
): OpenClaim {
  return {
    catalog,
    poolIndex: options.poolIndex,
    order: options.order,
    set: catalog.root,
    position: 0,
    used: new Float64Array(options.dimensions),
    pods: [],
    ports: catalog.daemonPorts,
    undecided: new Map(),
    priceLimitUsdPerHour: Number.POSITIVE_INFINITY,
    limit: options.limit,
  };
}

/** Types among which the cheapest fit is found. Limits may rule out a covering type, so that then all types count. */
export function typesToSearch(claim: OpenClaim, set: TypeSet): readonly PricedType[] {
  return claim.limit === undefined ? set.frontier : set.priced;
}

/** Index of the cheapest type of `set` that holds what the claim has and `asked`; -1 if none within its price limit. */
export function findFit(claim: OpenClaim, set: TypeSet, asked: Float64Array): number {
  const types = typesToSearch(claim, set);
  // Content only grows, so that within one set the search goes on where it stopped.
  for (let index = set === claim.set ? claim.position : 0; index < types.length; index += 1) {
    const type = types[index];
    if (type === undefined || type.priceUsdPerHour > claim.priceLimitUsdPerHour) return -1;
    if (holds(type.free, claim.used, asked) && withinLimit(type, claim.limit)) return index;
  }
  return -1;
}

function holds(free: Float64Array, used: Float64Array, asked: Float64Array): boolean {
  for (let index = 0; index < free.length; index += 1) {
    const total = (used[index] ?? 0) + (asked[index] ?? 0);
    if (total > 0 && total > (free[index] ?? 0)) return false;
  }
  return true;
}

/** Most of each resource that any type the claim may become has. */
export function ceilingOf(claim: OpenClaim): Float64Array {
  if (claim.limit === undefined && claim.priceLimitUsdPerHour === Number.POSITIVE_INFINITY) return claim.set.ceiling;
  const ceiling = new Float64Array(claim.used.length);
  for (const { free, priceUsdPerHour } of typesToSearch(claim, claim.set)) {
    if (priceUsdPerHour > claim.priceLimitUsdPerHour) break;
    for (let index = 0; index < ceiling.length; index += 1)
      ceiling[index] = Math.max(ceiling[index] ?? 0, free[index] ?? 0);
  }
  return ceiling;
}

/** True if launching the type stays inside the room that the pool's limits left. */
export function withinLimit(type: PricedType, limit: LimitRoom | undefined): boolean {
  return limit === undefined || covers(limit.amounts, type.capacity);
}

/**
 * Types that the claim may be launched as, cheapest first: those that hold its pods. Under limits only those up to its
 * price limit, because the largest of them is what the limits are charged.
 */
export function survivingTypes(claim: OpenClaim, set: TypeSet, total: Float64Array): readonly PricedType[] {
  return set.priced.filter(
    (type) =>
      covers(type.free, total) &&
      (claim.limit === undefined ||
        (withinLimit(type, claim.limit) && type.priceUsdPerHour <= claim.priceLimitUsdPerHour)),
  );
}

/** True if for each key with minValues enough distinct values remain among the types. */
export function meetsMinValues(types: readonly PricedType[], set: TypeSet): boolean {
  for (const { key, minValues } of set.requirements.values()) {
    if (minValues === undefined) continue;
    if (
      distinctValues(
        types.map(({ type }) => type),
        key,
      ) < minValues
    )
      return false;
  }
  return true;
}

/**
 * The least price limit under which the claim keeps what minValues ask for; 0 where the price limit does not decide which types it is launched
 * as. To be asked of a claim whose types meet minValues without a price limit.
 */
export function minValuesPriceUsdPerHour(claim: OpenClaim): number {
  if (claim.limit === undefined || !claim.catalog.hasMinValues) return 0;
  const types = survivingTypes(claim, claim.set, claim.used);
  let enough = types.length;
  for (let tooFew = 0; enough - tooFew > 1; ) {
    const middle = (tooFew + enough) >> 1;
    if (meetsMinValues(types.slice(0, middle), claim.set)) enough = middle;
    else tooFew = middle;
  }
  return types[enough - 1]?.priceUsdPerHour ?? 0;
}

/** How many values of a label the types can have between them; zones and capacity types come from available offerings. */
export function distinctValues(types: readonly InstanceType[], key: string): number {
  const values = new Set<string>();
  for (const type of types) {
    const offered = type.requirements.get(key);
    if (offered !== undefined && !offered.complement) for (const value of offered.values) values.add(value);
    for (const offering of type.offerings) {
      if (!offering.available) continue;
      if (key === LABELS.zone) values.add(offering.zone);
      else if (key === LABELS.capacityType) values.add(offering.capacityType);
      else if (key === LABELS.zoneId && offering.zoneId !== undefined) values.add(offering.zoneId);
    }
    if (key === LABELS.instanceType) values.add(type.name);
  }
  return values.size;
}

/** Cheapest price at which the claim as it stands can be launched. */
export function claimPriceUsdPerHour(claim: OpenClaim): number {
  return typesToSearch(claim, claim.set)[claim.position]?.priceUsdPerHour ?? Number.POSITIVE_INFINITY;
}
