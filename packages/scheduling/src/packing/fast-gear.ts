import { constructScheduling } from "../certified/lowering/construct-scheduling.ts";
import { PlacementAttempt } from "./placement-attempt.ts";
import type { AttemptedPlan, PlanCandidate } from "./plan-candidate.ts";
import { attemptedPlan, isBetter } from "./plan-candidate.ts";
import type { PlanningModel } from "./planning-model.ts";
import { resourceRates } from "./resource-rates.ts";
import { addInto } from "./resource-table.ts";
import { evenFilling, LIKE_KARPENTER } from "./strategies.ts";

/** With more pods than this one good way beside the first fit is enough: what a second one saves is small, its time is not. */
const PODS_FOR_ALL_WAYS_MAX = 500;

/**
 * With fewer pods a construction, which takes milliseconds however few they are, found nothing cheaper than the other two ways in any workload
 * of the benchmark.
 */
const PODS_TO_CONSTRUCT_MIN = 6;

/** A pool of which more types than this are about equally good has nothing to choose from by price. */
const EFFICIENT_SHARE_MAX = 0.5;

/** The quick ways of placing the pods of a pass. Each is gone once, when it is first asked for. */
export class FastGear {
  /** Like Karpenter: no plan may be dearer. */
  readonly first: AttemptedPlan;
  readonly #model: PlanningModel;
  #better: AttemptedPlan | undefined;
  #best: PlanCandidate | undefined;

  constructor(model: PlanningModel) {
    this.#model = model;
    this.first = attemptedPlan(new PlacementAttempt(model, LIKE_KARPENTER).run());
  }

  /** The better of the first fit and a more even filling. */
  better(): AttemptedPlan {
    this.#better ??= this.#betterFilling();
    return this.#better;
  }

  /** The cheapest among those that place most pods. */
  best(): PlanCandidate {
    this.#best ??= this.first.priceUsdPerHour > 0 ? this.#bestOfAll() : this.first;
    return this.#best;
  }

  /** What {@link best} compares with a construction, if it comes to one. */
  besideConstruction(): AttemptedPlan {
    return this.triesAllWays || !mayConstruct(this.#model) ? this.better() : this.first;
  }

  /** True if {@link better} is among what {@link best} compares, whatever else there is. */
  get triesAllWays(): boolean {
    return this.#model.pods <= PODS_FOR_ALL_WAYS_MAX;
  }

  #betterFilling(): AttemptedPlan {
    const strategy = this.first.priceUsdPerHour > 0 ? evenFilling(this.#model) : undefined;
    if (strategy === undefined) return this.first;
    const even = attemptedPlan(new PlacementAttempt(this.#model, strategy).run());
    return isBetter(even, this.first) ? even : this.first;
  }

  #bestOfAll(): PlanCandidate {
    const found = mayConstruct(this.#model) ? this.#constructed() : undefined;
    const filled = found === undefined ? this.better() : this.besideConstruction();
    return found !== undefined && isBetter(found, filled) ? found : filled;
  }

  #constructed(): PlanCandidate | undefined {
    return constructScheduling(this.#model, (_, shape) => this.first.rejectionsOf(shape));
  }
}

/** True if the pods are enough, and the price of a node depends much on which type is chosen. */
function mayConstruct({ pods, catalogs, shapes, resources }: PlanningModel): boolean {
  if (pods < PODS_TO_CONSTRUCT_MIN) return false;
  if (catalogs.length > 1) return true;
  const demand = new Float64Array(resources.names.length);
  for (const { shape, requests } of shapes) addInto(demand, requests, shape.pods.length);
  return catalogs.some(({ root }) => resourceRates(root.frontier, demand).efficientShare <= EFFICIENT_SHARE_MAX);
}
