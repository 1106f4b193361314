import type { PlanFinding, PlannedClaim, SchedulingInput, SchedulingPlan } from "../model.ts";
import { openOfferings } from "./plain-rules.ts";

const RESERVATION = "karpenter.k8s.aws/capacity-reservation-id";

/** Every claim on reserved capacity names its reservations, and no reservation is named by more claims than it has instances left. */
export function checkReservations({ nodePools }: SchedulingInput, { claims }: SchedulingPlan): PlanFinding[] {
  const types = nodePools.flatMap(({ instanceTypes }) => instanceTypes);
  if (types.every(({ offerings }) => offerings.every(({ reservationId }) => reservationId === undefined))) return [];
  const findings: PlanFinding[] = [];
  const uses = new Map<string, number>();
  const left = new Map<string, number>();
  for (const claim of claims) {
    const usable = reservationsOf(claim, left);
    const named = claim.requirements.get(RESERVATION);
    if (usable.size > 0 && (named === undefined || named.complement))
      findings.push({ subject: claim.id, message: "may use reservations without naming them" });
    for (const id of usable) uses.set(id, (uses.get(id) ?? 0) + 1);
  }
  for (const [id, count] of uses)
    if (count > (left.get(id) ?? 0))
      findings.push({ subject: id, message: `${count} claims share ${left.get(id) ?? 0} reserved instances` });
  return findings;
}

function reservationsOf(claim: PlannedClaim, left: Map<string, number>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const type of claim.instanceTypes)
    for (const { reservationId, reservationsLeft = 0 } of openOfferings(type, claim.requirements))
      if (reservationId !== undefined) {
        ids.add(reservationId);
        left.set(reservationId, Math.min(reservationsLeft, left.get(reservationId) ?? reservationsLeft));
      }
  return ids;
}
