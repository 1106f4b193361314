import type { Pod } from "@nodeless/api";
import type { PlanningModel } from "../packing/planning-model.ts";
import { podKeyOf } from "../packing/pod-shape.ts";
import type { CheckLimits } from "./bounds/index.ts";
import { checkPrices, classPrices, generateColumns } from "./bounds/index.ts";
import type { BoundProblem, LoweredInput } from "./lowering/index.ts";
import { boundProblem } from "./lowering/index.ts";
import type { FairPrices, PackingProblem } from "./problem.ts";

/** Up to this many kinds of pods each gets prices of its own; beyond, kinds with equal rules share them. Where rules differ that takes far longer. */
const OWN_PRICES_SHAPES_MAX = { equalRules: 5_000, otherwise: 1_000 };
/** A bound that is not higher by this share is not worth verifying. */
const WORTHWHILE = 1e-6;
/** Keeps a difference of bounds below the truth whatever floating point does. */
const ROUNDING = 1e-12;

/** Up to this many kinds of pods {@link PricedInput.refine} looks at whole nodes; with more it takes too long to matter. */
const COLUMNS_SHAPES_MAX = 60;

/** An input with the prices that bound the cost of all its plans. */
export class PricedInput {
  readonly #model: PlanningModel;
  readonly #bound: BoundProblem;
  /** By pod `namespace/name`: shape of the bound's problem. Made when needed. */
  #shapes: ReadonlyMap<string, number> | undefined;
  #prices: FairPrices;

  /** `podsFactor`: prices and bound are those of so many times as many pods. Default 1. */
  constructor(model: PlanningModel, { podsFactor = 1 }: { readonly podsFactor?: number } = {}) {
    this.#model = model;
    const bound = boundProblem(model);
    this.#bound = podsFactor === 1 ? bound : { ...bound, problem: withMorePods(bound.problem, podsFactor) };
    const { problem } = this.#bound;
    const shapesMax = OWN_PRICES_SHAPES_MAX[problem.masks.length === 1 ? "equalRules" : "otherwise"];
    const kind = problem.shapes.length <= shapesMax ? "shape" : "group";
    this.#prices = classPrices(problem, { kind });
  }

  /** True if {@link refine} may help. */
  get isRefinable(): boolean {
    return this.#bound.problem.shapes.length <= COLUMNS_SHAPES_MAX;
  }

  /** Looks at whole nodes until the limits: better where few pods share a node. */
  refine(limits: CheckLimits): void {
    if (!this.isRefinable || limits.elapsedMs() >= limits.timeMs) return;
    const { prices } = generateColumns(this.#bound.problem, { limits, interrupts: true });
    if (prices.lowerBoundUsdPerHour > this.#prices.lowerBoundUsdPerHour) this.#prices = prices;
  }

  /** The problem of the bound where it says the same as another one: what is known of one then holds for both. */
  sameProblem(other: PackingProblem): PackingProblem {
    return isSameProblem(this.#bound.problem, other) ? this.#bound.problem : other;
  }

  /** Takes over prices that a search found for its stricter problem, if they prove more. */
  improve({ problem, portions, side }: LoweredInput, prices: FairPrices, limits: CheckLimits): void {
    // What the stricter problem does not prove for all pods, this one does not either.
    const isWorthwhile = prices.lowerBoundUsdPerHour > this.#prices.lowerBoundUsdPerHour * (1 + WORTHWHILE);
    if (side === undefined && !isWorthwhile) return;
    if (problem === this.#bound.problem) {
      this.#prices = prices;
      return;
    }
    const values = this.#leastValues(portions, prices.podUsdPerHour);
    const { theta, boundUsdPerHour } = checkPrices(this.#bound.problem, values, limits);
    if (boundUsdPerHour <= this.#prices.lowerBoundUsdPerHour) return;
    this.#prices = { lowerBoundUsdPerHour: boundUsdPerHour, podUsdPerHour: values.map((value) => value / theta) };
  }

  /** By shape of the bound's problem: the least of what its pods are worth. */
  #leastValues(portions: LoweredInput["portions"], podUsdPerHour: Float64Array): Float64Array {
    const values = new Float64Array(this.#bound.problem.shapes.length).fill(Number.POSITIVE_INFINITY);
    for (const [index, ofShape] of portions.entries())
      for (const { shape } of ofShape) {
        const at = this.#bound.shapeOf[shape.shape.index] ?? -1;
        values[at] = Math.min(values[at] ?? 0, podUsdPerHour[index] ?? 0);
      }
    return values.map((value, index) => (Number.isFinite(value) ? value : (this.#prices.podUsdPerHour[index] ?? 0)));
  }

  /** What every plan costs at least that places all pods but these. */
  lowerBoundUsdPerHour(unplaced: Iterable<Pod>): number {
    let bound = this.#prices.lowerBoundUsdPerHour;
    for (const pod of unplaced)
      bound -= (this.#prices.podUsdPerHour[this.#shapeOf(podKeyOf(pod))] ?? 0) * (1 + ROUNDING);
    return Math.max(0, bound * (1 - ROUNDING));
  }

  /** By pod: its fair price; without the pods that no instance type can hold. */
  fairPrices(): ReadonlyMap<string, number> {
    const prices = new Map<string, number>();
    for (const [index, { shape }] of this.#model.shapes.entries()) {
      const at = this.#bound.shapeOf[index] ?? -1;
      const price = this.#prices.podUsdPerHour[at] ?? 0;
      if (this.#bound.purchasable[at] === 1) for (const pod of shape.pods) prices.set(podKeyOf(pod), price);
    }
    return prices;
  }

  #shapeOf(key: string): number {
    this.#shapes ??= new Map(
      this.#model.shapes.flatMap(({ shape: { pods } }, index) =>
        pods.map((pod) => [podKeyOf(pod), this.#bound.shapeOf[index] ?? -1] as const),
      ),
    );
    return this.#shapes.get(key) ?? -1;
  }
}

function withMorePods(problem: PackingProblem, factor: number): PackingProblem {
  return { ...problem, shapes: problem.shapes.map((shape) => ({ ...shape, pods: shape.pods * factor })) };
}

function isSameProblem(one: PackingProblem, other: PackingProblem): boolean {
  return (
    one.existing.length + other.existing.length === 0 &&
    one.hostRules.length + other.hostRules.length === 0 &&
    one.classes === other.classes &&
    one.shapes.length === other.shapes.length &&
    one.offerings.length === other.offerings.length &&
    one.masks.length === other.masks.length &&
    one.masks.every((mask, index) => isEqual(mask, other.masks[index])) &&
    one.shapes.every(({ pods, requests, mask }, index) => {
      const shape = other.shapes[index];
      return pods === shape?.pods && requests === shape.requests && mask === shape.mask;
    }) &&
    one.offerings.every((offering, index) => {
      const { class: otherClass, priceUsdPerHour, free } = other.offerings[index] ?? offering;
      return (
        offering.class === otherClass &&
        offering.priceUsdPerHour === priceUsdPerHour &&
        (offering.free === free || isEqual(offering.free, free))
      );
    })
  );
}

function isEqual(one: ArrayLike<number>, other: ArrayLike<number> | undefined): boolean {
  if (one.length !== other?.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
