import type { Pod } from "@nodeless/api";
import type { SchedulingInput } from "../model.ts";
import type { PlanningModel } from "../packing/planning-model.ts";
import { planningModel } from "../packing/planning-model.ts";
import { podKeyOf } from "../packing/pod-shape.ts";
import { checkPrices, classPrices, generateColumns } from "./bounds/index.ts";
import type { BoundProblem, LoweredInput } from "./lowering/index.ts";
import { boundProblem } from "./lowering/index.ts";
import type { FairPrices, SolveLimits } from "./problem.ts";

/** Up to this many kinds of pods each gets prices of its own; beyond, kinds with equal rules share them. */
const OWN_PRICES_SHAPES_MAX = 1_000;
/** Keeps a difference of bounds below the truth whatever floating point does. */
const ROUNDING = 1e-12;

/** Up to this many kinds of pods {@link PricedInput.refine} looks at whole nodes; with more it takes too long to matter. */
const COLUMNS_SHAPES_MAX = 60;

/** An input with the prices that bound the cost of all its plans. */
export class PricedInput {
  readonly #bound: BoundProblem;
  /** By pod `namespace/name`: shape of the bound's problem. */
  readonly #shapeOf = new Map<string, number>();
  #prices: FairPrices;

  /** `model` is the input's own, made already; not used when pods are priced only. */
  constructor(input: SchedulingInput, pricedOnly: readonly Pod[], model: PlanningModel) {
    const only = new Set(pricedOnly.map(podKeyOf));
    const all = only.size === 0 ? model : planningModel({ ...input, pods: [...input.pods, ...pricedOnly] });
    this.#bound = boundProblem(all, (pod) => only.has(podKeyOf(pod)));
    for (const [index, { shape }] of all.shapes.entries())
      for (const pod of shape.pods) this.#shapeOf.set(podKeyOf(pod), this.#bound.shapeOf[index] ?? -1);
    const { problem } = this.#bound;
    const kind = problem.shapes.length <= OWN_PRICES_SHAPES_MAX && problem.classes > 1 ? "shape" : "group";
    this.#prices = classPrices(problem, { kind });
  }

  /** True if {@link refine} may help. */
  get isRefinable(): boolean {
    return this.#bound.problem.shapes.length <= COLUMNS_SHAPES_MAX;
  }

  /** Looks at whole nodes until the limits: better where few pods share a node. */
  refine(limits: Pick<SolveLimits, "elapsedMs" | "timeMs">): void {
    if (!this.isRefinable || limits.elapsedMs() >= limits.timeMs) return;
    const { prices } = generateColumns(this.#bound.problem, { limits });
    if (prices.lowerBoundUsdPerHour > this.#prices.lowerBoundUsdPerHour) this.#prices = prices;
  }

  /** Takes over prices that a search found for its stricter problem, if they prove more. */
  improve(lowered: LoweredInput, { podUsdPerHour }: FairPrices): void {
    const { problem } = this.#bound;
    const values = new Float64Array(problem.shapes.length).fill(Number.POSITIVE_INFINITY);
    for (const [index, portions] of lowered.portions.entries())
      for (const { pods } of portions)
        for (const pod of pods) {
          const shape = this.#shapeOf.get(podKeyOf(pod)) ?? -1;
          values[shape] = Math.min(values[shape] ?? 0, podUsdPerHour[index] ?? 0);
        }
    for (const [index, { pods }] of problem.shapes.entries())
      if (pods === 0) values[index] = 0;
      else if (values[index] === Number.POSITIVE_INFINITY) values[index] = this.#prices.podUsdPerHour[index] ?? 0;
    const { theta, boundUsdPerHour } = checkPrices(problem, values);
    if (boundUsdPerHour <= this.#prices.lowerBoundUsdPerHour) return;
    this.#prices = {
      lowerBoundUsdPerHour: boundUsdPerHour,
      podUsdPerHour: values.map((value, index) =>
        problem.shapes[index]?.pods === 0 ? (this.#prices.podUsdPerHour[index] ?? 0) : value / theta,
      ),
    };
  }

  /** What every plan costs at least that places all pods but these. */
  lowerBoundUsdPerHour(unplaced: Iterable<Pod>): number {
    let bound = this.#prices.lowerBoundUsdPerHour;
    for (const pod of unplaced) bound -= this.#valueOf(podKeyOf(pod)) * (1 + ROUNDING);
    return Math.max(0, bound * (1 - ROUNDING));
  }

  /** By pod: its fair price; without the pods that no instance type can hold. */
  fairPrices(): ReadonlyMap<string, number> {
    const prices = new Map<string, number>();
    for (const [key, shape] of this.#shapeOf)
      if (this.#bound.purchasable[shape] === 1) prices.set(key, this.#prices.podUsdPerHour[shape] ?? 0);
    return prices;
  }

  #valueOf(key: string): number {
    return this.#prices.podUsdPerHour[this.#shapeOf.get(key) ?? -1] ?? 0;
  }
}
