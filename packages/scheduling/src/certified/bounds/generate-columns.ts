import type { FairPrices, PackedNode, PackingProblem, ShapeCount } from "../problem.ts";
import type { BoundModel } from "./bound-model.ts";
import { boundModel } from "./bound-model.ts";
import { offeringValueRatios } from "./class-multipliers.ts";
import type { ClassPoint } from "./class-prices.ts";
import { solveClasses } from "./class-prices.ts";
import type { RowPrices } from "./column-master.ts";
import { ColumnMaster } from "./column-master.ts";
import { ColumnPricing } from "./column-pricing.ts";
import { roundedDown } from "./rounding.ts";
import type { CheckLimits } from "./verified-bound.ts";
import { feasiblePrices } from "./verified-bound.ts";

/** With more shapes than these the smallest are sand. */
const BIG_SHAPES_MAX = 250;
const ROUNDS_MAX = 400;
/** More rows than these take minutes; the class bound then stands. */
const ROWS_MAX = 600;
/** Share of the time for rounds; the check of the result takes the rest. */
const ITERATION_SHARE = 0.7;
/** Relative distance of bound and program at which it stops. */
const GAP = 1e-5;
/** How much of the best prices so far each trial keeps; less when that finds nothing new. */
const CENTRE_WEIGHTS = [0.6, 0.3, 0];

export interface ColumnOptions {
  /** When to stop; the clock of the caller. Default: at the optimum. */
  readonly limits?: CheckLimits;
  /** True to end within a round when the time is up. Default: looks at the clock once a round, so that looks may count rounds. */
  readonly interrupts?: boolean;
  /** Shapes with a row of their own, the most valuable first; the others are divisible. Default 250. */
  readonly bigShapesMax?: number;
  /** Nodes of a packing at hand: the search starts from them. */
  readonly incumbent?: readonly PackedNode[];
}

/** Prices behind the best divisible mix of whole nodes, and that mix. */
export interface GeneratedColumns {
  readonly prices: FairPrices;
  /** Nodes, each feasible, and how many of them the optimum buys: a fraction in general. */
  readonly columns: readonly GeneratedColumn[];
  /** Prices tried. */
  readonly rounds: number;
  /** The bound before it was verified; what the check does not confirm is not claimed. */
  readonly estimateUsdPerHour: number;
}

export interface GeneratedColumn {
  readonly offering: number;
  readonly content: readonly ShapeCount[];
  readonly amount: number;
}

/**
 * Column generation (packing.md §5): the cheapest mix of node contents that covers all pods. For few shapes of which few fit a node: there the
 * divisible bounds are per cents too low. The bound is verified, and never below that of {@link classPrices}.
 */
export function generateColumns(problem: PackingProblem, options: ColumnOptions = {}): GeneratedColumns {
  return generateColumnsOf(boundModel(problem), options);
}

/** {@link generateColumns} of a problem whose model is at hand. */
export function generateColumnsOf(model: BoundModel, options: ColumnOptions): GeneratedColumns {
  const { limits } = options;
  const isLate = limits === undefined ? () => false : beforeEnd(limits);
  const classes = solveClasses(model, { kind: "shape", ...(limits === undefined ? {} : { limits }) });
  const classFair = {
    podUsdPerHour: classes.valued.podUsdPerHour,
    lowerBoundUsdPerHour: roundedDown(classes.valued.bound),
    offeringValueRatio: offeringValueRatios(classes.model, classes.multipliers),
  };
  const big = bigShapes(model, classes, options.bigShapesMax ?? BIG_SHAPES_MAX);
  const start = big.length === model.pods.filter((pods) => pods > 0).length ? unsplit(model, classes) : classes;
  if (model.width === 0 || big.length === 0 || isLate() || ColumnMaster.rowsOf(start.model, big, start) > ROWS_MAX)
    return { prices: classFair, columns: [], rounds: 0, estimateUsdPerHour: classFair.lowerBoundUsdPerHour };
  const master = new ColumnMaster(start.model, big, start);
  for (const node of options.incumbent ?? []) master.addNode({ offering: node.offering, content: node.content });
  const { best, rounds } = iterateFiner(master, {
    isLate,
    isUrgent: options.interrupts === true ? isLate : () => false,
  });
  master.solve();
  const columns = master.solution();
  return { prices: verified(model, best, { classFair, limits }), columns, rounds, estimateUsdPerHour: best.estimate };
}

