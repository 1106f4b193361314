import type { ExistingBin, PackingProblem, PackingShape } from "../problem.ts";
import { requestedDimensions, undominated } from "./prune-offerings.ts";
import type { PodRequests } from "./usable-capacity.ts";
import { UsableCapacity } from "./usable-capacity.ts";

/** Host rules beyond these are dropped: each is a dimension, and those that force few nodes change nothing. */
const RULES_MAX = 16;
/** Pods that a shape with 0 pods counts as when prices are sought. */
const TRACE_PODS = 1e-3;

/**
 * A problem as the bounds see it: resources in units of the largest offering, host rules as further dimensions, classes that no mask tells apart
 * merged, offerings that others beat left out.
 */
export interface BoundModel {
  readonly problem: PackingProblem;
  /** Resources that some shape asks for, then the kept host rules. */
  readonly width: number;
  /** By dimension: resource, or -1 for a host rule. */
  readonly resources: Int32Array;
  /** By dimension: host rule, or -1 for a resource. */
  readonly rules: Int32Array;
  /** By dimension: how much of the problem's unit is 1 here. */
  readonly units: Float64Array;
  /** Shape × dimension. */
  readonly weights: Float64Array;
  /** By shape: pods whose placement costs money in any packing, else 0. */
  readonly pods: Float64Array;
  /** `pods`, and a trace of each purchasable shape with 0 pods: it gets a price without changing those of the others. */
  readonly wanted: Float64Array;
  /** By shape: index into `groups`. */
  readonly groupOf: Int32Array;
  /** Shapes that may use the same classes. */
  readonly groups: readonly ShapeGroup[];
  readonly classes: readonly OfferingClass[];
  readonly existing: readonly ExistingClass[];
}

export interface ShapeGroup {
  /** Indices into `classes`: allowed, and large enough for one pod. Empty for shapes that only existing bins can hold. */
  readonly classes: readonly number[];
  /** Indices into `existing`. */
  readonly existing: readonly number[];
}

export interface OfferingClass {
  /** Index into the problem's classes, of each offering. */
  readonly originals: Int32Array;
  /** Indices into the problem's offerings. */
  readonly offerings: Int32Array;
  readonly prices: Float64Array;
  /** Offering × dimension: what the shapes that may use the class can use of it. */
  readonly capacities: Float64Array;
}

export interface ExistingClass {
  readonly bins: Int32Array;
  /** By dimension: what pending pods can use of these bins together. */
  readonly room: Float64Array;
}

const known = new WeakMap<PackingProblem, BoundModel>();

/** The model of a problem, built once: bounds of several kinds share it. */
export function boundModel(problem: PackingProblem): BoundModel {
  let model = known.get(problem);
  if (model === undefined) {
    model = builtModel(problem);
    known.set(problem, model);
  }
  return model;
}

/** Linear in shapes × classes. */
function builtModel(problem: PackingProblem): BoundModel {
  const resources = requestedDimensions(problem);
  const rules = keptRules(problem);
  const width = resources.length + rules.length;
  const units = largestAmounts(problem, resources, rules.length);
  const frame: Frame = { problem, resources, rules, width, units };
  const merged = mergeClasses(problem);
  const users = requestsByClass(frame, merged);
  const classes = merged.purchasable.map((members, index) =>
    offeringClass(frame, members, users[index] ?? { placed: [], priced: [] }),
  );
  const weights = shapeWeights(frame);
  const { groups, groupOf } = groupShapes(frame, { ...merged, classes, weights });
  const pods = Float64Array.from(problem.shapes, (shape, index) =>
    (groups[groupOf[index] as number] as ShapeGroup).classes.length > 0 ? shape.pods : 0,
  );
  const existing = merged.existing.map((bins, index) =>
    existingClass(frame, bins, pendingUse({ width, weights, pods, groupOf, groups }, index)),
  );
  return {
    problem,
    width,
    resources: Int32Array.from([...resources, ...rules.map(() => -1)]),
    rules: Int32Array.from([...resources.map(() => -1), ...rules]),
    units,
    weights,
    pods,
    wanted: pods.map((count, shape) => {
      const purchasable = (groups[groupOf[shape] as number] as ShapeGroup).classes.length > 0;
      return count === 0 && purchasable ? TRACE_PODS : count;
    }),
    groupOf,
    groups,
    classes,
    existing,
  };
}

