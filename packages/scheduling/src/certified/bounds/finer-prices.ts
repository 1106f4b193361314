import type { BoundModel, OfferingClass } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import { scaleToPrices, valueShapes } from "./class-multipliers.ts";
import type { ClassPoint } from "./class-prices.ts";
import type { ClassUse } from "./shape-multipliers.ts";
import { shapeMultipliers } from "./shape-multipliers.ts";
import type { ClassParts } from "./split-classes.ts";
import { distance, inheritedMultipliers, partsAround, splitClasses } from "./split-classes.ts";
import { dividedModel, uniteClasses, unitedMultipliers } from "./united-classes.ts";

const SPLITS_MAX = 16;
/** The second split in a row that lifts the bound by less than this share is the last one. */
const GAIN_MIN = 5e-4;
/** Offerings that buy the same for a dollar, but for 2 or 3 %, gain nothing by different prices. */
const DISTANCE_MIN = 1e-3;
/** An offering is worth its price when it misses it by less than this share. */
const TIGHT = 1e-6;

/**
 * With one price per resource for a whole class, the cpu of one offering and the memory of another make up a node that nobody sells: with small and burstable
 * types a bound of a third too little. Splits classes until what is bought of each is of one kind, and is room for the shapes that go there. Never lower than the
 * bound of `start`, and at the end what nodes with divisible pods cost, each with a content of its own.
 */
export function finerPrices(start: ClassPoint, isLate: () => boolean): ClassPoint {
  const united = uniteClasses(start.model);
  if (united.model.classes.length === start.model.classes.length) return splitPrices(start, isLate);
  const multipliers = unitedMultipliers(united, start.multipliers);
  const valued = valueShapes(united.model, multipliers);
  const found = splitPrices({ model: united.model, multipliers, valued, flows: [] }, isLate);
  if (found.valued.bound <= start.valued.bound) return start;
  const divided = dividedModel(start.model, united, found);
  return { ...divided, valued: valueShapes(divided.model, divided.multipliers), flows: start.flows };
}

function splitPrices(start: ClassPoint, isLate: () => boolean): ClassPoint {
  if (start.valued.bound * (1 + GAIN_MIN) >= uniformCost(start.model)) return start;
  let point: ClassPoint = start;
  let uses = tightUses(start.model, start.multipliers);
  if (hasChoice(start.model)) {
    const whole = shapeMultipliers(start.model, start, isLate);
    if (whole === undefined) return start;
    [point, uses] = [whole, whole.uses];
  }
  let idle = 0;
  for (let count = 0; count < SPLITS_MAX && idle < 2 && !isLate(); count++) {
    const parts = neededParts(point.model, uses);
    if (parts.size === 0) break;
    const inherited = splitPoint(point, parts);
    const next = shapeMultipliers(inherited.model, inherited, isLate);
    const better = next ?? inherited;
    const gain = better.valued.bound - point.valued.bound;
    point = better;
    if (next === undefined) break;
    idle = gain < GAIN_MIN * point.valued.bound ? idle + 1 : 0;
    uses = next.uses;
  }
  return point;
}

/** What the demand costs, divisible, on nodes of a single offering that everyone may use: no bound of divisible pods is higher. */
function uniformCost(model: BoundModel): number {
  const { width, weights, pods, classes, groups, groupOf } = model;
  const demand = new Float64Array(width);
  const largest = new Float64Array(width);
  const users = classes.map(() => true);
  for (const group of new Set(groupOf)) {
    const open = groups[group]?.classes ?? [];
    for (const index of users.keys()) users[index] &&= open.length === 0 || open.includes(index);
  }
  for (let shape = 0; shape < pods.length; shape++) {
    const count = pods[shape] as number;
    for (let d = 0; d < width && count > 0; d++) {
      const weight = weights[shape * width + d] as number;
      demand[d] = (demand[d] as number) + count * weight;
      if (weight > (largest[d] as number)) largest[d] = weight;
    }
  }
  let least = Number.POSITIVE_INFINITY;
  for (const [index, { prices, capacities }] of classes.entries()) {
    if (users[index] !== true) continue;
    for (const [row, price] of prices.entries()) {
      let nodes = 0;
      for (let d = 0; d < width && nodes * price < least; d++) {
        const capacity = capacities[row * width + d] as number;
        const needed = (demand[d] as number) === 0 ? 0 : (demand[d] as number) / capacity;
        nodes = Math.max(nodes, capacity >= (largest[d] as number) ? needed : Number.POSITIVE_INFINITY);
      }
      least = Math.min(least, nodes * price);
    }
  }
  return least;
}

