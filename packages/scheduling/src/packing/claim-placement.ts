import { LABELS } from "@nodeless/api";
import { firstPortConflict } from "../resources/host-ports.ts";
import { poolCounts } from "../topology/topology-model.ts";
import type { TopologyRules, TopologyState } from "../topology/topology-state.ts";
import type { OpenClaim } from "./open-claim.ts";
import { findFit, lowerCeiling, meetsMinValues, survivingTypes } from "./open-claim.ts";
import type { ShapeModel, VariantModel } from "./planning-model.ts";
import type { TypeSet } from "./pool-catalog.ts";
import { addInto, fits } from "./resource-table.ts";

/** Where a claim would stand after taking one more pod. */
export interface ClaimFit {
  readonly set: TypeSet;
  readonly position: number;
}

/**
 * Why a claim refuses a pod. `for-good` holds for every later pod of the same shape in this attempt, because claims only
 * fill up and narrow; `for-now` may change as other domains fill.
 */
export type ClaimRefusal = "for-good" | "for-now";

/** True if a refusal by these topology rules can never turn into acceptance while pods are only added. */
function refusesForGood(rules: TopologyRules): boolean {
  return rules.owned.every(
    ({ kind, key }) => kind === "anti-affinity" || (kind === "spread" && key === LABELS.hostname),
  );
}

/** Tests one pod of the shape against a claim: pool, ports, requirements, resources, topology, minValues. Changes nothing. */
export function fitOnClaim(
  claim: OpenClaim,
  shape: ShapeModel,
  options: { readonly variant: VariantModel; readonly poolIndex: number; readonly topology: TopologyState },
): ClaimFit | ClaimRefusal {
  const { variant, poolIndex, topology } = options;
  if (!fits(claim.ceiling, claim.used, shape.requests)) return "for-good";
  if (typeof variant.pools[poolIndex] === "string") return "for-good";
  const set = claim.catalog.narrow(claim.set, variant.requirementNumber);
  if (set === undefined) return "for-good";
  const position = findFit(claim, set, shape.requests);
  if (position < 0) return "for-good";
  if (firstPortConflict(shape.shape.ports, claim.ports) !== undefined) return "for-good";
  const { rules } = variant;
  const fit = rules.keys.length === 0 ? { set, position } : chooseDomains({ claim, shape, rules, topology }, set, 0);
  if (fit === undefined) return refusesForGood(rules) ? "for-good" : "for-now";
  if (claim.catalog.hasMinValues) {
    const total = claim.used.slice();
    addInto(total, shape.requests);
    if (!meetsMinValues(survivingTypes(claim, fit.set, total), fit.set)) return "for-good";
  }
  return fit;
}

interface DomainSearch {
  readonly claim: OpenClaim;
  readonly shape: ShapeModel;
  readonly rules: TopologyRules;
  readonly topology: TopologyState;
}

/** Settles the topology keys one after the other; the first combination of domains that holds the pod wins. */
function chooseDomains(search: DomainSearch, set: TypeSet, keyIndex: number): ClaimFit | undefined {
  const { claim, shape, rules, topology } = search;
  const key = rules.keys[keyIndex];
  if (key === undefined) {
    const position = findFit(claim, set, shape.requests);
    return position < 0 ? undefined : { set, position };
  }
  const decided = key === LABELS.hostname ? claim.host : claim.domains.get(key);
  if (decided !== undefined)
    return topology.violated(rules, key, decided) === undefined ? chooseDomains(search, set, keyIndex + 1) : undefined;
  const possible = claim.catalog.possibleDomains(set, key);
  if (possible.length === 0)
    return topology.violated(rules, key, undefined) === undefined
      ? chooseDomains(search, set, keyIndex + 1)
      : undefined;
  const allowed = possible.filter((domain) => topology.violated(rules, key, domain) === undefined);
  if (allowed.length === 0) return undefined;
  // Only kept away from some domains: the claim stays open between the others.
  const owned = rules.owned.some((group) => group.key === key);
  const choices = owned ? byRank(allowed, search, key).map((domain) => [domain]) : [allowed];
  for (const choice of choices) {
    const narrowed = choice.length === possible.length ? set : claim.catalog.narrowToDomains(set, key, choice);
    const fit = narrowed === undefined ? undefined : chooseDomains(search, narrowed, keyIndex + 1);
    if (fit !== undefined) return fit;
  }
  return undefined;
}

function byRank(domains: readonly string[], { topology, rules }: DomainSearch, key: string): readonly string[] {
  const ranked = domains.map((domain) => ({ domain, rank: topology.rank(rules, key, domain) }));
  // The sort is stable and domains come sorted by name, so that ties go by name.
  return ranked.sort((a, b) => a.rank - b.rank).map(({ domain }) => domain);
}

/** Puts a pod that fits on the claim and counts it in the topology. */
export function placeOnClaim(
  claim: OpenClaim,
  fit: ClaimFit,
  options: {
    readonly shape: ShapeModel;
    readonly variant: VariantModel;
    readonly topology: TopologyState;
    readonly domainKeys: readonly string[];
  },
): void {
  const { shape, variant, topology, domainKeys } = options;
  if (fit.set !== claim.set) {
    claim.set = fit.set;
    lowerCeiling(claim);
    decideDomains(claim, topology, domainKeys);
  }
  claim.position = fit.position;
  addInto(claim.used, shape.requests);
  if (shape.shape.ports.length > 0) claim.ports = [...claim.ports, ...shape.shape.ports];
  recordOnClaim(claim, variant.rules, topology);
}

/** Notes keys with a single domain left, and counts the pods that waited for the decision. */
export function decideDomains(claim: OpenClaim, topology: TopologyState, domainKeys: readonly string[]): void {
  for (const key of domainKeys) {
    if (claim.domains.has(key)) continue;
    const possible = claim.catalog.possibleDomains(claim.set, key);
    const [domain] = possible;
    if (domain === undefined || possible.length > 1) continue;
    claim.domains.set(key, domain);
    for (const [group, pods] of claim.undecided) {
      if (group.key !== key) continue;
      topology.addCount(group, domain, pods);
      claim.undecided.delete(group);
    }
  }
}

function recordOnClaim(claim: OpenClaim, rules: TopologyRules, topology: TopologyState): void {
  for (const group of rules.selectedBy) {
    if (!poolCounts(group.filter, claim.catalog)) continue;
    const domain = group.key === LABELS.hostname ? claim.host : claim.domains.get(group.key);
    if (domain !== undefined) topology.addCount(group, domain);
    // Until the zone is known a pod repels from every zone it may end up in, but attracts to and counts in none.
    else if (group.kind === "anti-affinity")
      for (const possible of claim.catalog.possibleDomains(claim.set, group.key)) topology.addCount(group, possible);
    else claim.undecided.set(group, (claim.undecided.get(group) ?? 0) + 1);
  }
  for (const group of rules.owned) {
    if (group.kind !== "anti-affinity" || !group.required) continue;
    const domain = group.key === LABELS.hostname ? claim.host : claim.domains.get(group.key);
    const domains = domain !== undefined ? [domain] : claim.catalog.possibleDomains(claim.set, group.key);
    for (const one of domains) topology.addOwner(group, one);
  }
}