interface Frame {
  readonly problem: PackingProblem;
  readonly resources: readonly number[];
  readonly rules: readonly number[];
  readonly width: number;
  readonly units: Float64Array;
}

/** Rules that count pods which own them: at most `max` of those per node. The ones that force most nodes. */
function keptRules(problem: PackingProblem): readonly number[] {
  const counted = new Float64Array(problem.hostRules.length);
  for (const shape of problem.shapes) {
    for (const rule of ownCountedRules(shape)) counted[rule] = (counted[rule] as number) + shape.pods;
  }
  const nodes = counted.map((count, rule) => count / Math.max(1, problem.hostRules[rule]?.max ?? 1));
  const used = [...nodes.keys()].filter((rule) => (nodes[rule] as number) > 1);
  used.sort((a, b) => (nodes[b] as number) - (nodes[a] as number) || a - b);
  return used.slice(0, RULES_MAX).sort((a, b) => a - b);
}

/** Host rules that the shape owns and that count it: each limits how many of it one node holds. */
export function ownCountedRules(shape: PackingShape): readonly number[] {
  return shape.owns.length === 0 ? [] : shape.owns.filter((rule) => shape.countedBy.includes(rule));
}

function largestAmounts(problem: PackingProblem, resources: readonly number[], rules: number): Float64Array {
  const units = new Float64Array(resources.length + rules).fill(1);
  for (const [index, d] of resources.entries()) {
    let largest = 0;
    for (const offering of problem.offerings) largest = Math.max(largest, offering.free[d] as number);
    for (const bin of problem.existing) largest = Math.max(largest, bin.free[d] as number);
    if (largest > 0) units[index] = largest;
  }
  return units;
}

interface MergedClasses {
  /** Lists of offerings. */
  readonly purchasable: readonly (readonly number[])[];
  /** Lists of bins. */
  readonly existing: readonly (readonly number[])[];
  /** By used mask: its classes among `purchasable` and `existing`. */
  readonly classesOfMask: ReadonlyMap<number, { readonly purchasable: number[]; readonly existing: number[] }>;
}

/** Two classes are one when every mask that some shape has allows both or neither. */
function mergeClasses(problem: PackingProblem): MergedClasses {
  const masks = [...new Set(problem.shapes.map((shape) => shape.mask))].sort((a, b) => a - b);
  const mergedOf = new Int32Array(problem.classes);
  const keys = new Map<string, number>();
  const columns: Uint8Array[] = [];
  for (let index = 0; index < problem.classes; index++) {
    const column = Uint8Array.from(masks, (mask) => problem.masks[mask]?.[index] ?? 0);
    const key = column.join("");
    let merged = keys.get(key);
    if (merged === undefined) {
      merged = columns.push(column) - 1;
      keys.set(key, merged);
    }
    mergedOf[index] = merged;
  }
  const classesOfMask = new Map(masks.map((mask) => [mask, { purchasable: [] as number[], existing: [] as number[] }]));
  const collect = (classOf: readonly number[], kind: "purchasable" | "existing"): number[][] => {
    const lists = new Map<number, number[]>();
    for (const [item, original] of classOf.entries()) {
      const merged = mergedOf[original] as number;
      const list = lists.get(merged);
      if (list === undefined) lists.set(merged, [item]);
      else list.push(item);
    }
    const usable = [...lists]
      .filter(([merged]) => (columns[merged] as Uint8Array).includes(1))
      .sort(([a], [b]) => a - b);
    for (const [index, [merged]] of usable.entries()) {
      const column = columns[merged] as Uint8Array;
      for (const [position, mask] of masks.entries()) {
        if (column[position] === 1) classesOfMask.get(mask)?.[kind].push(index);
      }
    }
    return usable.map(([, list]) => list);
  };
  const purchasable = collect(
    problem.offerings.map((offering) => offering.class),
    "purchasable",
  );
  const existing = collect(
    problem.existing.map((bin) => bin.class),
    "existing",
  );
  return { purchasable, existing, classesOfMask };
}

interface ClassRequests {
  readonly placed: readonly PodRequests[];
  readonly priced: readonly Float64Array[];
}

