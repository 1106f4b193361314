import type { ShapeCount } from "../problem.ts";
import { NodeStore } from "./node-store.ts";
import type { SearchContext } from "./search-context.ts";

export interface ConstructOptions {
  /** Ways to fill each node that are compared. */
  readonly trials: number;
  /** Pods that are looked at together when there are many shapes. */
  readonly chunkPods: number;
}

export interface Construction {
  readonly store: NodeStore;
  readonly unplaced: readonly ShapeCount[];
}

/** With fewer shapes all pods are looked at together: rows are shapes, not pods. */
const SHAPES_AT_ONCE_MAX = 120;
/** The share of a chunk's worth that waits for the next chunk, so that its last nodes are not poor. */
const CARRIED_SHARE = 0.25;

/** Places all pods: existing bins first, then new nodes by price per value (packing.md §4.1). */
export function construct(context: SearchContext, options: ConstructOptions): Construction {
  const { tables, builder } = context;
  const store = new NodeStore();
  const stream = podStream(context, options.chunkPods);
  builder.clear();
  stream.addBinOnly();
  for (let bin = 0; bin < tables.problem.existing.length; bin += 1) {
    stream.topUp();
    builder.addBin(bin);
    builder.recreate({ ...FOREVER, trials: options.trials, keepBelowUsdPerHour: Number.POSITIVE_INFINITY });
    store.addAll(builder.built);
  }
  const unplaced = takeUnplaceable(context);
  while (builder.queue.size > 0 || !stream.isEmpty()) {
    stream.topUp();
    const keepBelowUsdPerHour = stream.isEmpty() ? 0 : builder.queue.totalWorth * CARRIED_SHARE;
    builder.recreate({ ...FOREVER, trials: options.trials, keepBelowUsdPerHour });
    store.addAll(builder.built);
  }
  return { store, unplaced };
}

const FOREVER = { costMaxUsdPerHour: Number.POSITIVE_INFINITY };

function takeUnplaceable({ builder, purchasable }: SearchContext): ShapeCount[] {
  const { queue } = builder;
  const unplaced: ShapeCount[] = [];
  const kept: ShapeCount[] = [];
  for (let item = 0; item < queue.size; item += 1) {
    const entry = queue.item(item);
    (purchasable[entry.shape] === 1 ? kept : unplaced).push(entry);
  }
  queue.clear();
  for (const { shape, pods } of kept) queue.add(shape, pods);
  return unplaced.sort((first, second) => first.shape - second.shape);
}

interface PodStream {
  /** Fills the queue up to one chunk. */
  topUp(): void;
  addBinOnly(): void;
  isEmpty(): boolean;
}

/** All pods, in a random order when there are many shapes. */
function podStream({ tables, builder, purchasable, random }: SearchContext, chunkPods: number): PodStream {
  const { shapes, pods } = tables;
  const isWhole = shapes <= SHAPES_AT_ONCE_MAX;
  const order = isWhole ? new Int32Array(0) : shuffledPods(pods, purchasable, random);
  let next = 0;
  let isWaiting = isWhole;
  const { queue } = builder;
  return {
    addBinOnly() {
      for (let shape = 0; shape < shapes; shape += 1)
        if (purchasable[shape] === 0 && (pods[shape] as number) > 0) queue.add(shape, pods[shape] as number);
    },
    topUp() {
      if (isWaiting)
        for (let shape = 0; shape < shapes; shape += 1)
          if (purchasable[shape] === 1 && (pods[shape] as number) > 0) queue.add(shape, pods[shape] as number);
      isWaiting = false;
      const end = Math.min(order.length, next + Math.max(0, chunkPods - queue.size));
      for (; next < end; next += 1) queue.add(order[next] as number, 1);
    },
    isEmpty: () => !isWaiting && next === order.length,
  };
}

function shuffledPods(pods: Int32Array, purchasable: Uint8Array, random: { below(bound: number): number }): Int32Array {
  let total = 0;
  for (let shape = 0; shape < pods.length; shape += 1) if (purchasable[shape] === 1) total += pods[shape] as number;
  const order = new Int32Array(total);
  let end = 0;
  for (let shape = 0; shape < pods.length; shape += 1)
    if (purchasable[shape] === 1) {
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
