import type { CheckLimits, ClassPrices } from "../bounds/index.ts";
import { classPrices, fluidPrices } from "../bounds/index.ts";
import type { Packing, PackingProblem } from "../problem.ts";
import { type Construction, construct, type ShapeFlow } from "./construct.ts";
import { type SearchContext, type Steering, searchContext, steer } from "./search-context.ts";

/** Of all choices of the fast gear. */
export const FAST_SEED = 1;
/** Ways to fill each node: more where there are few, since the time per pod counts. */
const TRIALS_MIN = 8;
const TRIALS_MAX = 48;
const TRIALS_TIMES_PODS = 20_000;
const EFFICIENCY_MIN = 0.9;
/** No offering dearer than this share of the bound is tried unless a pod needs it, or one that so many pods could fill. */
const PRICE_SHARE_MAX = 0.1;
const PODS_PER_NODE_TRIED = 20;
/** Up to so many pods, neither efficiency nor price limits what is tried. */
const FEW_PODS = 40;
/** Classes matter if their bound is above the one that ignores them by this factor. */
const CLASSES_MATTER_FACTOR = 1.002;
/** A construction so many times dearer than what the quick prices prove is tried again with finer ones. */
const FAR_FACTOR = 1.1;
/** Rounds of finer prices after which those of 1,000 pods steer as well as at the end: a few milliseconds. */
const FINER_LOOKS_MAX = 25;

/** A placement by price per value, without improvement: what a batch of the provisioner gets (packing.md §7). Deterministic. */
export function fastPacking(problem: PackingProblem): Packing {
  const context = searchContext(problem, FAST_SEED);
  const { construction } = fastConstruction(context, problem);
  return construction.store.toPacking(context.tables, construction.unplaced);
}

/** A construction with the bound's prices that steered it at first. */
export interface Beginning {
  readonly prices: ClassPrices;
  readonly steering: Steering;
  /** Empty where classes do not matter. */
  readonly flows: readonly ShapeFlow[];
  readonly construction: Construction;
}

/** What {@link fastPacking} constructs. */
export function fastConstruction(
  context: SearchContext,
  problem: PackingProblem,
  isLate: () => boolean = () => false,
): Beginning {
  const beginning = constructWith(context, classPrices(problem, { kind: "group" }), isLate);
  const boundUsdPerHour = beginning.prices.lowerBoundUsdPerHour;
  const isFar = beginning.construction.store.costUsdPerHour > boundUsdPerHour * FAR_FACTOR;
  if (!isFar || isSmall(problem) || isLate()) return beginning;
  const finer = constructWith(context, classPrices(problem, { kind: "shape", limits: fewRounds() }), isLate);
  return { ...finer, construction: better(beginning.construction, finer.construction) };
}

/** Limits that end a bound after so many looks at the clock: the time that they take hardly depends on the machine, the result does not at all. */
function fewRounds(): CheckLimits {
  let looks = 0;
  return {
    elapsedMs: () => {
      looks += 1;
      return looks;
    },
    timeMs: FINER_LOOKS_MAX,
  };
}

/** Constructs with prices of the bound. */
export function constructWith(context: SearchContext, prices: ClassPrices, isLate: () => boolean): Beginning {
  const { problem } = context.tables;
  const classesMatter =
    problem.masks.length > 1 &&
    prices.lowerBoundUsdPerHour > fluidPrices(problem).lowerBoundUsdPerHour * CLASSES_MATTER_FACTOR;
  const isFree = isSmall(problem);
  const steering: Steering = {
    podUsdPerHour: prices.podUsdPerHour,
    efficiency: prices.offeringValueRatio,
    efficiencyMin: isFree ? 0 : EFFICIENCY_MIN,
    priceMaxUsdPerHour: isFree ? Number.POSITIVE_INFINITY : prices.lowerBoundUsdPerHour * priceShareMax(problem),
  };
  steer(context, steering);
  const flows = classesMatter ? prices.flows : [];
  return { prices, steering, flows, construction: construct(context, { trials: fastTrials(problem), flows, isLate }) };
}

function priceShareMax({ shapes }: PackingProblem): number {
  return Math.max(PRICE_SHARE_MAX, PODS_PER_NODE_TRIED / podsOf(shapes));
}

function fastTrials({ shapes }: PackingProblem): number {
  const wanted = TRIALS_TIMES_PODS / Math.max(1, podsOf(shapes));
  return Math.round(Math.min(TRIALS_MAX, Math.max(TRIALS_MIN, wanted)));
}

const podsOf = (shapes: PackingProblem["shapes"]): number => shapes.reduce((sum, { pods }) => sum + pods, 0);

/** True if every offering may be tried: with few pods, the odd one out may be best. */
export function isSmall({ shapes }: PackingProblem): boolean {
  return podsOf(shapes) <= FEW_PODS;
}

/** What leaves fewer pods out, then what costs less. */
export function better(one: Construction, other: Construction): Construction {
  const [ofOne, ofOther] = [unplacedPods(one), unplacedPods(other)];
  if (ofOne !== ofOther) return ofOther < ofOne ? other : one;
  return other.store.costUsdPerHour < one.store.costUsdPerHour ? other : one;
}

const unplacedPods = ({ unplaced }: Construction): number => unplaced.reduce((sum, { pods }) => sum + pods, 0);