/** Where no shape has two places to go, shapes as wholes are worth what their resources are. */
function hasChoice({ groups }: BoundModel): boolean {
  return groups.some(({ classes, existing }) => classes.length > 0 && classes.length + existing.length > 1);
}

/** Offerings that limit the prices, as if they were bought. */
function tightUses({ classes, width }: BoundModel, { purchasable }: ClassMultipliers): readonly ClassUse[] {
  return classes.map(({ prices, capacities }, index) => {
    const isTight = (row: number): boolean => {
      let value = 0;
      for (let d = 0; d < width; d++) {
        value += (purchasable[index * width + d] as number) * (capacities[row * width + d] as number);
      }
      return value > 0 && value >= (prices[row] as number) * (1 - TIGHT);
    };
    return { rows: [...prices.keys()].filter(isTight), shapes: new Set<number>() };
  });
}

/** The point in a model of smaller classes: no lower, since shapes that a part cannot hold need not be worth so little there. */
function splitPoint(point: ClassPoint, parts: ReadonlyMap<number, ClassParts>): ClassPoint {
  const split = splitClasses(point.model, parts);
  const multipliers = inheritedMultipliers(split, point.multipliers, point.model.width);
  scaleToPrices(split.model, multipliers);
  return { model: split.model, multipliers, valued: valueShapes(split.model, multipliers), flows: point.flows };
}

/** By class: the parts of those whose purchases differ in kind, or do not hold what they are bought for. */
function neededParts(model: BoundModel, uses: readonly ClassUse[]): ReadonlyMap<number, ClassParts> {
  const result = new Map<number, ClassParts>();
  for (const [index, members] of model.classes.entries()) {
    const use = uses[index];
    if (use === undefined || members.prices.length === 1) continue;
    const seeds = differentRows(members, use.rows, model.width);
    const parts = seeds.length > 1 ? partsAround(members, seeds, model.width) : partsBySize(model, members, use);
    if (parts !== undefined) result.set(index, parts);
  }
  return result;
}

/** At most one more than there are resources: one more is bought only where others tie. */
function differentRows(members: OfferingClass, rows: readonly number[], width: number): readonly number[] {
  const kept: number[] = [];
  for (const row of rows) {
    if (kept.length > width) break;
    if (kept.every((other) => distance(members, row, { other, width }) > DISTANCE_MIN)) kept.push(row);
  }
  return kept;
}

/** What holds a shape that the purchases do not hold, and what does not. */
function partsBySize(model: BoundModel, members: OfferingClass, { rows, shapes }: ClassUse): ClassParts | undefined {
  const all = [...members.prices.keys()];
  for (const shape of shapes) {
    if (rows.every((row) => rowHolds(model, members, { row, shape }))) continue;
    const holding = all.filter((row) => rowHolds(model, members, { row, shape }));
    const rest = all.filter((row) => !holding.includes(row));
    if (holding.length > 0 && rest.length > 0) return [rest, holding];
  }
  return undefined;
}

function rowHolds(
  { width, weights }: BoundModel,
  { capacities }: OfferingClass,
  { row, shape }: { readonly row: number; readonly shape: number },
): boolean {
  for (let d = 0; d < width; d++) {
    if ((weights[shape * width + d] as number) > (capacities[row * width + d] as number)) return false;
  }
  return true;
}
