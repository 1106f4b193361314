import { fluidPrices } from "../bounds/index.ts";
import type { CertifiedPacking, FairPrices, Packing, PackingProblem, ProgressPoint, SolveLimits } from "../problem.ts";
import { type Construction, construct } from "./construct.ts";
import { RuinAndRecreate } from "./ruin.ts";
import { type SearchContext, searchContext, steer } from "./search-context.ts";
import { offeringEfficiency } from "./search-prices.ts";

/** Tries between two looks at the clock. */
const TRIES_PER_LOOK = 16;
const CONSTRUCTION = { trials: 30, chunkPods: 200 };
const FAST_CONSTRUCTION = { trials: 8, chunkPods: 200 };
const EFFICIENCY_MIN = 0.85;
const FAST_EFFICIENCY_MIN = 0.8;
/** No offering dearer than this share of the bound is tried unless a pod needs it. */
const PRICE_SHARE_MAX = 0.1;
const DEFAULT_GAP_TOLERANCE = 0.0005;

/** A placement by price per value, without improvement: what a batch of the provisioner gets (packing.md §7). Deterministic. */
export function fastPacking(problem: PackingProblem): Packing {
  const context = searchContext(problem, 1);
  begin(context, problem, FAST_EFFICIENCY_MIN);
  const { store, unplaced } = construct(context, FAST_CONSTRUCTION);
  return store.toPacking(context.tables, unplaced);
}

/** The best placement found within the limits, with the bound that proves how good it is (packing.md §3). */
export function solvePacking(problem: PackingProblem, limits: SolveLimits): CertifiedPacking {
  const context = searchContext(problem, limits.seed ?? 1);
  const prices = begin(context, problem, EFFICIENCY_MIN);
  const construction = construct(context, CONSTRUCTION);
  const progress: ProgressPoint[] = [];
  improve({ context, construction, prices, limits, progress });
  return { packing: construction.store.toPacking(context.tables, construction.unplaced), prices, progress };
}

function begin(context: SearchContext, problem: PackingProblem, efficiencyMin: number): FairPrices {
  const prices = fluidPrices(problem);
  const efficiency = offeringEfficiency(context.tables, () => prices.resourceUsdPerHour);
  const priceMaxUsdPerHour = prices.lowerBoundUsdPerHour * PRICE_SHARE_MAX;
  steer(context, { podUsdPerHour: prices.podUsdPerHour, efficiency, efficiencyMin, priceMaxUsdPerHour });
  return prices;
}

interface Improvement {
  readonly context: SearchContext;
  readonly construction: Construction;
  readonly prices: FairPrices;
  readonly limits: SolveLimits;
  readonly progress: ProgressPoint[];
}

function improve({ context, construction: { store }, prices, limits, progress }: Improvement): void {
  const { lowerBoundUsdPerHour } = prices;
  const enough = lowerBoundUsdPerHour * (1 + (limits.gapTolerance ?? DEFAULT_GAP_TOLERANCE));
  const triesMax = limits.triesMax ?? Number.POSITIVE_INFINITY;
  const search = new RuinAndRecreate(context, store, new Float64Array(context.tables.problem.existing.length));
  const record = (): void => {
    progress.push({ ms: limits.elapsedMs(), costUsdPerHour: store.costUsdPerHour, lowerBoundUsdPerHour });
  };
  record();
  let recorded = store.costUsdPerHour;
  while (search.tries < triesMax && store.costUsdPerHour > enough && limits.elapsedMs() < limits.timeMs) {
    const end = Math.min(triesMax, search.tries + TRIES_PER_LOOK);
    while (search.tries < end) search.step();
    if (store.costUsdPerHour >= recorded * (1 - 1e-4)) continue;
    recorded = store.costUsdPerHour;
    record();
  }
  if (store.costUsdPerHour < recorded) record();
}
