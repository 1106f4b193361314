import { BuiltNodes } from "./built-nodes.ts";
import type { Candidates } from "./candidates.ts";
import { HostCounters } from "./host-counters.ts";
import { NodeFill } from "./node-fill.ts";
import type { OfferingIndex } from "./offering-index.ts";
import type { PackingTables } from "./packing-tables.ts";
import { PodQueue, type ShapeWorth } from "./pod-queue.ts";
import type { Prng } from "./prng.ts";

interface BuilderParts {
  readonly tables: PackingTables;
  readonly index: OfferingIndex;
  readonly candidates: Candidates;
  readonly worth: ShapeWorth;
  readonly random: Prng;
}

interface RecreateOptions {
  /** Give up as soon as the nodes must cost more than this. */
  readonly costMaxUsdPerHour: number;
  /** Ways to fill each node that are compared. */
  readonly trials: number;
  /** Leave pods that are together worth less than this in the queue. */
  readonly keepBelowUsdPerHour?: number;
  /** Now and then prefer a fill that is not the best: what is best alone may leave the wrong pods to the other nodes. */
  readonly isNoisy?: boolean;
  /** Try offerings of this class only. */
  readonly offeringClass?: number;
  /** Of the nodes that could be filled alike, the share that is at once. Default: none but the one. */
  readonly alikeShare?: number;
}

interface Incumbents {
  readonly size: number;
  readonly offering: Int32Array;
}

/** A node so close to its value is not improved any more. */
const RATIO_GOOD = 1.001;
/** How often and by how much a noisy build misjudges fills. */
const NOISY_CHANCE = 0.25;
const RATIO_NOISE = 0.15;
/** Candidates are sorted by efficiency; the higher this exponent, the more often the best of them are tried. */
const CANDIDATE_SKEW = 2;
/** Chance that a trial starts from an offering that the placement uses already. */
const INCUMBENT_CHANCE = 0.5;
/** Chance that a trial starts from an offering for the largest pod instead of a random one. */
const LARGEST_FIRST_CHANCE = 0.5;
/** A fill that several nodes get is worth so many times the trials. */
const TRIALS_FOR_ALIKE = 4;
/** No node costs less than what its pods are worth, but for rounding. */
const ROUNDING = 1 - 1e-9;

/**
 * Builds nodes for the pods in its queue, one after the other, each the best of a few random fills by price per value
 * (packing.md §4.1). All scratch space is reused.
 */
export class NodeBuilder {
  readonly queue: PodQueue;
  /** What the last {@link recreate} built. */
  readonly built: BuiltNodes = new BuiltNodes();
  candidates: Candidates;
  /** Nodes of the placement so far; what serves there is tried more often. */
  incumbents: Incumbents | undefined;
  readonly #tables: PackingTables;
  readonly #index: OfferingIndex;
  readonly #hosts: HostCounters;
  readonly #random: Prng;
  readonly #bins: number[] = [];
  readonly #fill: NodeFill;
  readonly #best: NodeFill;
  readonly #amounts: Float64Array;
  #bestOffering = -1;
  #ratioNoise = 0;
  #bestRatio = Number.POSITIVE_INFINITY;

  constructor({ tables, index, candidates, worth, random }: BuilderParts) {
    this.#tables = tables;
    this.#index = index;
    this.#random = random;
    this.candidates = candidates;
    this.#hosts = new HostCounters(tables);
    this.queue = new PodQueue(tables, worth, random);
    this.#fill = new NodeFill(tables, this.#hosts, random);
    this.#best = new NodeFill(tables, this.#hosts, random);
    this.#amounts = new Float64Array(tables.dimensions);
  }

  /** An existing bin that the next call may fill. */
  addBin(bin: number): void {
    this.#bins.push(bin);
  }

  /** Empties the queue and forgets the nodes. */
  clear(): void {
    this.queue.clear();
    this.#bins.length = 0;
    this.built.clear();
  }

