import { classPrices, generateColumns, sandPrices } from "../bounds/index.ts";
import type { CertifiedPacking, FairPrices, PackingProblem, ProgressPoint, SolveLimits } from "../problem.ts";
import { type Construction, construct } from "./construct.ts";
import { type Beginning, better, constructWith, FAST_SEED, fastConstruction, isSmall } from "./fast-packing.ts";
import type { NodeStore } from "./node-store.ts";
import { roundColumns } from "./rounding.ts";
import { RuinAndRecreate } from "./ruin.ts";
import { type SearchContext, type Steering, searchContext, steer } from "./search-context.ts";

/** Tries between two looks at the clock. */
const TRIES_PER_LOOK = 16;
const CONSTRUCTION = { trials: 30 };
/** The search may be choosier: rare nodes come from the construction, and what serves is tried anyway. */
const SEARCH_EFFICIENCY_MIN = 0.98;
/** After this share of the time the construction hurries. */
const CONSTRUCTION_SHARE = 0.25;
const DEFAULT_GAP_TOLERANCE = 0.0005;
/** Columns are generated where so few pods share a node and so few shapes make the program small; elsewhere they gain nothing in time. */
const COLUMN_PODS_PER_NODE_MAX = 12;
const COLUMN_SHAPES_MAX = 250;
/** With so few shapes the program takes milliseconds and comes before the search. */
const COLUMN_SHAPES_QUICK = 60;
/** A construction this many times dearer than what the quick prices prove is worth finer ones, if these prove so many times more. */
const FAR_FACTOR = 1.25;
const FINER_FACTOR = 1.01;
const ROUNDINGS = 40;
/** Shares of the budget after which stages begin, and that they may take. The search comes first: it is the quickest way down. */
const COLUMNS_FROM = 0.08;
const COLUMNS_SHARE = 0.4;
const SAND_FROM = 0.3;
const SAND_SHARE = 0.12;
/** Better prices matter once the search has tried so often per node, and with more shapes than these. */
const SAND_TRIES_PER_NODE = 60;
const SAND_SHAPES_MIN = 60;
/** In less time than this only the search is worth its while. */
const STAGES_TIME_MS_MIN = 250;
/** How many tries of the search one round of a bound counts for. */
const TRIES_PER_ROUND = 20;
/** Share of the budget between two looks at whether the search has tried enough. */
const LOOK_SHARE = 0.02;
/** A cost is worth a point of the progress when it is lower by this factor. */
const PROGRESS_FACTOR = 1 - 1e-4;

/**
 * The best placement found within the limits, with the bound that proves how good it is (packing.md §3). With `triesMax`, and a `timeMs` that
 * is not reached, the result does not depend on the machine.
 */
export function solvePacking(problem: PackingProblem, limits: SolveLimits): CertifiedPacking {
  return new Solve(problem, limits).run();
}

/** What the fast gear begins with; with finer prices where its cost is far from what the quick ones prove, as with small types. */
function begin(context: SearchContext, isLate: () => boolean): Beginning {
  const { problem } = context.tables;
  const fast = fastConstruction(context, problem, isLate);
  const quickUsdPerHour = fast.prices.lowerBoundUsdPerHour;
  const isFar = fast.construction.store.costUsdPerHour > quickUsdPerHour * FAR_FACTOR;
  if (!isFar || isSmall(problem) || isLate()) return fast;
  const prices = classPrices(problem, { kind: "shape" });
  if (prices.lowerBoundUsdPerHour < quickUsdPerHour * FINER_FACTOR) return fast;
  const finer = constructWith(context, prices, isLate);
  return { ...finer, construction: better(fast.construction, finer.construction) };
}

/** One solve: construction, search, better prices, whole nodes out of fractional ones, always keeping the cheaper. */
class Solve {
  readonly #problem: PackingProblem;
  readonly #limits: SolveLimits;
  readonly #context: SearchContext;
  readonly #steering: Steering;
  readonly #construction: Construction;
  readonly #beganFast: boolean;
  readonly #search: RuinAndRecreate;
  readonly #progress: ProgressPoint[] = [];
  readonly #startMs: number;
  #store: NodeStore;
  #prices: FairPrices;
  #tries = 0;

