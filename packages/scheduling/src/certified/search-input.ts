import type { PlanningModel } from "../packing/planning-model.ts";
import type { LoweredInput } from "./lowering/index.ts";
import { loweredOnce, lowerInput, sideCostUsdPerHour, unplacedPods } from "./lowering/index.ts";
import type { CertifiedPacking, FairPrices, Packing, SolveLimits } from "./problem.ts";
import { solvePacking } from "./search/index.ts";

/** The best packing found for an input, whichever way its pods were pinned. */
export interface SearchedInput {
  readonly lowered: LoweredInput;
  readonly packing: Packing;
  readonly prices: FairPrices;
  /** When the packing got cheaper, side claims included. */
  readonly progress: readonly { readonly ms: number; readonly costUsdPerHour: number }[];
}

/** With more pods than this it hardly matters which of several equal domains a pod gets. */
const PODS_VARIED_MAX = 400;
/** Ways of pinning tried before one is searched to the end. */
const VARIATIONS = 8;
/** Share of the time and of the tries for that. */
const VARIATION_SHARE = 0.4;

/** Lowers and searches. Small inputs with free choice of domains are pinned in several ways first. Undefined if numbers cannot express them. */
export function searchInput(model: PlanningModel, limits: SolveLimits): SearchedInput | undefined {
  const first = loweredOnce(model);
  if ("unsupported" in first || first.problem.shapes.length === 0) return undefined;
  const best = new BestWay();
  const varied =
    first.isPinned && model.shapes.reduce((sum, { shape }) => sum + shape.pods.length, 0) <= PODS_VARIED_MAX;
  if (varied) tryVariations(model, { limits, best, first });
  const lowered = best.lowered ?? first;
  best.take(lowered, solvePacking(lowered.problem, varied ? withoutShare(limits) : limits));
  return best.result();
}

function tryVariations(
  model: PlanningModel,
  { limits, best, first }: { readonly limits: SolveLimits; readonly best: BestWay; readonly first: LoweredInput },
): void {
  const startMs = limits.elapsedMs();
  const stepMs = (VARIATION_SHARE * Math.max(0, limits.timeMs - startMs)) / VARIATIONS;
  for (let variation = 0; variation < VARIATIONS; variation += 1) {
    const timeMs = startMs + (variation + 1) * stepMs;
    if (variation > 0 && limits.elapsedMs() >= timeMs) continue;
    const lowered = variation === 0 ? first : lowerInput(model, variation);
    if ("unsupported" in lowered) return;
    best.take(
      lowered,
      solvePacking(lowered.problem, {
        ...limits,
        timeMs,
        ...(limits.triesMax === undefined
          ? {}
          : { triesMax: Math.ceil((VARIATION_SHARE * limits.triesMax) / VARIATIONS) }),
      }),
    );
  }
}

function withoutShare(limits: SolveLimits): SolveLimits {
  if (limits.triesMax === undefined) return limits;
  return { ...limits, triesMax: Math.ceil((1 - VARIATION_SHARE) * limits.triesMax) };
}

/** Keeps the packing that places most pods, then the cheapest. */
class BestWay {
  lowered: LoweredInput | undefined;
  #packing: Packing | undefined;
  #prices: FairPrices | undefined;
  #unplaced = Number.POSITIVE_INFINITY;
  #cost = Number.POSITIVE_INFINITY;
  readonly #progress: { readonly ms: number; readonly costUsdPerHour: number }[] = [];

  take(lowered: LoweredInput, { packing, prices, progress }: CertifiedPacking): void {
    const unplaced = unplacedPods(lowered, packing);
    const rest = sideCostUsdPerHour(lowered);
    const cost = packing.costUsdPerHour + rest;
    if (unplaced > this.#unplaced || (unplaced === this.#unplaced && cost >= this.#cost)) {
      // The same way searched on may prove more although it found nothing better.
      if (lowered === this.lowered) this.#prices = prices;
      return;
    }
    if (unplaced < this.#unplaced) this.#progress.length = 0;
    for (const { ms, costUsdPerHour } of progress)
      if (unplaced < this.#unplaced || costUsdPerHour + rest < this.#cost)
        this.#progress.push({ ms, costUsdPerHour: costUsdPerHour + rest });
    this.lowered = lowered;
    this.#packing = packing;
    this.#prices = prices;
    this.#unplaced = unplaced;
    this.#cost = cost;
  }

  result(): SearchedInput | undefined {
    const { lowered } = this;
    const packing = this.#packing;
    const prices = this.#prices;
    if (lowered === undefined || packing === undefined || prices === undefined) return undefined;
    return { lowered, packing, prices, progress: this.#progress };
  }
}
