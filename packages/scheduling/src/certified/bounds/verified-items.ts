import type { PackingProblem, PackingShape } from "../problem.ts";

/** Host rules beyond these are dropped, those that force most nodes stay: dropping weakens, never breaks. */
const RULES_MAX = 24;

/** Offerings, or bins, that the same pods may use. */
export interface VerifiedClass {
  readonly offerings: readonly number[];
  /** By shape, 1 or 0. */
  readonly allowed: Uint8Array;
}

export interface VerifiedExistingClass {
  readonly bins: readonly number[];
  readonly allowed: Uint8Array;
}

/** The shapes that count in a class, with what they ask for: resources, then host rules. */
export interface ValuedItems {
  readonly count: number;
  readonly width: number;
  readonly rules: readonly number[];
  /** Item × dimension, in the problem's units. */
  readonly weights: Float64Array;
  readonly values: Float64Array;
  /** No node holds more of a shape than there are. */
  readonly pods: Float64Array;
}

/** Classes told apart only by the masks in use, and values with all that cannot count set to 0. */
export function verifiedClasses(
  problem: PackingProblem,
  podUsdPerHour: Float64Array,
): { classes: VerifiedClass[]; existing: VerifiedExistingClass[]; values: Float64Array } {
  const masks = [...new Set(problem.shapes.map((shape) => shape.mask))];
  const signatureOf = (index: number): string => masks.map((mask) => problem.masks[mask]?.[index] ?? 0).join("");
  const signatures = Array.from({ length: problem.classes }, (_, index) => signatureOf(index));
  const collect = (classOf: readonly number[]): { members: number[]; allowed: Uint8Array }[] => {
    const lists = new Map<string, { members: number[]; allowed: Uint8Array }>();
    for (const [item, original] of classOf.entries()) {
      const signature = signatures[original] as string;
      const known = lists.get(signature);
      if (known !== undefined) known.members.push(item);
      else lists.set(signature, { members: [item], allowed: allowedShapes(problem, original) });
    }
    return [...lists.values()];
  };
  const bought = collect(problem.offerings.map((offering) => offering.class));
  const values = purchasableValues(problem, podUsdPerHour, bought);
  return {
    classes: bought.map(({ members, allowed }) => ({ offerings: members, allowed })),
    existing: collect(problem.existing.map((bin) => bin.class)).map(({ members, allowed }) => ({
      bins: members,
      allowed,
    })),
    values,
  };
}

function allowedShapes(problem: PackingProblem, original: number): Uint8Array {
  const allowed = new Uint8Array(problem.shapes.length);
  for (const [index, shape] of problem.shapes.entries()) allowed[index] = problem.masks[shape.mask]?.[original] ?? 0;
  return allowed;
}

/** A pod that no offering holds may stay unplaced for nothing, so it must be worth nothing. */
function purchasableValues(
  problem: PackingProblem,
  podUsdPerHour: Float64Array,
  classes: readonly { readonly members: readonly number[]; readonly allowed: Uint8Array }[],
): Float64Array {
  return Float64Array.from(problem.shapes, (shape, index) => {
    const value = podUsdPerHour[index] as number;
    if (!(value > 0) || shape.pods === 0) return 0;
    if (selfLimit(problem, shape) < 1) return 0;
    const held = classes.some(
      ({ members, allowed }) => allowed[index] === 1 && members.some((offering) => holds(problem, offering, shape)),
    );
    return held ? value : 0;
  });
}

function holds(problem: PackingProblem, offering: number, shape: PackingShape): boolean {
  const free = problem.offerings[offering]?.free ?? [];
  for (let d = 0; d < problem.dimensions; d++) {
    if ((shape.requests[d] as number) > Math.max(0, free[d] ?? 0)) return false;
  }
  return true;
}

/** How many pods of the shape its own rules allow on one node. */
function selfLimit(problem: PackingProblem, shape: PackingShape): number {
  return Math.min(Number.POSITIVE_INFINITY, ...selfCounted(shape).map((rule) => problem.hostRules[rule]?.max ?? 0));
}

const NO_RULES: readonly number[] = [];

function selfCounted(shape: PackingShape): readonly number[] {
  return shape.owns.length === 0 ? NO_RULES : shape.owns.filter((rule) => shape.countedBy.includes(rule));
}

