import type { Pod } from "@nodeless/api";
import type { InstanceType, PlannedClaim } from "../../model.ts";
import { meetsMinValues } from "../../packing/open-claim.ts";
import type { PlanningModel } from "../../packing/planning-model.ts";
import type { PoolCatalog, PoolType, TypeSet } from "../../packing/pool-catalog.ts";
import type { Packing } from "../problem.ts";
import type { LoweredInput } from "./lower-input.ts";

/** A claim before its types are final. */
export interface DraftClaim {
  readonly catalog: PoolCatalog;
  readonly set: TypeSet;
  /** Requests of the pods. */
  readonly used: Float64Array;
  readonly pods: readonly Pod[];
  /** Types that hold the pods, cheapest first. */
  readonly instanceTypes: readonly InstanceType[];
  /** The claim as the first fit wrote it out, if it is one of its claims. */
  readonly planned?: PlannedClaim;
}

/** How much dearer than the cheapest a claim's types may be, tried one after the other where limits bind. */
const PRICE_RATIOS: readonly number[] = [Number.POSITIVE_INFINITY, 4, 2, 1.5, 1.2, 1.05, 1];

/**
 * The claims with as many types as the limits of their pools allow, whichever type the cloud picks. Undefined if the limits are
 * exceeded even by the cheapest types.
 */
export function withinLimits(
  drafts: readonly DraftClaim[],
  { catalogs }: PlanningModel,
): readonly DraftClaim[] | undefined {
  let result = drafts;
  for (const catalog of catalogs) {
    const limits = catalog.pool.remainingLimits;
    if (limits.size === 0) continue;
    const ofPool = drafts.filter((draft) => draft.catalog === catalog);
    if (ofPool.length === 0) continue;
    if (neverExceeds(ofPool.length, catalog)) continue;
    const trimmed = trimmedDrafts(ofPool, catalog);
    if (trimmed === undefined) return undefined;
    const replaced = new Map(ofPool.map((draft, index) => [draft, trimmed[index] ?? draft]));
    result = result.map((draft) => replaced.get(draft) ?? draft);
  }
  return result;
}

/** False if even the largest types would keep the packing inside all limits. */
export function limitsMayBind({ model, offerings, side }: LoweredInput, { nodes }: Packing): boolean {
  const byPool = model.catalogs.map(() => 0);
  for (const { offering } of nodes) {
    const poolIndex = offerings[offering]?.poolIndex ?? -1;
    byPool[poolIndex] = (byPool[poolIndex] ?? 0) + 1;
  }
  for (const { catalog } of side?.attempt.claims ?? []) {
    const poolIndex = model.catalogs.indexOf(catalog);
    byPool[poolIndex] = (byPool[poolIndex] ?? 0) + 1;
  }
  return model.catalogs.some((catalog, index) => !neverExceeds(byPool[index] ?? 0, catalog));
}

/** True if no placement of the pods, not even on a node each, exceeds the limits of a pool. */
export function limitsNeverBind({ catalogs, pods }: PlanningModel): boolean {
  return catalogs.every((catalog) => neverExceeds(pods, catalog));
}

/** True if so many nodes of the largest types stay inside the limits. */
function neverExceeds(nodes: number, { pool, types }: PoolCatalog): boolean {
  for (const [resource, room] of pool.remainingLimits) {
    const largest = resource === "nodes" ? 1 : largestAmount(types, resource);
    if (nodes * largest > room) return false;
  }
  return true;
}

const knownAmounts = new WeakMap<readonly PoolType[], Map<string, number>>();

/** The most of a resource that any of the types has. */
function largestAmount(types: readonly PoolType[], resource: string): number {
  const known = knownAmounts.get(types) ?? new Map<string, number>();
  knownAmounts.set(types, known);
  let largest = known.get(resource);
  if (largest === undefined) {
    largest = 0;
    for (const { type } of types) largest = Math.max(largest, type.capacity.get(resource) ?? 0);
    known.set(resource, largest);
  }
  return largest;
}

function trimmedDrafts(drafts: readonly DraftClaim[], catalog: PoolCatalog): readonly DraftClaim[] | undefined {
  for (const ratio of PRICE_RATIOS) {
    const trimmed = drafts.map((draft) => withTypesUpTo(draft, ratio));
    if (keepsLimits(trimmed, catalog)) return trimmed;
  }
  return undefined;
}

function withTypesUpTo(draft: DraftClaim, ratio: number): DraftClaim {
  if (!Number.isFinite(ratio)) return draft;
  const fitting = new Set(draft.instanceTypes);
  const types = draft.set.priced.filter(({ type }) => fitting.has(type));
  const most = (types[0]?.priceUsdPerHour ?? 0) * ratio;
  let count = types.findIndex(({ priceUsdPerHour }) => priceUsdPerHour > most);
  if (count < 0) return draft;
  count = Math.max(1, count);
  while (count < types.length && !meetsMinValues(types.slice(0, count), draft.set)) count += 1;
  return { ...draft, instanceTypes: draft.instanceTypes.slice(0, count) };
}

function keepsLimits(drafts: readonly DraftClaim[], { pool }: PoolCatalog): boolean {
  for (const [resource, room] of pool.remainingLimits) {
    let worst = resource === "nodes" ? drafts.length : 0;
    for (const { instanceTypes } of resource === "nodes" ? [] : drafts)
      worst += instanceTypes.reduce((most, { capacity }) => Math.max(most, capacity.get(resource) ?? 0), 0);
    if (worst > 0 && worst > room) return false;
  }
  return true;
}
