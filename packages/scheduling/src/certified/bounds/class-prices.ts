import type { FairPrices, PackingProblem } from "../problem.ts";
import type { BoundModel } from "./bound-model.ts";
import { boundModel } from "./bound-model.ts";
import type { ClassMultipliers, ValuedShapes } from "./class-multipliers.ts";
import { offeringValueRatios, scaleToPrices, valueShapes } from "./class-multipliers.ts";
import { finerPrices } from "./finer-prices.ts";
import { solveFluid } from "./fluid-prices.ts";
import type { GroupSolution } from "./group-multipliers.ts";
import { groupMultipliers } from "./group-multipliers.ts";
import { roundedDown } from "./rounding.ts";

export interface ClassPricesOptions {
  /**
   * `group`: one linear program over masks and resources, milliseconds. `shape`: each shape goes where it is cheapest as a whole, and offerings that differ
   * too much have prices of their own; never lower, some ten milliseconds.
   */
  readonly kind: "group" | "shape";
  /** When to stop refining; the clock of the caller. Default: at the optimum. */
  readonly limits?: { readonly elapsedMs: () => number; readonly timeMs: number };
}

/** Prices per unit of each resource that differ by offering class. */
export interface ClassPrices extends FairPrices {
  /** How many pods of each shape the divisible optimum buys room for in each class of offerings; existing bins take the rest. */
  readonly flows: readonly ClassFlow[];
  /** By offering: what it could hold at these prices relative to its price. 1 is perfect; 0 for offerings that others beat. */
  readonly offeringValueRatio: Float64Array;
}

export interface ClassFlow {
  readonly shape: number;
  readonly class: number;
  readonly pods: number;
}

/**
 * The bound that respects which offerings each pod may use (packing.md §2.3). With pins, bounds that ignore them are less than half of this one. A shape
 * with 0 pods gets what its room costs in the cheapest class open to it.
 */
export function classPrices(problem: PackingProblem, options: ClassPricesOptions): ClassPrices {
  const best = solveClasses(boundModel(problem), options);
  return {
    podUsdPerHour: best.valued.podUsdPerHour,
    lowerBoundUsdPerHour: roundedDown(best.valued.bound),
    flows: best.flows,
    offeringValueRatio: offeringValueRatios(best.model, best.multipliers),
  };
}

/** The best multipliers of the kind asked for. */
export function solveClasses(model: BoundModel, { kind, limits }: ClassPricesOptions): ClassPoint {
  const isLate = limits === undefined ? () => false : () => limits.elapsedMs() >= limits.timeMs;
  const group = groupPoint(model, isLate);
  if (kind === "group" || isLate()) return group;
  const known = knownFiner.get(model);
  if (known !== undefined) return known;
  const finer = finerPrices(group, isLate);
  if (!isLate()) knownFiner.set(model, finer);
  return finer;
}

/** By model: the search and the bound ask for the same prices. */
const knownFiner = new WeakMap<BoundModel, ClassPoint>();
const knownPoints = new WeakMap<BoundModel, ClassPoint>();

/** By resources instead of shapes. Solved once per model, unless the time was up. */
function groupPoint(model: BoundModel, isLate: () => boolean): ClassPoint {
  const known = knownPoints.get(model);
  if (known !== undefined) return known;
  const solution = groupMultipliers(model, isLate);
  const best = [solution.multipliers, uniformMultipliers(model)]
    .map((multipliers) => {
      scaleToPrices(model, multipliers);
      return { multipliers, valued: valueShapes(model, multipliers) };
    })
    .reduce((a, b) => (b.valued.bound > a.valued.bound ? b : a));
  const point = { ...best, model, flows: groupFlows(model, solution) };
  if (!isLate()) knownPoints.set(model, point);
  return point;
}

/** The fluid prices in every class: no worse than the fluid bound even where there was no time for more. */
function uniformMultipliers(model: BoundModel): ClassMultipliers {
  const { perUnit } = solveFluid(model);
  const repeat = (count: number): Float64Array => {
    const result = new Float64Array(count * model.width);
    for (let index = 0; index < count; index++) result.set(perUnit, index * model.width);
    return result;
  };
  return { purchasable: repeat(model.classes.length), existing: repeat(model.existing.length) };
}

/** A point of the search for the best multipliers. */
export interface ClassPoint {
  /** The model whose classes the multipliers are for: that of the problem, or one of smaller classes. */
  readonly model: BoundModel;
  readonly multipliers: ClassMultipliers;
  readonly valued: ValuedShapes;
  readonly flows: readonly ClassFlow[];
}

function groupFlows(model: BoundModel, { shares }: GroupSolution): readonly ClassFlow[] {
  const flows: ClassFlow[] = [];
  for (let shape = 0; shape < model.pods.length; shape++) {
    const pods = model.pods[shape] as number;
    if (pods === 0) continue;
    for (const [original, share] of shares[model.groupOf[shape] as number] ?? []) {
      if (share > 1e-9 && isAllowed(model, shape, original)) flows.push({ shape, class: original, pods: pods * share });
    }
  }
  return flows;
}

/** Merged groups share their classes; a shape keeps only its own. */
function isAllowed({ problem }: BoundModel, shape: number, original: number): boolean {
  return problem.masks[problem.shapes[shape]?.mask ?? -1]?.[original] === 1;
}
