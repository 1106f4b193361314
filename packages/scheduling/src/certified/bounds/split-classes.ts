import type { BoundModel, OfferingClass, ShapeGroup } from "./bound-model.ts";
import { holdsOne } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";

/** Keeps ratios finite where an offering has nothing, or costs nothing; amounts are relative to the largest. */
const LEAST = 1e-12;

/** A class in several parts, each a list of its rows. */
export type ClassParts = readonly (readonly number[])[];

/** The model with classes in parts: each part has prices of its own, and only shapes that it holds count there. */
export interface SplitModel {
  readonly model: BoundModel;
  /** By class of the new model: the one that it is a part of. */
  readonly parentOf: readonly number[];
}

/** `parts` by class; without parts a class stays as it is. */
export function splitClasses(model: BoundModel, parts: ReadonlyMap<number, ClassParts>): SplitModel {
  const classes: OfferingClass[] = [];
  const parentOf: number[] = [];
  const children = model.classes.map((parent, index): readonly number[] => {
    const own = parts.get(index);
    const members = own === undefined ? [parent] : own.map((rows) => partOf(parent, rows, model.width));
    return members.map((member) => {
      parentOf.push(index);
      return classes.push(member) - 1;
    });
  });
  const { groups, groupOf } = regroup(model, classes, children);
  return { model: { ...model, classes, groups, groupOf }, parentOf };
}

function partOf(parent: OfferingClass, rows: readonly number[], width: number): OfferingClass {
  const capacities = new Float64Array(rows.length * width);
  for (const [position, row] of rows.entries()) {
    capacities.set(parent.capacities.subarray(row * width, (row + 1) * width), position * width);
  }
  return {
    originals: Int32Array.from(rows, (row) => parent.originals[row] as number),
    offerings: Int32Array.from(rows, (row) => parent.offerings[row] as number),
    prices: Float64Array.from(rows, (row) => parent.prices[row] as number),
    capacities,
  };
}

/** Shapes that may use the same of the new classes; those that none of a parent's parts holds had no access to the parent. */
function regroup(
  { width, weights, groups, groupOf }: BoundModel,
  classes: readonly OfferingClass[],
  children: readonly (readonly number[])[],
): { groups: readonly ShapeGroup[]; groupOf: Int32Array } {
  const result: ShapeGroup[] = [];
  const known = new Map<string, number>();
  const candidates = groups.map((group) => group.classes.flatMap((parent) => children[parent] ?? []));
  const newGroupOf = groupOf.map((group, shape) => {
    const open = (candidates[group] ?? []).filter((index) =>
      holdsOne(classes[index] as OfferingClass, weights, { width, shape }),
    );
    const key = `${group} ${open.join()}`;
    let number = known.get(key);
    if (number === undefined) {
      number = result.push({ classes: open, existing: groups[group]?.existing ?? [] }) - 1;
      known.set(key, number);
    }
    return number;
  });
  return { groups: result, groupOf: newGroupOf };
}

/** Every part begins with the prices of its parent. */
export function inheritedMultipliers(
  { parentOf }: SplitModel,
  { purchasable, existing }: ClassMultipliers,
  width: number,
): ClassMultipliers {
  const inherited = new Float64Array(parentOf.length * width);
  for (const [index, parent] of parentOf.entries()) {
    inherited.set(purchasable.subarray(parent * width, (parent + 1) * width), index * width);
  }
  return { purchasable: inherited, existing };
}

/** The parts around some rows: every row joins the one that offers most nearly the same for a dollar. */
export function partsAround(members: OfferingClass, seeds: readonly number[], width: number): ClassParts {
  const parts = seeds.map((seed) => [seed]);
  for (const row of members.prices.keys()) {
    if (seeds.includes(row)) continue;
    const distances = seeds.map((seed) => distance(members, row, { other: seed, width }));
    parts[distances.indexOf(Math.min(...distances))]?.push(row);
  }
  return parts.map((rows) => rows.sort((a, b) => a - b));
}

/** Sum of the squares by which the logarithms of what a dollar buys differ. */
export function distance(
  { prices, capacities }: OfferingClass,
  row: number,
  { other, width }: { readonly other: number; readonly width: number },
): number {
  let sum = 0;
  for (let d = 0; d < width; d++) {
    const perDollar = (capacities[row * width + d] as number) * (prices[other] as number) + LEAST;
    const difference = Math.log(
      perDollar / ((capacities[other * width + d] as number) * (prices[row] as number) + LEAST),
    );
    sum += difference * difference;
  }
  return sum;
}
