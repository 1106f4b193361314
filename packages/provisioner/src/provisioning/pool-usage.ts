import type { NodeClaim, ResourceAmounts } from "@nodeless/api";
import { parseResourceList } from "@nodeless/api";
import { addAmounts } from "./resource-lists.ts";

/**
 * What a pool's claims take: the sum of their capacity, and `nodes`. A claim that is not launched yet counts with what it
 * was made for, so that a limit is not passed while it boots.
 */
export function poolUsage(claims: readonly NodeClaim[]): Map<string, number> {
  let total: Map<string, number> = new Map();
  for (const claim of claims) total = addAmounts(total, claimCapacity(claim));
  total.set("nodes", claims.length);
  return total;
}

function claimCapacity({ status, spec }: NodeClaim): ResourceAmounts {
  return parseResourceList(status?.capacity ?? spec.resources?.requests);
}

/** Limits − usage, for the limited resources only; zero when overdrawn. */
export function remainingLimits(
  limits: Readonly<Record<string, string | number>> | undefined,
  usage: ResourceAmounts,
): Map<string, number> {
  const remaining = new Map<string, number>();
  for (const [name, amount] of parseResourceList(limits))
    remaining.set(name, Math.max(0, amount - (usage.get(name) ?? 0)));
  return remaining;
}