export function classItems(problem: PackingProblem, allowed: Uint8Array, values: Float64Array): ValuedItems {
  const shapes: number[] = [];
  for (let index = 0; index < allowed.length; index++) {
    if (allowed[index] === 1 && (values[index] as number) > 0) shapes.push(index);
  }
  const rules = countedRules(problem, shapes);
  const width = problem.dimensions + rules.length;
  const weights = new Float64Array(shapes.length * width);
  for (const [item, index] of shapes.entries()) {
    const shape = problem.shapes[index] as PackingShape;
    for (let d = 0; d < problem.dimensions; d++) weights[item * width + d] = shape.requests[d] as number;
    if (rules.length === 0) continue;
    for (const rule of selfCounted(shape)) {
      const position = rules.indexOf(rule);
      if (position >= 0) weights[item * width + problem.dimensions + position] = 1;
    }
  }
  return {
    count: shapes.length,
    width,
    rules,
    weights,
    values: Float64Array.from(shapes, (index) => values[index] as number),
    pods: Float64Array.from(shapes, (index) => problem.shapes[index]?.pods ?? 0),
  };
}

function countedRules(problem: PackingProblem, shapes: readonly number[]): readonly number[] {
  const pods = new Map<number, number>();
  for (const index of shapes) {
    const shape = problem.shapes[index] as PackingShape;
    for (const rule of selfCounted(shape)) pods.set(rule, (pods.get(rule) ?? 0) + shape.pods);
  }
  const nodes = (rule: number): number => (pods.get(rule) ?? 0) / Math.max(1, problem.hostRules[rule]?.max ?? 1);
  return [...pods.keys()]
    .filter((rule) => nodes(rule) > 1)
    .sort((a, b) => nodes(b) - nodes(a) || a - b)
    .slice(0, RULES_MAX);
}

/** Capacities of an offering in the dimensions of the items. */
export function itemCapacity(problem: PackingProblem, items: ValuedItems, free: Float64Array): Float64Array {
  const capacity = new Float64Array(items.width);
  for (let d = 0; d < problem.dimensions; d++) capacity[d] = Math.max(0, free[d] as number);
  for (const [position, rule] of items.rules.entries()) {
    capacity[problem.dimensions + position] = problem.hostRules[rule]?.max ?? 0;
  }
  return capacity;
}

/** Whether one pod of the item fits in the capacity, rounding errors forgiven. */
export function holdsItem({ width, weights }: ValuedItems, item: number, capacity: Float64Array): boolean {
  for (let d = 0; d < width; d++) {
    if ((weights[item * width + d] as number) > (capacity[d] as number) * (1 + 1e-9)) return false;
  }
  return true;
}

/** Sizes of items by dimension. */
export interface ItemSizes {
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** Greatest common divisor; 0 of nothing, NaN when some size is no whole number. */
  readonly step: Float64Array;
  /** Of all pods together. */
  readonly total: Float64Array;
}

/** Of all items, or of those that a capacity holds. */
export function itemSizes(items: ValuedItems, capacity?: Float64Array): ItemSizes {
  const { count, width, weights, pods } = items;
  const total = new Float64Array(width);
  const least = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(width);
  const step = new Float64Array(width);
  for (let item = 0; item < count; item++) {
    if (capacity !== undefined && !holdsItem(items, item, capacity)) continue;
    for (let d = 0; d < width; d++) {
      const weight = weights[item * width + d] as number;
      total[d] = (total[d] as number) + weight * (pods[item] as number);
      if (weight < (least[d] as number)) least[d] = weight;
      if (weight > (most[d] as number)) most[d] = weight;
      if (weight > 0 && step[d] !== 1) step[d] = stepOf(weight, step[d] as number);
    }
  }
  return { least, most, step, total };
}

/**
 * The part of a capacity that items can use: a whole multiple of what all that fit are multiples of, no more than so many of the smallest as the largest, and no
 * more than all together.
 * `ofAll`: sizes of all items, which are those that fit in large capacities.
 */
export function usedCapacity(items: ValuedItems, capacity: Float64Array, ofAll: ItemSizes): Float64Array {
  const holdsAll = ofAll.most.every((size, d) => size <= (capacity[d] as number));
  const { least, most, step, total } = holdsAll ? ofAll : itemSizes(items, capacity);
  const pods = least.reduce(
    (fewest, weight, d) =>
      weight > 0 ? Math.min(fewest, Math.floor((capacity[d] as number) / weight + 1e-9)) : fewest,
    Number.POSITIVE_INFINITY,
  );
  return capacity.map((amount, d) => {
    const largest = most[d] as number;
    if (largest === 0) return 0;
    const used = Math.max(largest, Math.min(amount, largest * pods, (total[d] as number) * (1 + 1e-12)));
    const unit = step[d] as number;
    return Number.isNaN(unit) ? used : Math.floor(used / unit + 1e-9) * unit;
  });
}

function stepOf(weight: number, known: number): number {
  if (Number.isNaN(known)) return known;
  if (!Number.isSafeInteger(weight)) return Number.NaN;
  let [a, b] = [known, weight];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
