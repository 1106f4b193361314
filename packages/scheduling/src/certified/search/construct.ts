import type { ShapeCount } from "../problem.ts";
import { coverShape, separateShapes } from "./cover-shape.ts";
import { NodeStore } from "./node-store.ts";
import type { Prng } from "./prng.ts";
import type { SearchContext } from "./search-context.ts";

interface ConstructOptions {
  /** Ways to fill each node that are compared. */
  readonly trials: number;
  /** True when time is short: every further node takes what comes. */
  readonly isLate?: () => boolean;
  /** How many pods of each shape are best bought room for in each class; what is not named goes anywhere. */
  readonly flows?: readonly ShapeFlow[];
}

export interface ShapeFlow {
  readonly shape: number;
  readonly class: number;
  /** Not always whole. */
  readonly pods: number;
}

export interface Construction {
  readonly store: NodeStore;
  readonly unplaced: readonly ShapeCount[];
}

/** With fewer shapes all pods are looked at together: rows are shapes, not pods. */
const SHAPES_AT_ONCE_MAX = 120;
/**
 * Pods that are looked at together when there are many shapes: enough for about a dozen nodes. From fewer, nodes cannot choose; from more,
 * the first nodes take what goes well together and leave the rest for poor ones.
 */
const CHUNK_NODES = 12;
const CHUNK_PODS_MIN = 60;
const CHUNK_PODS_MAX = 400;
/** The share of a chunk's worth that waits for the next chunk, so that its last nodes are not poor. */
const CARRIED_SHARE = 0.25;

/**
 * Places all pods: existing bins first, then new nodes. Shapes that never share a node are covered exactly; others get nodes class by class,
 * the rest anywhere, by price per value (packing.md §4).
 */
export function construct(context: SearchContext, options: ConstructOptions): Construction {
  const { tables, builder } = context;
  const store = new NodeStore();
  const remaining = Int32Array.from(tables.pods);
  builder.clear();
  const unplaced = fillBins(context, options, { store, remaining });
  const separate = separateShapes(context, remaining);
  if (separate !== undefined) {
    const podUsdPerHour = builder.queue.prices.worth;
    for (const demand of separate) coverShape(context, demand, { store, podUsdPerHour });
    return { store, unplaced };
  }
  for (const [offeringClass, pods] of assigned(context, options.flows ?? [], remaining))
    buildFrom(context, options, { store, pods, offeringClass });
  buildFrom(context, options, { store, pods: remaining });
  return { store, unplaced };
}

interface Progress {
  readonly store: NodeStore;
  /** By shape: pods not yet in the queue or on a node. */
  readonly remaining: Int32Array;
}

/** Returns the pods that only bins could have held. */
function fillBins(context: SearchContext, options: ConstructOptions, { store, remaining }: Progress): ShapeCount[] {
  const { tables, builder, purchasable } = context;
  for (let shape = 0; shape < tables.shapes; shape += 1)
    if (purchasable[shape] === 0) enqueue(context, remaining, shape, remaining[shape] as number);
  const stream = podStream(context, remaining);
  for (let bin = 0; bin < tables.problem.existing.length; bin += 1) {
    stream.topUp(store);
    builder.addBin(bin);
    builder.recreate({ ...FOREVER, trials: trialsNow(options), keepBelowUsdPerHour: Number.POSITIVE_INFINITY });
    store.addAll(builder.built);
  }
  const unplaced: ShapeCount[] = [];
  for (const { shape, pods } of builder.queue.left())
    if (purchasable[shape] === 1) remaining[shape] = (remaining[shape] as number) + pods;
    else unplaced.push({ shape, pods });
  builder.queue.clear();
  return unplaced;
}

function enqueue({ builder }: SearchContext, remaining: Int32Array, shape: number, pods: number): void {
  if (pods <= 0) return;
  builder.queue.add(shape, pods);
  remaining[shape] = (remaining[shape] as number) - pods;
}

interface BuildFrom {
  readonly store: NodeStore;
  /** By shape; emptied. */
  readonly pods: Int32Array;
  /** Build nodes of this class only, and leave what makes no good node in the queue. Default: everything anywhere. */
  readonly offeringClass?: number;
}

