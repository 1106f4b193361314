import type { FairPrices, PackingProblem } from "../problem.ts";
import type { BoundModel } from "./bound-model.ts";
import { boundModel } from "./bound-model.ts";
import { CoveringLp } from "./covering-lp.ts";
import { roundedDown } from "./rounding.ts";

const PIVOTS_MAX = 10_000;

/** Prices per unit of each resource, the same everywhere. */
export interface FluidPrices extends FairPrices {
  /** By resource of the problem: USD per hour of one unit. */
  readonly resourceUsdPerHour: Float64Array;
  /** By host rule: USD per hour of one of its `max` places on a node; above 0 where the rule decides how many nodes there are. */
  readonly hostRuleUsdPerHour: Float64Array;
}

/**
 * The cheapest bound: pods are divisible and may go anywhere, only totals count (packing.md §2.1, §2.2). Ignores masks; within 1 % of what is possible
 * where a dozen pods share a node and all offerings serve all pods. A millisecond.
 */
export function fluidPrices(problem: PackingProblem): FluidPrices {
  const model = boundModel(problem);
  const { width } = model;
  const { perUnit, room } = solveFluid(model);
  const podUsdPerHour = new Float64Array(problem.shapes.length);
  let total = 0;
  for (let shape = 0; shape < podUsdPerHour.length; shape++) {
    const group = model.groups[model.groupOf[shape] as number];
    if (group === undefined || group.classes.length === 0) continue;
    let value = 0;
    for (let d = 0; d < width; d++) value += (perUnit[d] as number) * (model.weights[shape * width + d] as number);
    podUsdPerHour[shape] = value;
    total += value * (model.pods[shape] as number);
  }
  for (let d = 0; d < width; d++) total -= (perUnit[d] as number) * (room[d] as number);
  const resourceUsdPerHour = new Float64Array(problem.dimensions);
  const hostRuleUsdPerHour = new Float64Array(problem.hostRules.length);
  for (let d = 0; d < width; d++) {
    const price = (perUnit[d] as number) / (model.units[d] as number);
    const resource = model.resources[d] as number;
    if (resource >= 0) resourceUsdPerHour[resource] = price;
    else hostRuleUsdPerHour[model.rules[d] as number] = price;
  }
  return { podUsdPerHour, lowerBoundUsdPerHour: roundedDown(total), resourceUsdPerHour, hostRuleUsdPerHour };
}

/** By dimension the price of one unit, and the existing room that counts. */
export function solveFluid(model: BoundModel): { perUnit: Float64Array; room: Float64Array } {
  const { width } = model;
  const room = new Float64Array(width);
  for (const { room: part } of model.existing)
    for (let d = 0; d < width; d++) room[d] = (room[d] as number) + (part[d] as number);
  const demand = totalDemand(model);
  for (let d = 0; d < width; d++) room[d] = Math.min(room[d] as number, demand[d] as number);
  const lp = new CoveringLp(
    demand.map((amount, d) => amount - (room[d] as number)),
    unitPriceLimits(model),
  );
  const entryRows = [...demand.keys()];
  for (const { prices, capacities } of model.classes) {
    for (let offering = 0; offering < prices.length; offering++) {
      lp.addColumn(
        prices[offering] as number,
        entryRows,
        capacities.subarray(offering * width, (offering + 1) * width),
      );
    }
  }
  lp.solve(PIVOTS_MAX);
  return { perUnit: feasible(model, lp.duals), room };
}

function totalDemand({ width, wanted: pods, weights }: BoundModel): Float64Array {
  const demand = new Float64Array(width);
  for (let shape = 0; shape < pods.length; shape++) {
    const count = pods[shape] as number;
    if (count === 0) continue;
    for (let d = 0; d < width; d++) demand[d] = (demand[d] as number) + count * (weights[shape * width + d] as number);
  }
  return demand;
}

/** By dimension: the least price of one unit when nothing else on the node is worth anything. */
function unitPriceLimits({ width, classes }: Pick<BoundModel, "width" | "classes">): Float64Array {
  const limits = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  for (const { prices, capacities } of classes) {
    for (let offering = 0; offering < prices.length; offering++) {
      for (let d = 0; d < width; d++) {
        const limit = (prices[offering] as number) / (capacities[offering * width + d] as number);
        if (limit < (limits[d] as number)) limits[d] = limit;
      }
    }
  }
  return limits;
}

/** Non-negative, and scaled down until no node is worth more than its price. */
function feasible({ classes, width }: BoundModel, duals: Float64Array): Float64Array {
  const limits = unitPriceLimits({ classes, width });
  const prices = duals.map((value, d) => Math.min(Math.max(0, value), limits[d] as number));
  let theta = 1;
  for (const { prices: costs, capacities } of classes) {
    for (let offering = 0; offering < costs.length; offering++) {
      let value = 0;
      for (let d = 0; d < width; d++) value += (prices[d] as number) * (capacities[offering * width + d] as number);
      if (value > 0) theta = Math.max(theta, value / (costs[offering] as number));
    }
  }
  return prices.map((value) => value / theta);
}