/** By purchasable class: what the shapes that may use it ask for, of the resources that count. */
function requestsByClass(
  { problem, resources }: Frame,
  { purchasable, classesOfMask }: MergedClasses,
): readonly ClassRequests[] {
  const result = purchasable.map(() => ({ placed: [] as PodRequests[], priced: [] as Float64Array[] }));
  for (const { mask, requests, pods } of problem.shapes) {
    const open = classesOfMask.get(mask)?.purchasable ?? [];
    if (open.length === 0) continue;
    const amounts = Float64Array.from(resources, (d) => requests[d] as number);
    for (const index of open) {
      if (pods > 0) result[index]?.placed.push({ amounts, pods });
      else result[index]?.priced.push(amounts);
    }
  }
  return result;
}

function offeringClass(frame: Frame, members: readonly number[], users: ClassRequests): OfferingClass {
  const { problem, resources, rules, width, units } = frame;
  const { kept, prices, usable } = usefulOfferings(frame, members, users);
  const capacities = new Float64Array(kept.length * width);
  for (const row of kept.keys()) {
    for (const position of resources.keys()) {
      const amount = usable[row * resources.length + position] as number;
      capacities[row * width + position] = amount / (units[position] as number);
    }
    for (const [position, rule] of rules.entries()) {
      capacities[row * width + resources.length + position] = problem.hostRules[rule]?.max ?? 0;
    }
  }
  const originals = Int32Array.from(kept, (index) => problem.offerings[index]?.class ?? 0);
  return { originals, offerings: Int32Array.from(kept), prices, capacities };
}

interface UsefulOfferings {
  /** Indices into the problem's offerings, in rising price. */
  readonly kept: readonly number[];
  readonly prices: Float64Array;
  /** Row × resource. */
  readonly usable: Float64Array;
}

/** Without those that others beat: first as they are, which leaves few, then in what the pods can use of them. */
function usefulOfferings(
  { problem, resources }: Frame,
  members: readonly number[],
  users: ClassRequests,
): UsefulOfferings {
  const width = resources.length;
  const capacity = new UsableCapacity(users, width);
  const priceOf = (index: number): number => problem.offerings[index]?.priceUsdPerHour ?? 0;
  const freeOf = (index: number): readonly number[] =>
    resources.map((d) => Math.max(0, problem.offerings[index]?.free[d] ?? 0));
  const whole = {
    prices: Float64Array.from(members, priceOf),
    capacities: Float64Array.from(members.flatMap(freeOf)),
    width,
  };
  const first = undominated(whole);
  const prices = Float64Array.from(first, (row) => whole.prices[row] as number);
  const capacities = new Float64Array(first.length * width);
  for (const [at, row] of first.entries()) {
    capacities.set(capacity.of(whole.capacities.subarray(row * width, (row + 1) * width)), at * width);
  }
  const second = undominated({ prices, capacities, width });
  return {
    kept: second.map((at) => members[first[at] as number] as number),
    prices: Float64Array.from(second, (at) => prices[at] as number),
    usable: Float64Array.from(second.flatMap((at) => [...capacities.subarray(at * width, (at + 1) * width)])),
  };
}

function shapeWeights({ problem, resources, rules, width, units }: Frame): Float64Array {
  const weights = new Float64Array(problem.shapes.length * width);
  const position = new Map(rules.map((rule, index) => [rule, resources.length + index]));
  for (const [index, shape] of problem.shapes.entries()) {
    const start = index * width;
    for (let d = 0; d < resources.length; d++) {
      weights[start + d] = (shape.requests[resources[d] as number] as number) / (units[d] as number);
    }
    if (shape.owns.length === 0) continue;
    for (const rule of ownCountedRules(shape)) {
      const at = position.get(rule);
      if (at !== undefined) weights[start + at] = 1;
    }
  }
  return weights;
}

interface GroupingInput extends MergedClasses {
  readonly classes: readonly OfferingClass[];
  readonly weights: Float64Array;
}

