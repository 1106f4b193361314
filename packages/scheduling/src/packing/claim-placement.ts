import type { CountPlan } from "../topology/count-plan.ts";
import type { TopologyState } from "../topology/topology-state.ts";
import type { ClaimTable } from "./claim-table.ts";
import { UNDECIDED } from "./claim-table.ts";
import type { OpenClaim } from "./open-claim.ts";
import { ceilingOf } from "./open-claim.ts";
import { addInto } from "./resource-table.ts";
import type { TypeSets } from "./type-sets.ts";
import type { VariantRun } from "./variant-run.ts";

/** What a placement changes besides the claim itself. */
interface PlacementBooks {
  readonly table: ClaimTable;
  readonly topology: TopologyState;
  readonly sets: TypeSets;
}

/** Where the claim stands after the pod: the answer of the search that found it. */
interface ClaimPlace {
  readonly set: number;
  readonly position: number;
}

/** Takes one pod of the run, which fits, and counts it in the topology. */
export function placeOnClaim(claim: OpenClaim, run: VariantRun, place: ClaimPlace & PlacementBooks): void {
  const { table } = place;
  const { requests, shape } = run.shape;
  const narrows = place.set !== table.set[claim.order];
  addInto(claim.used, requests);
  claim.position = place.position;
  table.pods[claim.order] = claim.pods.length + 1;
  if (narrows) {
    claim.set = place.sets.get(place.set);
    table.set[claim.order] = place.set;
    updateRoom(claim, table);
    decideDomains(claim, place);
  } else {
    const base = claim.order * table.dimensions;
    for (let index = 0; index < table.dimensions; index += 1)
      table.room[base + index] = (table.room[base + index] ?? 0) - (requests[index] ?? 0);
  }
  if (shape.ports.length > 0) claim.ports = [...claim.ports, ...shape.ports];
  const counting = run.variant.counting[claim.poolIndex];
  if (counting !== undefined && !counting.isEmpty) count(claim, counting, place);
}

/** Brings the claim's room up to date after its set or price limit changed. */
export function updateRoom(claim: OpenClaim, table: ClaimTable): void {
  const ceiling = ceilingOf(claim);
  const base = claim.order * table.dimensions;
  for (let index = 0; index < table.dimensions; index += 1)
    table.room[base + index] = (ceiling[index] ?? 0) - (claim.used[index] ?? 0);
}

/** Notes keys with a single domain left, and counts the pods that waited for the decision. */
export function decideDomains(claim: OpenClaim, { table, topology, sets }: PlacementBooks): void {
  const set = table.set[claim.order] ?? 0;
  for (let keyIndex = 0; keyIndex < table.keys; keyIndex += 1) {
    const at = claim.order * table.keys + keyIndex;
    if (table.domains[at] !== UNDECIDED) continue;
    const possible = sets.possibleDomains(set, keyIndex);
    const [domain] = possible;
    if (domain === undefined || possible.length > 1) continue;
    table.domains[at] = domain;
    const { groups, tables } = topology.facts;
    for (const [group, pods] of claim.undecided) {
      if (groups[group]?.key !== tables[keyIndex]?.key) continue;
      topology.addCount(group, domain, pods);
      claim.undecided.delete(group);
    }
  }
}

function count(claim: OpenClaim, plan: CountPlan, { table, topology, sets }: PlacementBooks): void {
  const host = topology.facts.hosts.names.length + claim.order;
  for (let index = 0; index < plan.hosts.length; index += 1) topology.addCount(plan.hosts[index] ?? 0, host);
  for (let index = 0; index < plan.hostOwners.length; index += 1) topology.addOwner(plan.hostOwners[index] ?? 0, host);
  const base = claim.order * table.keys;
  for (let index = 0; index < plan.domains.length; index += 1) {
    const one = plan.domains[index];
    if (one === undefined) continue;
    const domain = table.domains[base + one.keyIndex] ?? UNDECIDED;
    if (domain !== UNDECIDED) topology.addCount(one.group, domain);
    else if (!one.everywhere) claim.undecided.set(one.group, (claim.undecided.get(one.group) ?? 0) + 1);
    else
      for (const possible of sets.possibleDomains(table.set[claim.order] ?? 0, one.keyIndex))
        topology.addCount(one.group, possible);
  }
  for (const { group, keyIndex } of plan.domainOwners) {
    const domain = table.domains[base + keyIndex] ?? UNDECIDED;
    if (domain !== UNDECIDED) topology.addOwner(group, domain);
    else
      for (const possible of sets.possibleDomains(table.set[claim.order] ?? 0, keyIndex))
        topology.addOwner(group, possible);
  }
}