function buildFrom(context: SearchContext, options: ConstructOptions, { store, pods, offeringClass }: BuildFrom): void {
  const { builder } = context;
  const { queue } = builder;
  const stream = podStream(context, pods);
  while (!stream.isEmpty() || (offeringClass === undefined && queue.live > 0)) {
    stream.topUp(store);
    const isLast = stream.isEmpty() && offeringClass === undefined;
    const keepBelowUsdPerHour = isLast ? 0 : queue.totalWorth * CARRIED_SHARE;
    const restriction = offeringClass === undefined ? {} : { offeringClass };
    builder.recreate({ ...MANY_ALIKE, ...restriction, trials: trialsNow(options), keepBelowUsdPerHour });
    store.addAll(builder.built);
  }
}

/** Whole pods by class out of the flows; takes them out of `remaining`. */
function assigned(
  { tables, purchasable }: SearchContext,
  flows: readonly ShapeFlow[],
  remaining: Int32Array,
): Map<number, Int32Array> {
  const byClass = new Map<number, Int32Array>();
  for (const flow of flows) {
    const pods = Math.min(Math.round(flow.pods), remaining[flow.shape] ?? 0);
    if (pods <= 0 || purchasable[flow.shape] !== 1) continue;
    let ofClass = byClass.get(flow.class);
    if (ofClass === undefined) {
      ofClass = new Int32Array(tables.shapes);
      byClass.set(flow.class, ofClass);
    }
    ofClass[flow.shape] = (ofClass[flow.shape] as number) + pods;
    remaining[flow.shape] = (remaining[flow.shape] as number) - pods;
  }
  return byClass;
}

const trialsNow = ({ trials, isLate }: ConstructOptions): number => (isLate?.() === true ? LATE_TRIALS : trials);

/**
 * Where pods are many and shapes few the same node is best again and again: half of those that could be filled like it are, which takes a fraction of
 * the time and leaves enough to combine otherwise.
 */
const ALIKE_SHARE = 0.5;
/** Ways to fill a node once time is short. */
const LATE_TRIALS = 3;
const FOREVER = { costMaxUsdPerHour: Number.POSITIVE_INFINITY };
const MANY_ALIKE = { ...FOREVER, alikeShare: ALIKE_SHARE };

interface PodStream {
  /** Fills the queue up to one chunk; the more pods the nodes so far hold each, the larger. */
  topUp(store: NodeStore): void;
  isEmpty(): boolean;
}

/** Moves pods into the queue, in a random order when there are many shapes. */
function podStream(context: SearchContext, pods: Int32Array): PodStream {
  const { queue } = context.builder;
  const shapes: number[] = [];
  let total = 0;
  for (let shape = 0; shape < pods.length; shape += 1)
    if ((pods[shape] as number) > 0 && context.purchasable[shape] === 1) {
      shapes.push(shape);
      total += pods[shape] as number;
    }
  if (shapes.length <= SHAPES_AT_ONCE_MAX) {
    return {
      topUp() {
        for (const shape of shapes) enqueue(context, pods, shape, pods[shape] as number);
        shapes.length = 0;
      },
      isEmpty: () => shapes.length === 0,
    };
  }
  const order = shuffledPods(pods, { shapes, total }, context.random);
  let next = 0;
  return {
    topUp(store) {
      const end = Math.min(total, next + Math.max(1, chunkPods(store) - queue.live));
      for (; next < end; next += 1) enqueue(context, pods, order[next] as number, 1);
    },
    isEmpty: () => next === total,
  };
}

function chunkPods(store: NodeStore): number {
  const wanted = store.size === 0 ? CHUNK_PODS_MIN : (CHUNK_NODES * store.pods) / store.size;
  return Math.ceil(Math.min(CHUNK_PODS_MAX, Math.max(CHUNK_PODS_MIN, wanted)));
}

function shuffledPods(
  pods: Int32Array,
  { shapes, total }: { readonly shapes: readonly number[]; readonly total: number },
  random: Prng,
): Int32Array {
  const order = new Int32Array(total);
  let end = 0;
  for (const shape of shapes) {
    order.fill(shape, end, end + (pods[shape] as number));
    end += pods[shape] as number;
  }
  for (let index = total - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    const moved = order[index] as number;
    order[index] = order[other] as number;
    order[other] = moved;
  }
  return order;
}
