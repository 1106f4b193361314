import { LABELS } from "@nodeless/api";
import type { Requirements } from "../model.ts";
import { compatibleOfferings, RESERVATION_ID } from "../requirements/offerings.ts";
import { requirement } from "../requirements/requirement.ts";
import type { OpenClaim } from "./open-claim.ts";
import { survivingTypes } from "./open-claim.ts";
import type { PoolCatalog, TypeSet } from "./pool-catalog.ts";

/** What reserved capacity says to a claim that would stand so. */
type ReservationAnswer =
  /** It holds reservations, or none concerns it. */
  | "open"
  /** It could use reservations, but this pass has used them up, or the pod would take away those that it holds. */
  | "used-up";

/** Reserved instances that one attempt has not promised yet (karpenter.md §3.9). A claim holds one of each reservation it may use. */
export class Reservations {
  readonly #left: Map<string, number>;
  readonly #held = new Map<OpenClaim, ReadonlySet<string>>();

  private constructor(left: Map<string, number>) {
    this.#left = left;
  }

  /** Undefined if no type of any pool has a reservation: then nothing needs to be counted. */
  static of(catalogs: readonly PoolCatalog[]): Reservations | undefined {
    if (catalogs.every(({ reservationsLeft }) => reservationsLeft.size === 0)) return undefined;
    const left = new Map<string, number>();
    for (const { reservationsLeft } of catalogs)
      for (const [id, instances] of reservationsLeft) left.set(id, Math.min(instances, left.get(id) ?? instances));
    return new Reservations(left);
  }

  /** What a claim would get that narrows to the set and holds this much. Changes nothing. */
  ask(claim: OpenClaim, set: TypeSet, total: Float64Array): ReservationAnswer {
    const usable = usableReservations(claim, set, total);
    const held = this.#held.get(claim);
    if (usable.size === 0) return held === undefined ? "open" : "used-up";
    for (const id of usable) if (held?.has(id) === true || (this.#left.get(id) ?? 0) > 0) return "open";
    return "used-up";
  }

  /** Brings up to date what the claim holds, after it took a pod. */
  settle(claim: OpenClaim): void {
    const held = this.#held.get(claim);
    const kept = new Set<string>();
    for (const id of usableReservations(claim, claim.set, claim.used)) {
      const left = this.#left.get(id) ?? 0;
      if (held?.has(id) !== true && left < 1) continue;
      if (held?.has(id) !== true) this.#left.set(id, left - 1);
      kept.add(id);
    }
    for (const id of held ?? []) if (!kept.has(id)) this.#left.set(id, (this.#left.get(id) ?? 0) + 1);
    if (kept.size > 0) this.#held.set(claim, kept);
    else this.#held.delete(claim);
  }

  /** What the claim's requirements become when it is launched: reserved capacity of the reservations that it holds. */
  requirementsOf(claim: OpenClaim): Requirements | undefined {
    const held = this.#held.get(claim);
    if (held === undefined) return undefined;
    return new Map([
      [LABELS.capacityType, requirement(LABELS.capacityType, "In", ["reserved"])],
      [RESERVATION_ID, requirement(RESERVATION_ID, "In", [...held].sort())],
    ]);
  }
}

/** The requirement of claims that go on without reserved capacity. */
export const WITHOUT_RESERVED: Requirements = new Map([
  [LABELS.capacityType, requirement(LABELS.capacityType, "NotIn", ["reserved"])],
]);

function usableReservations(claim: OpenClaim, set: TypeSet, total: Float64Array): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { type } of survivingTypes(claim, set, total))
    for (const { reservationId } of compatibleOfferings(type, set.requirements))
      if (reservationId !== undefined) ids.add(reservationId);
  return ids;
}
