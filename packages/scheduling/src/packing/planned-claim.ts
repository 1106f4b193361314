import type { InstanceType, PlannedClaim, Requirement, Requirements } from "../model.ts";
import { addAmounts } from "../resources/amounts.ts";
import { fittingTypes } from "./fitting-types.ts";
import type { OpenClaim } from "./open-claim.ts";
import { distinctValues, survivingTypes, typesToSearch } from "./open-claim.ts";
import type { PlacementAttempt } from "./placement-attempt.ts";
import type { TypeSet } from "./pool-catalog.ts";

/** Writes out a claim of a finished attempt. */
export function plannedClaim(claim: OpenClaim, attempt: PlacementAttempt): PlannedClaim {
  const set = attempt.launchedSet(claim);
  const instanceTypes = claimedTypes(claim, set);
  const { resources } = attempt.model;
  return {
    id: `${claim.catalog.pool.name}-${claim.order}`,
    nodePool: claim.catalog.pool.name,
    ...(claim.catalog.hasMinValues ? lowered(set.requirements, instanceTypes) : { requirements: set.requirements }),
    instanceTypes,
    requests: addAmounts(resources.amounts(claim.used), daemonRequests(claim, set)),
    pods: claim.pods,
  };
}

function claimedTypes(claim: OpenClaim, set: TypeSet): readonly InstanceType[] {
  return claim.limit === undefined
    ? fittingTypes(set, claim.used)
    : survivingTypes(claim, set, claim.used).map(({ type }) => type);
}

/** Of the cheapest type. */
function daemonRequests(claim: OpenClaim, set: TypeSet): ReadonlyMap<string, number> {
  const cheapest =
    set === claim.set ? typesToSearch(claim, set)[claim.position] : survivingTypes(claim, set, claim.used)[0];
  if (cheapest === undefined) throw new Error("a planned claim has no instance type");
  return cheapest.daemons.requests;
}

/** The requirements with minValues brought down to what the types have, where the policy BestEffort let them have less. */
function lowered(
  requirements: Requirements,
  types: readonly InstanceType[],
): Pick<PlannedClaim, "requirements" | "minValuesRelaxed"> {
  const short: Requirement[] = [];
  for (const one of requirements.values()) {
    const values = one.minValues === undefined ? 0 : distinctValues(types, one.key);
    if (one.minValues !== undefined && values < one.minValues) short.push({ ...one, minValues: values });
  }
  if (short.length === 0) return { requirements };
  return {
    requirements: new Map([...requirements, ...short.map((one) => [one.key, one] as const)]),
    minValuesRelaxed: true,
  };
}