  /** Packs the queue into added bins and new nodes. False: it would cost too much or something fits nowhere. */
  recreate(options: RecreateOptions): boolean {
    const { queue, built } = this;
    built.clear();
    this.#ratioNoise = options.isNoisy === true && this.#random.next() < NOISY_CHANCE ? RATIO_NOISE : 0;
    this.#fill.reserve(queue.live);
    this.#best.reserve(queue.live);
    for (const bin of this.#bins) this.#fillBin(bin, options.trials);
    this.#bins.length = 0;
    const keepBelow = options.keepBelowUsdPerHour ?? 0;
    while (queue.live > 0 && queue.totalWorth >= keepBelow) {
      queue.arrange();
      if (built.costUsdPerHour + queue.totalWorth * ROUNDING > options.costMaxUsdPerHour) return false;
      if (!this.#buildNode(options)) return false;
    }
    return built.costUsdPerHour <= options.costMaxUsdPerHour;
  }

  /** Adds the best of several fills, or one node for everything. False if the largest pod fits nowhere. */
  #buildNode({ trials, offeringClass = -1, alikeShare = 0 }: RecreateOptions): boolean {
    this.#bestRatio = Number.POSITIVE_INFINITY;
    this.#tryEverything(offeringClass);
    this.#tryDrawn(trials, offeringClass);
    if (alikeShare > 0 && this.#alike(alikeShare) > 1) this.#tryDrawn(trials * TRIALS_FOR_ALIKE, offeringClass);
    if (this.#bestRatio === Number.POSITIVE_INFINITY) {
      const offering = this.#cheapestForLargest();
      if (offering >= 0) this.#tryOffering(offering, false);
      if (this.#bestRatio === Number.POSITIVE_INFINITY) return false;
    }
    for (let copy = this.#alike(alikeShare); copy > 0; copy -= 1) this.#commit(this.#bestOffering, -1);
    return true;
  }

  #tryDrawn(trials: number, offeringClass: number): void {
    for (let trial = 0; trial < trials && this.#bestRatio > RATIO_GOOD; trial += 1) {
      const offering = this.#drawOffering(offeringClass);
      const holdsSome = offering >= 0 && this.#tryOffering(offering, true);
      if (!holdsSome && offeringClass < 0) this.#tryForLargest();
    }
  }

  /** How many nodes are to be filled like the best fill: at least one. */
  #alike(share: number): number {
    const { count } = this.queue;
    const { rows, pods, size } = this.#best;
    if (share === 0 || size === 0 || this.#bestRatio === Number.POSITIVE_INFINITY) return 1;
    let most = Number.POSITIVE_INFINITY;
    for (let index = 0; index < size; index += 1)
      most = Math.min(most, Math.floor((count[rows[index] as number] as number) / (pods[index] as number)));
    return Math.max(1, Math.floor(share * most));
  }

  #commit(offering: number, bin: number): void {
    const price = bin >= 0 ? 0 : (this.#tables.price[offering] as number);
    this.built.add({ offering, bin, price }, this.#best, this.queue);
    this.queue.remove(this.#best.rows, this.#best.pods, this.#best.size);
  }

  /** An offering to start from, or −1. */
  #drawOffering(offeringClass: number): number {
    const { queue, incumbents } = this;
    const random = this.#random;
    if (offeringClass >= 0) return drawn(this.candidates.forClass(offeringClass), random);
    const row = random.next() < LARGEST_FIRST_CHANCE ? queue.first : random.below(queue.size);
    const mask = queue.mask[queue.count[row] === 0 ? queue.first : row] as number;
    if (incumbents !== undefined && incumbents.size > 0 && random.next() < INCUMBENT_CHANCE) {
      const offering = incumbents.offering[random.below(incumbents.size)] as number;
      const { maskAllows, classes, offeringClass: classOf } = this.#tables;
      if (offering >= 0 && maskAllows[mask * classes + (classOf[offering] as number)] === 1) return offering;
    }
    return drawn(this.candidates.forMask(mask), random);
  }

  /** What is best for most pods may be too small for those that are left. */
  #tryForLargest(): void {
    const { queue, candidates } = this;
    const offering = drawn(candidates.forShape(queue.shape[queue.first] as number), this.#random);
    if (offering >= 0) this.#tryOffering(offering, true);
  }

  #cheapestForLargest(): number {
    const { queue } = this;
    const amounts = this.#amounts;
    const base = queue.first * amounts.length;
    for (let index = 0; index < amounts.length; index += 1) amounts[index] = queue.request[base + index] as number;
    return this.#index.cheapest(queue.mask[queue.first] as number, amounts, 0, -1);
  }

  /** The rest of the queue in one node, if such a node exists. */
  #tryEverything(offeringClass: number): void {
    const { queue } = this;
    if (queue.totalWorth * ROUNDING > this.#index.priceMaxUsdPerHour) return;
    const { dimensions, masks } = this.#tables;
    const amounts = this.#amounts;
    amounts.fill(0);
    let mask = queue.mask[queue.first] as number;
    for (let row = queue.first; row < queue.size; row += 1) {
      const count = queue.count[row] as number;
      if (count === 0) continue;
      mask = masks.meet(mask, queue.mask[row] as number);
      for (let index = 0; index < dimensions; index += 1)
        amounts[index] = (amounts[index] as number) + count * (queue.request[row * dimensions + index] as number);
    }
    const offering = this.#index.cheapest(mask, amounts, queue.totalWorth, offeringClass);
    if (offering >= 0) this.#tryOffering(offering, false);
  }

  /** False if it holds nothing. */
  #tryOffering(offering: number, isPartial: boolean): boolean {
    const { dimensions, free, offeringClass, price } = this.#tables;
    const fill = this.#fill;
    const base = offering * dimensions;
    for (let index = 0; index < dimensions; index += 1) fill.room[index] = free[base + index] as number;
    const ownClass = offeringClass[offering] as number;
    fill.fill(this.queue, ownClass, isPartial);
    this.#hosts.reset();
    if (fill.size === 0) return false;
    const amounts = this.#amounts;
    for (let index = 0; index < dimensions; index += 1)
      amounts[index] = (free[base + index] as number) - (fill.room[index] as number);
    const cheaper = this.#index.cheapest(fill.mask, amounts, fill.worth, ownClass);
    const chosen = cheaper < 0 || (price[cheaper] as number) > (price[offering] as number) ? offering : cheaper;
    const ratio = ((price[chosen] as number) / fill.worth) * (1 + this.#ratioNoise * this.#random.next());
    if (ratio >= this.#bestRatio) return true;
    this.#bestRatio = ratio;
    this.#bestOffering = chosen;
    this.#best.copyFrom(fill);
    return true;
  }

  /** The most value that an existing bin can take; it costs nothing. */
  #fillBin(bin: number, trials: number): void {
    const { dimensions, binFree, binClass } = this.#tables;
    const { queue } = this;
    const fill = this.#fill;
    this.#best.size = 0;
    this.#best.worth = 0;
    this.#best.mask = -1;
    let best = 0;
    if (queue.live > 0) queue.arrange();
    for (let trial = 0; trial < trials && queue.live > 0; trial += 1) {
      for (let index = 0; index < dimensions; index += 1)
        fill.room[index] = binFree[bin * dimensions + index] as number;
      this.#hosts.load(bin);
      fill.fill(queue, binClass[bin] as number, trial > 0);
      this.#hosts.reset();
      const score = fill.worth * (1 - this.#ratioNoise * this.#random.next());
      if (score <= best) continue;
      best = score;
      this.#best.copyFrom(fill);
    }
    this.#commit(-1, bin);
  }
}

function drawn(offerings: Int32Array, random: Prng): number {
  return offerings.length === 0
    ? -1
    : (offerings[Math.floor(offerings.length * random.next() ** CANDIDATE_SKEW)] as number);
}
