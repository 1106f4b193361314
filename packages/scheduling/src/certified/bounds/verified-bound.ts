import type { PackingProblem } from "../problem.ts";
import { roundedDown } from "./rounding.ts";
import { existingValueLimit } from "./verified-existing.ts";
import type { ValuedItems } from "./verified-items.ts";
import { classItems, verifiedClasses } from "./verified-items.ts";
import { NodeValueLimits } from "./verified-limits.ts";
import { proveNodeValue } from "./verified-node.ts";

/** Steps of the exact search for one offering; beyond, what is left open counts at its divisible value. */
const STEPS_MAX = 200_000;
/** Steps where the divisible value is no more than the price already: worth a try, since few pods per node leave much of it unused. */
const STEPS_BELOW_PRICE_MAX = 20_000;
/** Steps for all offerings together. */
const TOTAL_STEPS_MAX = 3_000_000;

/** How many of the most valuable shapes are kept whole when the others count as divisible, in the order of trial. */
const WHOLE_ITEMS: readonly number[] = [60, 250, 120, 30];

export interface PriceCheck {
  /** The most value per dollar that any node can hold, never below the truth. */
  readonly theta: number;
  /** The most that existing bins can absorb, at the prices given. */
  readonly existingUsdPerHour: number;
  /** What follows; 0 when nothing does. */
  readonly boundUsdPerHour: number;
}

/**
 * What any prices prove: a number that no packing is cheaper than, whatever was wrong with the prices (packing.md §1). Uses nothing of how the prices
 * were found: limits of node values by weak duality, where these are not enough a search over the contents of a node.
 */
export function verifiedBound(problem: PackingProblem, podUsdPerHour: Float64Array): number {
  return checkPrices(problem, podUsdPerHour).boundUsdPerHour;
}

/** {@link verifiedBound} with what it consists of. */
export function checkPrices(problem: PackingProblem, podUsdPerHour: Float64Array): PriceCheck {
  const { classes, existing, values } = verifiedClasses(problem, podUsdPerHour);
  const items = classes.map((members) => classItems(problem, members.allowed, values));
  const budget = { steps: TOTAL_STEPS_MAX };
  const limits = classes.map(
    ({ offerings }, index) => new NodeValueLimits(problem, items[index] as ValuedItems, offerings),
  );
  let theta = 0;
  for (const limit of limits) theta = Math.max(theta, classTheta(limit, theta, budget));
  const existingUsdPerHour = existing.reduce(
    (sum, { bins, allowed }) => sum + existingValueLimit(problem, classItems(problem, allowed, values), bins),
    0,
  );
  const total = problem.shapes.reduce((sum, shape, index) => sum + shape.pods * (values[index] as number), 0);
  const certain = theta * (1 + 1e-9);
  const boundUsdPerHour =
    certain > 0 && Number.isFinite(certain) ? roundedDown((total - existingUsdPerHour) / certain) : 0;
  return { theta: certain, existingUsdPerHour, boundUsdPerHour };
}

/** The most value per dollar of a class, at least `reached`: offerings are looked into only as far as they may exceed it. */
function classTheta(limits: NodeValueLimits, reached: number, budget: { steps: number }): number {
  let theta = reached;
  for (;;) {
    const suspect = limits.worst(theta * (1 + 1e-10));
    if (suspect === undefined) return theta;
    if (limits.refine(suspect.offering)) continue;
    theta = Math.max(theta, limits.reachedRatio(suspect.offering));
    if (suspect.ratio <= theta) continue;
    if (suspect.ratio > 1 + 1e-8) {
      if (limits.refineAll()) continue;
      if (WHOLE_ITEMS.some((whole) => limits.refineWhole(suspect.offering, whole))) continue;
    }
    const steps = Math.min(suspect.ratio > 1 + 1e-8 ? STEPS_MAX : STEPS_BELOW_PRICE_MAX, budget.steps);
    const proof = proveNodeValue(limits.knapsackOf(suspect.offering), theta * suspect.price, steps);
    budget.steps -= proof.steps;
    limits.settle(suspect.offering, proof.limit);
    theta = Math.max(theta, Math.min(suspect.ratio, proof.limit / suspect.price));
  }
}
