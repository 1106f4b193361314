import type { BoundModel, OfferingClass } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";
import { scaleToPrices } from "./class-multipliers.ts";
import { inheritedMultipliers, splitClasses } from "./split-classes.ts";

/** Classes are alike when they have this share of their offerings in common. */
const COMMON_MIN = 0.75;

/**
 * A model in which classes that sell nearly the same for the same are one that sells all of it, such as the zones of a region on demand. A pod pinned to one
 * of them then counts in all: that lowers the bound by little, and there are several times fewer prices to find.
 */
export interface UnitedModel {
  readonly model: BoundModel;
  /** By class of the original model: the one of the united model. */
  readonly unitedOf: readonly number[];
}

export function uniteClasses(model: BoundModel): UnitedModel {
  const { width } = model;
  const unions: Map<string, { readonly members: OfferingClass; readonly row: number }>[] = [];
  const unitedOf = model.classes.map((members) => {
    const rows = new Map([...members.prices.keys()].map((row) => [saleOf(members, row, width), { members, row }]));
    const index = unions.findIndex((union) => isAlike(union, rows));
    if (index < 0) return unions.push(rows) - 1;
    for (const [sale, source] of rows) if (unions[index]?.has(sale) !== true) unions[index]?.set(sale, source);
    return index;
  });
  const groups = model.groups.map(({ classes, existing }) => ({
    classes: [...new Set(classes.map((index) => unitedOf[index] as number))].sort((a, b) => a - b),
    existing,
  }));
  const classes = unions.map((union) => classOf([...union.values()], width));
  return { model: { ...model, classes, groups }, unitedOf };
}

/** Price and capacity as a text. */
function saleOf({ prices, capacities }: OfferingClass, row: number, width: number): string {
  return `${prices[row]} ${capacities.subarray(row * width, (row + 1) * width).join()}`;
}

function isAlike(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  let common = 0;
  for (const sale of other.keys()) if (one.has(sale)) common++;
  return common >= COMMON_MIN * Math.max(one.size, other.size);
}

/** Rows of several classes as one class, the cheapest first. */
function classOf(sources: { readonly members: OfferingClass; readonly row: number }[], width: number): OfferingClass {
  const priceOf = ({ members, row }: { readonly members: OfferingClass; readonly row: number }): number =>
    members.prices[row] as number;
  sources.sort((a, b) => priceOf(a) - priceOf(b));
  const capacities = new Float64Array(sources.length * width);
  for (const [position, { members, row }] of sources.entries()) {
    capacities.set(members.capacities.subarray(row * width, (row + 1) * width), position * width);
  }
  return {
    originals: Int32Array.from(sources, ({ members, row }) => members.originals[row] as number),
    offerings: Int32Array.from(sources, ({ members, row }) => members.offerings[row] as number),
    prices: Float64Array.from(sources, priceOf),
    capacities,
  };
}

/** For each united class the prices of the first class that is part of it. */
export function unitedMultipliers(
  { model, unitedOf }: UnitedModel,
  { purchasable, existing }: ClassMultipliers,
): ClassMultipliers {
  const { width } = model;
  const result = new Float64Array(model.classes.length * width);
  for (const united of model.classes.keys()) {
    const first = unitedOf.indexOf(united);
    result.set(purchasable.subarray(first * width, (first + 1) * width), united * width);
  }
  const multipliers = { purchasable: result, existing };
  scaleToPrices(model, multipliers);
  return multipliers;
}

/** The original model in the parts into which the united one was split, with the prices found for these. */
export function dividedModel(
  original: BoundModel,
  { unitedOf }: UnitedModel,
  { model: split, multipliers }: { readonly model: BoundModel; readonly multipliers: ClassMultipliers },
): { readonly model: BoundModel; readonly multipliers: ClassMultipliers } {
  const { width } = original;
  const partOf = new Map<string, number>();
  for (const [index, members] of split.classes.entries()) {
    const united =
      unitedOf[original.classes.findIndex(({ originals }) => originals.includes(members.originals[0] ?? -1))];
    for (const row of members.prices.keys()) partOf.set(`${united} ${saleOf(members, row, width)}`, index);
  }
  const parts = original.classes.map((members, index) => {
    const ofPart = new Map<number, number[]>();
    for (const row of members.prices.keys()) {
      const part = partOf.get(`${unitedOf[index]} ${saleOf(members, row, width)}`) as number;
      ofPart.set(part, [...(ofPart.get(part) ?? []), row]);
    }
    return [...ofPart];
  });
  const divided = splitClasses(original, new Map(parts.map((list, index) => [index, list.map(([, rows]) => rows)])));
  const parentOf = parts.flatMap((list) => list.map(([part]) => part));
  return { model: divided.model, multipliers: inheritedMultipliers({ ...divided, parentOf }, multipliers, width) };
}
