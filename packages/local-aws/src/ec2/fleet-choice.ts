import type { FleetLaunchTemplateOverridesRequest } from "@aws-sdk/client-ec2";
import { findInstanceType } from "@nodeless/catalog";

/** One way to fulfil a unit of a fleet. */
export interface FleetCandidate {
  /** Position of its launch template configuration. */
  readonly config: number;
  readonly override: FleetLaunchTemplateOverridesRequest;
  readonly instanceType: string;
  /** Zone of the override's subnet or the named one; undefined = any. */
  readonly zone: string | undefined;
  /** Eighths of its subnet's addresses that are taken; 0 when any subnet will do. */
  readonly subnetFullness: number;
  readonly capacityType: "spot" | "on-demand";
}

/** The strategies of an instant fleet. Local EC2 has no capacity levels: the capacity-optimized ones go by price. */
export type AllocationStrategy =
  | "lowest-price"
  | "price-capacity-optimized"
  | "capacity-optimized"
  | "capacity-optimized-prioritized"
  | "prioritized"
  | "diversified";

/**
 * The order in which a fleet tries its candidates: by price, or first by the overrides' priority (a lower number is higher; without a number
 * last). Of equal ones those in emptier subnets come first, then the order of the request counts: EC2 spreads equal pools by what they have
 * left, and one zone must not run out of addresses while the others are empty. Types without a price come last.
 */
export function orderCandidates(
  candidates: readonly FleetCandidate[],
  options: { readonly region: string; readonly strategy: string },
): readonly FleetCandidate[] {
  const byPriority = options.strategy === "prioritized" || options.strategy === "capacity-optimized-prioritized";
  return candidates
    .map((candidate) => ({
      candidate,
      priority: byPriority ? (candidate.override.Priority ?? Number.POSITIVE_INFINITY) : 0,
      price: priceOf(candidate, options.region) ?? Number.POSITIVE_INFINITY,
    }))
    .sort(
      (a, b) =>
        compare(a.priority, b.priority) ||
        compare(a.price, b.price) ||
        compare(a.candidate.subnetFullness, b.candidate.subnetFullness),
    )
    .map(({ candidate }) => candidate);
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function priceOf(candidate: FleetCandidate, region: string): number | undefined {
  const facts = findInstanceType(region, candidate.instanceType);
  if (candidate.capacityType === "on-demand") return facts?.onDemandUsdPerHour;
  return facts?.spotUsdPerHour(candidate.zone ?? facts.zones[0] ?? "");
}
