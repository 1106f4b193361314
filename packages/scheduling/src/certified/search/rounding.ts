import type { ShapeCount } from "../problem.ts";
import { NodeStore } from "./node-store.ts";
import type { SearchContext } from "./search-context.ts";

/** A feasible node and how often a linear program would buy it. */
interface FractionalNode {
  readonly offering: number;
  readonly content: readonly ShapeCount[];
  readonly amount: number;
}

interface RoundingOptions {
  /** What stands already; its existing bins keep their content. */
  readonly incumbent: NodeStore;
  readonly repetitions: number;
  readonly trials: number;
  readonly isLate: () => boolean;
}

/**
 * Whole nodes out of fractional ones (packing.md §5): the whole part of every amount, then a random choice among the fractions, the pods
 * left over rebuilt; the cheapest of several repetitions. Undefined if none is cheaper than the incumbent.
 */
export function roundColumns(
  context: SearchContext,
  columns: readonly FractionalNode[],
  options: RoundingOptions,
): NodeStore | undefined {
  const { tables, builder, random } = context;
  const { incumbent } = options;
  const remaining = purchasedPods(context, incumbent);
  const whole: number[] = [];
  for (const [index, { content, amount }] of columns.entries())
    for (let copy = 0; copy < Math.floor(amount + WHOLE_TOLERANCE) && take(remaining, content); copy += 1)
      whole.push(index);
  const wholeCost = whole.reduce((sum, index) => sum + priceOf(context, columns[index]), 0);
  const rest = new Int32Array(tables.shapes);
  const picked: number[] = [];
  let best: NodeStore | undefined;
  let bestCost = incumbent.costUsdPerHour;
  for (let repetition = 0; repetition < options.repetitions && !options.isLate(); repetition += 1) {
    rest.set(remaining);
    picked.length = 0;
    let cost = wholeCost;
    for (const index of shuffled(columns.length, random)) {
      const column = columns[index] as FractionalNode;
      const fraction = column.amount - Math.floor(column.amount + WHOLE_TOLERANCE);
      if (random.next() >= fraction || !take(rest, column.content)) continue;
      picked.push(index);
      cost += priceOf(context, column);
    }
    builder.clear();
    for (let shape = 0; shape < rest.length; shape += 1)
      if ((rest[shape] as number) > 0) builder.queue.add(shape, rest[shape] as number);
    if (!builder.recreate({ costMaxUsdPerHour: bestCost - cost - COST_NOISE_USD, trials: options.trials })) continue;
    bestCost = cost + builder.built.costUsdPerHour;
    best = assembled(
      context,
      incumbent,
      [...whole, ...picked].map((index) => columns[index] as FractionalNode),
    );
  }
  return best;
}

const WHOLE_TOLERANCE = 1e-6;
const COST_NOISE_USD = 1e-9;

const priceOf = ({ tables }: SearchContext, node: FractionalNode | undefined): number =>
  tables.price[node?.offering ?? 0] as number;

/** By shape: pods that stand on new nodes. */
function purchasedPods({ tables }: SearchContext, incumbent: NodeStore): Int32Array {
  const pods = new Int32Array(tables.shapes);
  for (let node = 0; node < incumbent.size; node += 1) {
    if ((incumbent.bin[node] as number) >= 0) continue;
    const content = incumbent.content[node] as Int32Array;
    for (let entry = 0; entry < (incumbent.length[node] as number); entry += 2) {
      const shape = content[entry] as number;
      pods[shape] = (pods[shape] as number) + (content[entry + 1] as number);
    }
  }
  return pods;
}

/** Takes the content out of the pods if it is there; nodes that would cover pods twice are not worth their price. */
function take(pods: Int32Array, content: readonly ShapeCount[]): boolean {
  for (const { shape, pods: count } of content) if ((pods[shape] as number) < count) return false;
  for (const { shape, pods: count } of content) pods[shape] = (pods[shape] as number) - count;
  return true;
}

/** The incumbent's bins, the nodes chosen, and what the builder has just built. */
function assembled(
  { builder, tables }: SearchContext,
  incumbent: NodeStore,
  nodes: readonly FractionalNode[],
): NodeStore {
  const store = new NodeStore();
  store.addBinsOf(incumbent);
  for (const node of nodes) store.addNode(tables, node, builder.queue.prices.worth);
  store.addAll(builder.built);
  return store;
}

function shuffled(length: number, random: { below(bound: number): number }): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    const moved = order[index] as number;
    order[index] = order[other] as number;
    order[other] = moved;
  }
  return order;
}
