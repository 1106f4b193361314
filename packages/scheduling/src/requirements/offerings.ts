import { LABELS } from "@nodeless/api";
import type { InstanceType, Offering, Requirements } from "../model.ts";
import { allowsLabel, allowsValue } from "./requirement.ts";

/** Available offerings of a type whose zone, zone id, capacity type and reservation the requirements allow, in the type's order. */
export function compatibleOfferings(
  instanceType: Pick<InstanceType, "offerings">,
  requirements: Requirements,
): readonly Offering[] {
  return instanceType.offerings.filter((offering) => offering.available && offeringMatches(offering, requirements));
}

/** Label of nodes that a capacity reservation pays for. */
export const RESERVATION_ID = "karpenter.k8s.aws/capacity-reservation-id";

/** True if a node bought this way satisfies the requirements on zone, zone id, capacity type and reservation. */
function offeringMatches(offering: Offering, requirements: Requirements): boolean {
  const zone = requirements.get(LABELS.zone);
  if (zone !== undefined && !allowsValue(zone, offering.zone)) return false;
  const capacityType = requirements.get(LABELS.capacityType);
  if (capacityType !== undefined && !allowsValue(capacityType, offering.capacityType)) return false;
  const reservation = requirements.get(RESERVATION_ID);
  if (reservation !== undefined && !allowsLabel(reservation, offering.reservationId)) return false;
  const zoneId = requirements.get(LABELS.zoneId);
  return zoneId === undefined || offering.zoneId === undefined || allowsValue(zoneId, offering.zoneId);
}

/** The cheapest of {@link compatibleOfferings}; ties by zone, then capacity type. Undefined when there is none. */
export function cheapestOffering(
  instanceType: Pick<InstanceType, "offerings">,
  requirements: Requirements,
): Offering | undefined {
  let best: Offering | undefined;
  for (const offering of instanceType.offerings) {
    if (!offering.available || !offeringMatches(offering, requirements)) continue;
    if (best === undefined || cheaper(offering, best)) best = offering;
  }
  return best;
}

function cheaper(a: Offering, b: Offering): boolean {
  if (a.priceUsdPerHour !== b.priceUsdPerHour) return a.priceUsdPerHour < b.priceUsdPerHour;
  if (a.zone !== b.zone) return a.zone < b.zone;
  return a.capacityType < b.capacityType;
}
