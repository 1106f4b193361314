import type { Pod } from "@nodeless/api";
import {
  type InstanceType,
  planScheduling,
  podKeyOf,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import { requestsOf } from "./existing-nodes.ts";
import type { PlanOptions } from "./plan-options.ts";

/** What no placement can cost less than, and the prices behind it. */
export interface PriceBound {
  readonly lowerBoundUsdPerHour: number;
  /** By `namespace/name`; pods that no instance type holds are not in it. */
  readonly fairPriceUsdPerHour: ReadonlyMap<string, number>;
}

/** A plan with its bound. */
export interface BoundedPlan extends PriceBound {
  readonly plan: SchedulingPlan;
}

/** Plans in the gear that was asked for. `pricedOnly` are pods that run elsewhere: they get a fair price and no place. */
export function packPods(input: SchedulingInput, pricedOnly: readonly Pod[], _options: PlanOptions): BoundedPlan {
  const plan = planScheduling(input);
  return { plan, ...boundOf(placedInput(input, plan), pricedOnly) };
}

/** The bound counts only what is placed: else a plan that refuses pods would look better than what is possible. */
export function placedInput(input: SchedulingInput, plan: SchedulingPlan): SchedulingInput {
  if (plan.unplaced.length === 0) return input;
  const unplaced = new Set(plan.unplaced.map(({ pod }) => podKeyOf(pod)));
  return { ...input, pods: input.pods.filter((pod) => !unplaced.has(podKeyOf(pod))) };
}

/** A bound for the pods of the input and fair prices for them and for `pricedOnly`. */
export function boundOf(input: SchedulingInput, pricedOnly: readonly Pod[]): PriceBound {
  const types = input.nodePools.flatMap(({ instanceTypes }) => instanceTypes);
  const usdPerMillicore = Math.min(...types.map(pricePerMillicore));
  const price = ({ spec }: Pod): number => {
    const value = (requestsOf([{ spec } as Pod]).get("cpu") ?? 0) * usdPerMillicore;
    return Number.isFinite(value) ? value : 0;
  };
  const fair = new Map([...input.pods, ...pricedOnly].map((pod) => [podKeyOf(pod), price(pod)]));
  let lowerBoundUsdPerHour = 0;
  if (input.existingNodes.length === 0) for (const pod of input.pods) lowerBoundUsdPerHour += price(pod);
  return { lowerBoundUsdPerHour, fairPriceUsdPerHour: fair };
}

function pricePerMillicore({ offerings, capacity, overhead }: InstanceType): number {
  const prices = offerings.filter(({ available }) => available).map(({ priceUsdPerHour }) => priceUsdPerHour);
  return Math.min(...prices) / ((capacity.get("cpu") ?? 0) - (overhead.get("cpu") ?? 0));
}
