import type { NodeStore } from "./node-store.ts";
import { resourcePrices } from "./resource-prices.ts";
import type { SearchContext } from "./search-context.ts";

const RUINED_MAX = 5;
/** Chance that of several nodes drawn the most wasteful one is ruined, not just any. */
const WASTEFUL_CHANCE = 0.9;
/** Nodes drawn to find a wasteful one: most of what can be gained is in few nodes. */
const DRAWS = 10;
/** Chance that nodes are ruined together that share no class. */
const UNRELATED_CHANCE = 0.05;
const RELATED_DRAWS = 6;
/** Costs closer than this count as equal; equal ones are accepted, so that the search drifts. */
const COST_NOISE_USD = 1e-9;
const DEFAULT_TRIALS = 12;

/** Tears down a few nodes and rebuilds them, keeping what is not dearer (packing.md §4.2). */
export class RuinAndRecreate {
  tries = 0;
  accepted = 0;
  trials: number = DEFAULT_TRIALS;
  readonly #context: SearchContext;
  readonly #store: NodeStore;
  readonly #slots = new Int32Array(16);
  #slotCount = 0;
  /** By existing bin: what its room is worth. */
  readonly #binWorth: Float64Array;

  constructor(context: SearchContext, store: NodeStore) {
    this.#context = context;
    this.#store = store;
    this.#binWorth = binWorth(context);
  }

  /** One try. True if the placement became cheaper. */
  step(): boolean {
    this.tries += 1;
    const store = this.#store;
    const { builder } = this.#context;
    if (store.size === 0) return false;
    this.#choose();
    builder.clear();
    let cost = 0;
    for (let index = 0; index < this.#slotCount; index += 1) {
      const slot = this.#slots[index] as number;
      cost += store.price[slot] as number;
      if ((store.bin[slot] as number) >= 0) builder.addBin(store.bin[slot] as number);
      const content = store.content[slot] as Int32Array;
      for (let entry = 0; entry < (store.length[slot] as number); entry += 2)
        builder.queue.add(content[entry] as number, content[entry + 1] as number);
    }
    if (!builder.recreate({ costMaxUsdPerHour: cost + COST_NOISE_USD, trials: this.trials, isNoisy: true }))
      return false;
    const isCheaper = builder.built.costUsdPerHour < cost - COST_NOISE_USD;
    this.accepted += 1;
    store.replace(this.#slots, this.#slotCount, builder.built);
    return isCheaper;
  }

  #choose(): void {
    const { random } = this.#context;
    const store = this.#store;
    const wanted = Math.min(store.size, 1 + random.below(RUINED_MAX));
    this.#slots[0] = this.#drawWasteful();
    this.#slotCount = 1;
    while (this.#slotCount < wanted) {
      let slot = this.#drawWasteful();
      for (let draw = 0; draw < RELATED_DRAWS && !this.#isRelated(slot); draw += 1) slot = this.#drawWasteful();
      if (this.#isChosen(slot)) return;
      this.#slots[this.#slotCount] = slot;
      this.#slotCount += 1;
    }
  }

  #isChosen(slot: number): boolean {
    for (let index = 0; index < this.#slotCount; index += 1) if (this.#slots[index] === slot) return true;
    return false;
  }

  /** True if pods of the first ruined node could stand on a node with pods of this one. */
  #isRelated(slot: number): boolean {
    const { masks } = this.#context.tables;
    const first = this.#store.mask[this.#slots[0] as number] as number;
    const other = this.#store.mask[slot] as number;
    if (first < 0 || other < 0 || this.#context.random.next() < UNRELATED_CHANCE) return true;
    return !masks.isEmpty(masks.meet(first, other));
  }

  #drawWasteful(): number {
    const { random } = this.#context;
    let chosen = random.below(this.#store.size);
    if (random.next() >= WASTEFUL_CHANCE) return chosen;
    for (let draw = 1; draw < DRAWS; draw += 1) {
      const other = random.below(this.#store.size);
      if (this.#waste(other) > this.#waste(chosen)) chosen = other;
    }
    return chosen;
  }

  #waste(slot: number): number {
    const store = this.#store;
    const bin = store.bin[slot] as number;
    const price = bin >= 0 ? (this.#binWorth[bin] as number) : (store.price[slot] as number);
    return price - (store.worth[slot] as number);
  }
}

/** By existing bin: what its room is worth if each resource has the price that explains the pods' prices best. */
function binWorth(context: SearchContext): Float64Array {
  const { binFree, binClass, dimensions } = context.tables;
  if (binClass.length === 0) return new Float64Array(0);
  const unitPrices = resourcePrices(context, context.builder.queue.prices.worth);
  return Float64Array.from(binClass, (_, bin) => {
    let worth = 0;
    for (let index = 0; index < dimensions; index += 1)
      worth += (unitPrices[index] as number) * (binFree[bin * dimensions + index] as number);
    return worth;
  });
}
