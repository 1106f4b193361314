import type { BoundModel, ShapeGroup } from "./bound-model.ts";
import type { ClassMultipliers } from "./class-multipliers.ts";

/** Blocks of shapes whose choice of class is one convex combination: more of them, fewer rounds. */
const BLOCKS_MAX = 64;

/** Wanted shapes, those of a group together that are alike in what their price consists of. */
export function choiceBlocks(
  model: BoundModel,
  wanted: Float64Array,
  { purchasable }: ClassMultipliers,
): readonly Int32Array[] {
  const { width, groups, groupOf, weights } = model;
  const active = groups.filter((group) => group.classes.length > 0).length;
  const perGroup = Math.max(1, Math.floor(BLOCKS_MAX / Math.max(1, active)));
  const blocks = new Map<number, number[]>();
  for (let shape = 0; shape < wanted.length; shape++) {
    if (wanted[shape] === 0) continue;
    const group = groupOf[shape] as number;
    const { classes, existing } = groups[group] as ShapeGroup;
    const first = classes[0];
    if (first === undefined) continue;
    let value = 0;
    for (let d = 0; d < width; d++) {
      value += (purchasable[first * width + d] as number) * (weights[shape * width + d] as number);
    }
    const cpu = (purchasable[first * width] as number) * (weights[shape * width] as number);
    const hasChoice = classes.length + existing.length > 1;
    const share = hasChoice && value > 0 ? Math.min(perGroup - 1, Math.floor((cpu / value) * perGroup)) : 0;
    const key = group * BLOCKS_MAX + share;
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [shape]);
    else block.push(shape);
  }
  return [...blocks.values()].map((shapes) => Int32Array.from(shapes));
}

/** What the shapes of a block ask for where each is cheapest, by row of class and dimension. */
export function choiceAmounts(
  { width, weights, classes, existing }: BoundModel,
  wanted: Float64Array,
  block: { readonly shapes: Int32Array; readonly cheapest: Int32Array; readonly rowOf: Int32Array },
): { choice: Int32Array; rows: number[]; values: number[] } {
  const amounts = new Float64Array((classes.length + existing.length) * width);
  const choice = block.shapes.map((shape) => block.cheapest[shape] as number);
  for (const [position, shape] of block.shapes.entries()) {
    const start = (choice[position] as number) * width;
    const pods = wanted[shape] as number;
    for (let d = 0; d < width; d++) {
      amounts[start + d] = (amounts[start + d] as number) + pods * (weights[shape * width + d] as number);
    }
  }
  const rows: number[] = [];
  const values: number[] = [];
  for (const [at, amount] of amounts.entries()) {
    const row = block.rowOf[at] as number;
    if (amount === 0 || row < 0) continue;
    rows.push(row);
    values.push(amount);
  }
  return { choice, rows, values };
}

/** A node of its own for every pod: the pods of a block are never worth more. */
export function blockValueLimit(model: BoundModel, wanted: Float64Array, shapes: Int32Array): number {
  let limit = 0;
  for (const shape of shapes) {
    const { classes } = model.groups[model.groupOf[shape] as number] as ShapeGroup;
    const dearest = Math.max(...classes.map((index) => model.classes[index]?.prices.at(-1) ?? 0));
    limit += (wanted[shape] as number) * dearest;
  }
  return limit;
}

/** By class × dimension: 1 where a shape with access asks for it. */
export function askedDimensions(model: BoundModel, wanted: Float64Array): Uint8Array {
  const { width, classes, existing, groups, groupOf, weights } = model;
  const ofGroup = groups.map(() => new Uint8Array(width));
  for (let shape = 0; shape < wanted.length; shape++) {
    const asked = ofGroup[groupOf[shape] as number] as Uint8Array;
    if (wanted[shape] === 0) continue;
    for (let d = 0; d < width; d++) if ((weights[shape * width + d] as number) > 0) asked[d] = 1;
  }
  const result = new Uint8Array((classes.length + existing.length) * width);
  for (const [index, group] of groups.entries()) {
    const asked = ofGroup[index] as Uint8Array;
    if (group.classes.length === 0) continue;
    const all = [...group.classes, ...group.existing.map((member) => classes.length + member)];
    for (const member of all) for (const [d, yes] of asked.entries()) if (yes === 1) result[member * width + d] = 1;
  }
  return result;
}
