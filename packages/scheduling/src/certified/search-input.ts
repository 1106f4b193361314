import type { PlanningModel } from "../packing/planning-model.ts";
import type { LoweredInput } from "./lowering/index.ts";
import { lowerInput, sideCostUsdPerHour, unplacedPods } from "./lowering/index.ts";
import type { CertifiedPacking, FairPrices, Packing, SolveLimits } from "./problem.ts";
import { solvePacking } from "./search/index.ts";

/** The best packing found for an input, whichever way its pods were pinned. */
export interface SearchedInput {
  readonly lowered: LoweredInput;
  readonly packing: Packing;
  /** See {@link CertifiedPacking.beganFast}; of the first way of pinning, which is the fast gear's. */
  readonly beganFast: boolean;
  readonly prices: FairPrices;
  /** When the packing got cheaper, side claims included. */
  readonly progress: readonly { readonly ms: number; readonly costUsdPerHour: number }[];
}

/** Ways of pinning tried before one is searched to the end. */
const VARIATIONS_MAX = 8;
/** Share of the time and of the tries for that. */
const VARIATION_SHARE = 0.4;
/** In less time a search does not tell a good way from a bad one. */
const VARIATION_MS_PER_POD = 0.1;
/** Where only tries are limited: with more pods than this it hardly matters which of several equal domains a pod gets. */
const PODS_VARIED_MAX = 400;

/** Searches from an input's first lowering on. Where domains are a free choice and time allows, pods are pinned in several ways first. */
export function searchInput(model: PlanningModel, first: LoweredInput, limits: SolveLimits): SearchedInput {
  const variations = first.isPinned ? variationsIn(limits, model.pods) : 1;
  if (variations <= 1) return new BestWay(first, solvePacking(first.problem, limits)).result;
  const best = tryVariations(model, { first, limits, variations });
  const { lowered } = best.result;
  best.take(lowered, solvePacking(lowered.problem, withoutShare(limits)));
  return best.result;
}

function variationsIn({ elapsedMs, timeMs, triesMax }: SolveLimits, pods: number): number {
  if (triesMax !== undefined) return pods <= PODS_VARIED_MAX ? VARIATIONS_MAX : 1;
  const affordable = ((timeMs - elapsedMs()) * VARIATION_SHARE) / (pods * VARIATION_MS_PER_POD);
  return Math.min(VARIATIONS_MAX, Math.floor(affordable));
}

function tryVariations(
  model: PlanningModel,
  {
    first,
    limits,
    variations,
  }: { readonly first: LoweredInput; readonly limits: SolveLimits; readonly variations: number },
): BestWay {
  const startMs = limits.elapsedMs();
  const stepMs = (VARIATION_SHARE * Math.max(0, limits.timeMs - startMs)) / variations;
  const ofStep = (variation: number): SolveLimits => ({
    ...limits,
    timeMs: startMs + (variation + 1) * stepMs,
    ...(limits.triesMax === undefined ? {} : { triesMax: Math.ceil((VARIATION_SHARE * limits.triesMax) / variations) }),
  });
  const best = new BestWay(first, solvePacking(first.problem, ofStep(0)));
  for (let variation = 1; variation < variations; variation += 1) {
    if (limits.elapsedMs() >= ofStep(variation).timeMs) continue;
    const lowered = lowerInput(model, variation);
    if ("unsupported" in lowered) break;
    best.take(lowered, solvePacking(lowered.problem, ofStep(variation)));
  }
  return best;
}

function withoutShare(limits: SolveLimits): SolveLimits {
  if (limits.triesMax === undefined) return limits;
  return { ...limits, triesMax: Math.ceil((1 - VARIATION_SHARE) * limits.triesMax) };
}

/** Keeps the packing that places most pods, then the cheapest. */
class BestWay {
  #result: SearchedInput;
  #unplaced: number;

  constructor(lowered: LoweredInput, solved: CertifiedPacking) {
    this.#result = searched(lowered, solved);
    this.#unplaced = unplacedPods(lowered, solved.packing);
  }

  get result(): SearchedInput {
    return this.#result;
  }

  take(lowered: LoweredInput, solved: CertifiedPacking): void {
    const before = this.#result;
    const next = searched(lowered, solved);
    const unplaced = unplacedPods(lowered, solved.packing);
    const cost = costOf(before);
    if (unplaced > this.#unplaced || (unplaced === this.#unplaced && costOf(next) >= cost)) {
      // The same way searched on may prove more although it found nothing better.
      if (lowered === before.lowered) this.#result = { ...before, prices: solved.prices };
      return;
    }
    const progress =
      unplaced < this.#unplaced
        ? next.progress
        : [...before.progress, ...next.progress.filter(({ costUsdPerHour }) => costUsdPerHour < cost)];
    this.#result = { ...next, beganFast: before.beganFast, progress };
    this.#unplaced = unplaced;
  }
}

function searched(lowered: LoweredInput, { packing, beganFast, prices, progress }: CertifiedPacking): SearchedInput {
  const rest = sideCostUsdPerHour(lowered);
  return {
    lowered,
    packing,
    beganFast,
    prices,
    progress: progress.map(({ ms, costUsdPerHour }) => ({ ms, costUsdPerHour: costUsdPerHour + rest })),
  };
}

const costOf = ({ lowered, packing }: SearchedInput): number => packing.costUsdPerHour + sideCostUsdPerHour(lowered);
