import type { FairPrices, PackingProblem } from "../problem.ts";
import { roundedDown } from "./rounding.ts";
import { existingValueLimit } from "./verified-existing.ts";
import type { VerifiedExistingClass } from "./verified-items.ts";
import { classItems, verifiedClasses } from "./verified-items.ts";
import { NodeValueLimits } from "./verified-limits.ts";
import { proveNodeValue } from "./verified-node.ts";

/** Steps of the exact search for one offering; beyond, what is left open counts at its divisible value. */
const STEPS_MAX = 100_000;
/** Steps where the divisible value is no more than the price already: worth a try, since few pods per node leave much of it unused. */
const STEPS_BELOW_PRICE_MAX = 20_000;
/** Steps for all offerings together. */
const TOTAL_STEPS_MAX = 600_000;
/** Tables for all classes together, some 20 ms each. */
const TABLES_MAX = 40;
/** Relative error that θ is kept clear of. */
const ROUNDING = 1e-9;

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
export function checkPrices(problem: PackingProblem, podUsdPerHour: Float64Array, limits?: CheckLimits): PriceCheck {
  const { classes, existing, values } = verifiedClasses(problem, podUsdPerHour);
  const budget = newBudget(limits);
  let theta = 0;
  for (const { allowed, offerings } of classes) {
    const nodes = new NodeValueLimits(problem, classItems(problem, allowed, values), offerings);
    theta = Math.max(theta, classTheta(nodes, theta, budget));
  }
  const existingUsdPerHour = existingLimit(problem, existing, values);
  const certain = theta * (1 + ROUNDING);
  const isUsable = certain > 0 && Number.isFinite(certain);
  const boundUsdPerHour = isUsable ? roundedDown((totalValue(problem, values) - existingUsdPerHour) / certain) : 0;
  return { theta: certain, existingUsdPerHour, boundUsdPerHour };
}

/**
 * The prices nearest to those given that no node of any class exceeds, and what they prove: each shape is scaled by the worst of the classes open to
 * it, so that a fault in one class does not spoil the others.
 */
export function feasiblePrices(problem: PackingProblem, podUsdPerHour: Float64Array, limits?: CheckLimits): FairPrices {
  const { classes, existing, values } = verifiedClasses(problem, podUsdPerHour);
  const budget = newBudget(limits);
  const worst = new Float64Array(values.length);
  for (const { allowed, offerings } of classes) {
    const nodes = new NodeValueLimits(problem, classItems(problem, allowed, values), offerings);
    const theta = classTheta(nodes, 0, budget) * (1 + ROUNDING);
    for (const [shape, yes] of allowed.entries()) if (yes === 1) worst[shape] = Math.max(worst[shape] as number, theta);
  }
  const scaled = values.map((value, shape) => {
    const theta = worst[shape] as number;
    return theta > 0 && Number.isFinite(theta) ? value / theta : 0;
  });
  const bound = totalValue(problem, scaled) - existingLimit(problem, existing, scaled);
  return { podUsdPerHour: scaled, lowerBoundUsdPerHour: roundedDown(bound) };
}

function totalValue(problem: PackingProblem, values: Float64Array): number {
  return problem.shapes.reduce((sum, shape, index) => sum + shape.pods * (values[index] as number), 0);
}

function existingLimit(
  problem: PackingProblem,
  existing: readonly VerifiedExistingClass[],
  values: Float64Array,
): number {
  return existing.reduce(
    (sum, { bins, allowed }) => sum + existingValueLimit(problem, classItems(problem, allowed, values), bins),
    0,
  );
}

/** When to be content with the limits at hand: they are valid, only wider. The clock of the caller. Default: never. */
export interface CheckLimits {
  readonly elapsedMs: () => number;
  readonly timeMs: number;
}

/** Work left for what weak duality does not settle. */
interface Budget {
  steps: number;
  tables: number;
  readonly limits: CheckLimits | undefined;
}

function newBudget(limits: CheckLimits | undefined): Budget {
  return { steps: TOTAL_STEPS_MAX, tables: TABLES_MAX, limits };
}

function endIfLate(budget: Budget): void {
  const { limits } = budget;
  if (limits === undefined || limits.elapsedMs() < limits.timeMs) return;
  budget.steps = 0;
  budget.tables = 0;
}

/** The most value per dollar of a class, at least `reached`: offerings are looked into only as far as they may exceed it. */
function classTheta(limits: NodeValueLimits, reached: number, budget: Budget): number {
  let theta = reached;
  for (;;) {
    const suspect = limits.worst(theta * (1 + 1e-10));
    if (suspect === undefined) return theta;
    if (limits.refine(suspect.offering)) continue;
    if (limits.isSearchable) theta = Math.max(theta, limits.reachedRatio(suspect.offering));
    if (suspect.ratio <= theta) continue;
    endIfLate(budget);
    const isAbovePrice = suspect.ratio > 1 + 1e-8;
    if (isAbovePrice && budget.tables > 0 && tabulate(limits, suspect.offering)) {
      budget.tables--;
      continue;
    }
    if (!limits.isSearchable) {
      limits.settle(suspect.offering, suspect.ratio * suspect.price);
      theta = suspect.ratio;
      continue;
    }
    const steps = Math.min(isAbovePrice ? STEPS_MAX : STEPS_BELOW_PRICE_MAX, budget.steps);
    const proof = proveNodeValue(limits.knapsackOf(suspect.offering), theta * suspect.price, steps);
    budget.steps -= proof.steps;
    limits.settle(suspect.offering, proof.limit);
    theta = Math.max(theta, Math.min(suspect.ratio, proof.limit / suspect.price));
  }
}

function tabulate(limits: NodeValueLimits, offering: number): boolean {
  return limits.refineBand(offering) || WHOLE_ITEMS.some((whole) => limits.refineWhole(offering, whole));
}
