import type { SchedulingPlan } from "../model.ts";

/** A placement of all pods of a pass, to be compared with others before it is written out. */
export interface PlanCandidate {
  readonly unplacedPods: number;
  /** Sum of the cheapest prices of all claims. */
  readonly priceUsdPerHour: number;
  plan(): SchedulingPlan;
}