function groupShapes(frame: Frame, input: GroupingInput): { groups: ShapeGroup[]; groupOf: Int32Array } {
  const { problem, width } = frame;
  const groups: ShapeGroup[] = [];
  const groupOf = new Int32Array(problem.shapes.length);
  const byMask = new Map<number, Map<string, number>>();
  for (const [index, shape] of problem.shapes.entries()) {
    const allowed = input.classesOfMask.get(shape.mask) ?? { purchasable: [], existing: [] };
    const placeable = ownCountedRules(shape).every((rule) => (problem.hostRules[rule]?.max ?? 0) >= 1);
    let key = "";
    for (const candidate of placeable ? allowed.purchasable : []) {
      const fits = holdsOne(input.classes[candidate] as OfferingClass, input.weights, { width, shape: index });
      key += fits ? "1" : "0";
    }
    let known = byMask.get(shape.mask);
    if (known === undefined) {
      known = new Map();
      byMask.set(shape.mask, known);
    }
    let group = known.get(key);
    if (group === undefined) {
      const classes = allowed.purchasable.filter((_, position) => key[position] === "1");
      group = groups.push({ classes, existing: allowed.existing }) - 1;
      known.set(key, group);
    }
    groupOf[index] = group;
  }
  return { groups, groupOf };
}

/** The dearest, usually largest offering comes last and is tried first. */
export function holdsOne(
  { prices, capacities }: OfferingClass,
  weights: Float64Array,
  { width, shape }: { readonly width: number; readonly shape: number },
): boolean {
  const start = shape * width;
  for (let offering = prices.length - 1; offering >= 0; offering--) {
    let fits = true;
    for (let d = 0; d < width && fits; d++) {
      fits = (weights[start + d] as number) <= (capacities[offering * width + d] as number);
    }
    if (fits) return true;
  }
  return false;
}

interface PendingUse {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
  readonly total: Float64Array;
}

/** What the pods that may use an existing class ask for: least and most of one pod, and all together. */
function pendingUse(
  model: Pick<BoundModel, "width" | "weights" | "pods" | "groupOf" | "groups">,
  existing: number,
): PendingUse {
  const { width } = model;
  const use = {
    smallest: new Float64Array(width).fill(Number.POSITIVE_INFINITY),
    largest: new Float64Array(width),
    total: new Float64Array(width),
  };
  const users = model.groups.map((group) => group.existing.includes(existing));
  for (let shape = 0; shape < model.pods.length; shape++) {
    const pods = model.pods[shape] as number;
    if (pods === 0 || users[model.groupOf[shape] as number] !== true) continue;
    for (let d = 0; d < width; d++) {
      const weight = model.weights[shape * width + d] as number;
      if (weight < (use.smallest[d] as number)) use.smallest[d] = weight;
      if (weight > (use.largest[d] as number)) use.largest[d] = weight;
      use.total[d] = (use.total[d] as number) + pods * weight;
    }
  }
  return use;
}

function existingClass(frame: Frame, bins: readonly number[], use: PendingUse): ExistingClass {
  const room = new Float64Array(frame.width);
  for (const index of bins) {
    const bin = frame.problem.existing[index];
    if (bin === undefined) continue;
    const usable = usableRoom(binCapacity(frame, bin), use);
    for (let d = 0; d < frame.width; d++) room[d] = (room[d] as number) + (usable[d] as number);
  }
  for (let d = 0; d < frame.width; d++) room[d] = Math.min(room[d] as number, use.total[d] as number);
  return { bins: Int32Array.from(bins), room };
}

function binCapacity({ problem, resources, rules, units }: Frame, bin: ExistingBin): Float64Array {
  const amounts = resources.map((d, position) => Math.max(0, bin.free[d] as number) / (units[position] as number));
  const places = rules.map((rule) => {
    const counted = bin.hostCounts.find((entry) => entry.rule === rule)?.counted ?? 0;
    return Math.max(0, (problem.hostRules[rule]?.max ?? 0) - counted);
  });
  return Float64Array.from([...amounts, ...places]);
}

/** Free room that pending pods can fill: as many of the smallest as fit, each as large as the largest. */
function usableRoom(capacity: Float64Array, use: PendingUse): Float64Array {
  let pods = Number.POSITIVE_INFINITY;
  for (let d = 0; d < capacity.length; d++) {
    const smallest = use.smallest[d] as number;
    if (smallest > 0) pods = Math.min(pods, Math.floor((capacity[d] as number) / smallest + 1e-9));
  }
  return capacity.map((amount, d) => {
    const largest = Math.min(amount, use.largest[d] as number);
    return largest === 0 || pods === 0 ? 0 : Math.min(amount, largest * pods);
  });
}