  constructor(problem: PackingProblem, limits: SolveLimits) {
    this.#problem = problem;
    this.#limits = limits;
    this.#startMs = limits.elapsedMs();
    this.#context = searchContext(problem, limits.seed ?? FAST_SEED);
    // What the fast gear constructs: the search is quicker from there than a more careful construction is.
    const isLate = (): boolean => this.#spent() >= CONSTRUCTION_SHARE;
    const { prices, steering, flows, construction } = begin(this.#context, isLate);
    this.#beganFast = !isLate() && (limits.seed ?? FAST_SEED) === FAST_SEED;
    this.#prices = prices;
    const isSmallProblem = isSmall(problem);
    this.#construction = isSmallProblem
      ? better(construction, construct(this.#context, { ...CONSTRUCTION, flows, isLate }))
      : construction;
    this.#steering = isSmallProblem ? steering : { ...steering, efficiencyMin: SEARCH_EFFICIENCY_MIN };
    steer(this.#context, this.#steering);
    this.#store = this.#construction.store;
    this.#search = new RuinAndRecreate(this.#context, this.#store);
    this.#context.builder.incumbents = this.#store;
    this.#record();
  }

  run(): CertifiedPacking {
    const spanMs = this.#spanMs;
    const isQuick = this.#problem.shapes.length <= COLUMN_SHAPES_QUICK && !isSmall(this.#problem);
    if ((isQuick || spanMs >= STAGES_TIME_MS_MIN) && this.#columnsHelp()) {
      if (!isQuick) this.#searchUntil(COLUMNS_FROM);
      if (!this.#isDone()) this.#improveByColumns();
    } else if (spanMs >= STAGES_TIME_MS_MIN && this.#problem.shapes.length > SAND_SHAPES_MIN) {
      this.#searchUntil(SAND_FROM);
      while (!this.#isDone() && this.#search.tries < this.#store.size * SAND_TRIES_PER_NODE)
        this.#searchUntil(this.#spent() + LOOK_SHARE);
      if (!this.#isDone()) this.#adopt(sandPrices(this.#problem, { limits: this.#limitsOfStage(SAND_SHARE) }));
    }
    this.#searchUntil(1);
    this.#record();
    return {
      packing: this.#store.toPacking(this.#context.tables, this.#construction.unplaced),
      beganFast: this.#beganFast,
      prices: this.#prices,
      progress: this.#progress,
    };
  }

  /** Share of the budget that is spent: of the tries or of the time, whichever is more. */
  #spent(): number {
    const { triesMax = Number.POSITIVE_INFINITY, elapsedMs } = this.#limits;
    const spanMs = this.#spanMs;
    return Math.max(this.#tries / triesMax, spanMs > 0 ? (elapsedMs() - this.#startMs) / spanMs : 1);
  }

  /** The time that this solve has. */
  get #spanMs(): number {
    return this.#limits.timeMs - this.#startMs;
  }

  #isDone(): boolean {
    const { gapTolerance = DEFAULT_GAP_TOLERANCE } = this.#limits;
    return this.#store.costUsdPerHour <= this.#prices.lowerBoundUsdPerHour * (1 + gapTolerance) || this.#spent() >= 1;
  }

  #searchUntil(share: number): void {
    const search = this.#search;
    const { triesMax = Number.POSITIVE_INFINITY } = this.#limits;
    while (!this.#isDone() && this.#spent() < share) {
      const end = Math.min(triesMax, search.tries + TRIES_PER_LOOK);
      while (search.tries < end) search.step();
      this.#tries = search.tries;
      this.#record();
    }
  }

  #columnsHelp(): boolean {
    const store = this.#store;
    let pods = 0;
    let nodes = 0;
    for (let node = 0; node < store.size; node += 1) {
      if ((store.bin[node] as number) >= 0) continue;
      nodes += 1;
      const content = store.content[node] as Int32Array;
      for (let entry = 1; entry < (store.length[node] as number); entry += 2) pods += content[entry] as number;
    }
    return this.#problem.shapes.length <= COLUMN_SHAPES_MAX && pods < nodes * COLUMN_PODS_PER_NODE_MAX;
  }

  /** With a budget of tries, a number of looks at the clock takes the place of the time: each look is a round. */
  #limitsOfStage(share: number): Pick<SolveLimits, "elapsedMs" | "timeMs"> {
    const { elapsedMs, timeMs, triesMax } = this.#limits;
    if (triesMax === undefined) return { elapsedMs, timeMs: Math.min(timeMs, elapsedMs() + this.#spanMs * share) };
    const rounds = Math.ceil((triesMax * share) / TRIES_PER_ROUND);
    let looks = 0;
    const countLook = (): number => {
      looks += 1;
      return looks > rounds ? Number.POSITIVE_INFINITY : elapsedMs();
    };
    return { elapsedMs: countLook, timeMs };
  }

  #improveByColumns(): void {
    const incumbent = this.#store.toPacking(this.#context.tables, []).nodes;
    const { prices, columns } = generateColumns(this.#problem, {
      limits: this.#limitsOfStage(COLUMNS_SHARE),
      interrupts: this.#limits.triesMax === undefined,
      incumbent,
    });
    this.#adopt(prices);
    const rounded = roundColumns(this.#context, columns, {
      incumbent: this.#store,
      repetitions: ROUNDINGS,
      trials: CONSTRUCTION.trials,
      isLate: () => this.#spent() >= 1,
    });
    if (rounded !== undefined) this.#store.copyFrom(rounded);
    this.#record();
  }

  /** Works with the prices from now on if they prove more. */
  #adopt(prices: FairPrices): void {
    if (prices.lowerBoundUsdPerHour <= this.#prices.lowerBoundUsdPerHour) return;
    this.#prices = prices;
    const worth = steer(this.#context, {
      ...this.#steering,
      podUsdPerHour: prices.podUsdPerHour,
      efficiency: prices.offeringValueRatio ?? this.#steering.efficiency,
    });
    this.#store.reprice(worth);
    this.#record();
  }

  #record(): void {
    const { costUsdPerHour } = this.#store;
    const { lowerBoundUsdPerHour } = this.#prices;
    const last = this.#progress.at(-1);
    if (
      last !== undefined &&
      costUsdPerHour > last.costUsdPerHour * PROGRESS_FACTOR &&
      lowerBoundUsdPerHour <= last.lowerBoundUsdPerHour
    )
      return;
    const cost = Math.min(costUsdPerHour, last?.costUsdPerHour ?? costUsdPerHour);
    this.#progress.push({ ms: this.#limits.elapsedMs(), costUsdPerHour: cost, lowerBoundUsdPerHour });
  }
}