/** Without small shapes smaller classes only mean more tables. */
function unsplit(model: BoundModel, { valued, flows, multipliers: { existing } }: ClassPoint): ClassPoint {
  const { purchasable } = solveClasses(model, { kind: "group" }).multipliers;
  return { model, valued, flows, multipliers: { purchasable, existing } };
}

/** True when only the time to verify is left. */
function beforeEnd({ elapsedMs, timeMs }: CheckLimits): () => boolean {
  const start = elapsedMs();
  const end = start + (timeMs - start) * ITERATION_SHARE;
  return () => elapsedMs() >= end;
}

/** Rounds with a coarse grid, then with a fine one where that makes a difference. */
function iterateFiner(
  master: ColumnMaster,
  { isLate, isUrgent }: { readonly isLate: () => boolean; readonly isUrgent: () => boolean },
): { best: Best; rounds: number } {
  const coarse = new ColumnPricing(master.model, master, { fineness: "coarse", isUrgent });
  const first = iterate(master, coarse, { centre: master.startPrices(), isLate });
  if (!coarse.isCoarse || isLate()) return first;
  const fine = new ColumnPricing(master.model, master, { fineness: "fine", isUrgent });
  const second = iterate(master, fine, { centre: first.centre, isLate });
  return { best: second.best, rounds: first.rounds + second.rounds };
}

interface Best {
  readonly podUsdPerHour: Float64Array;
  readonly estimate: number;
  readonly offeringValueRatio: Float64Array;
}

function iterate(
  master: ColumnMaster,
  pricing: ColumnPricing,
  { centre: start, isLate }: { readonly centre: RowPrices; readonly isLate: () => boolean },
): { best: Best; centre: RowPrices; rounds: number } {
  let centre = start;
  let weightIndex = 0;
  let first = pricing.price(centre);
  let best: Best = first;
  for (const column of first.columns) master.addNode(column, column.left);
  let rounds = 1;
  for (; rounds < ROUNDS_MAX && !isLate(); rounds++) {
    const duals = master.solve();
    if (master.objective() - best.estimate <= GAP * best.estimate) break;
    const weight = CENTRE_WEIGHTS[weightIndex] as number;
    const trial = duals.map((dual, row) => weight * (centre[row] as number) + (1 - weight) * dual);
    first = pricing.price(trial);
    let added = master.addChoices(first.cheapest);
    for (const column of first.columns) added = master.addNode(column, column.left) || added;
    if (first.estimate > best.estimate) [best, centre] = [first, trial];
    if (added) weightIndex = 0;
    else if (++weightIndex >= CENTRE_WEIGHTS.length) break;
  }
  return { best, centre, rounds };
}

/** The most valuable shapes that cost money: what is small beside a node can be cut without losing much. */
function bigShapes(model: BoundModel, { valued }: ClassPoint, shapesMax: number): Int32Array {
  const wanted = [...model.pods.keys()].filter((shape) => (model.pods[shape] as number) > 0);
  if (wanted.length > shapesMax) {
    const value = valued.podUsdPerHour;
    wanted.sort((a, b) => (value[b] as number) - (value[a] as number) || a - b);
    wanted.length = shapesMax;
  }
  return Int32Array.from(wanted).sort();
}

/** Exactly feasible prices with the bound that the check confirms; class prices where these are better, and for shapes without pods. */
function verified(
  model: BoundModel,
  { podUsdPerHour, estimate, offeringValueRatio }: Best,
  { classFair, limits }: { readonly classFair: FairPrices; readonly limits: CheckLimits | undefined },
): FairPrices {
  if (estimate <= classFair.lowerBoundUsdPerHour) return classFair;
  const feasible = feasiblePrices(model.problem, podUsdPerHour, limits);
  if (feasible.lowerBoundUsdPerHour <= classFair.lowerBoundUsdPerHour) return classFair;
  const prices = feasible.podUsdPerHour.map((value, shape) =>
    model.pods[shape] === 0 ? (classFair.podUsdPerHour[shape] as number) : value,
  );
  return { podUsdPerHour: prices, lowerBoundUsdPerHour: feasible.lowerBoundUsdPerHour, offeringValueRatio };
}
