import type { HostCounters } from "./host-counters.ts";
import type { PackingTables } from "./packing-tables.ts";
import type { PodQueue } from "./pod-queue.ts";
import type { Prng } from "./prng.ts";

/** Chance that a fill takes only part of what it could of a shape. */
const PARTIAL_CHANCE = 0.35;
/** Chance that a fill leaves the only pod of a shape for the second round. */
const SKIP_CHANCE = 0.25;

/** One way to fill one node from the queue, in the order of its rows. */
export class NodeFill {
  /** Rows taken from. */
  size = 0;
  rows: Int32Array = new Int32Array(64);
  /** By entry of {@link rows}. */
  pods: Int32Array = new Int32Array(64);
  worth = 0;
  /** What all pods taken allow. */
  mask = -1;
  /** What is left of each resource; set it before {@link fill}. */
  readonly room: Float64Array;
  readonly #tables: PackingTables;
  readonly #hosts: HostCounters;
  readonly #random: Prng;
  #taken = new Int32Array(64);
  /** Rows of which the first round took less than it could. */
  #postponed = new Int32Array(64);
  #postponedSize = 0;

  constructor(tables: PackingTables, hosts: HostCounters, random: Prng) {
    this.#tables = tables;
    this.#hosts = hosts;
    this.#random = random;
    this.room = new Float64Array(tables.dimensions);
  }

  reserve(rows: number): void {
    if (rows <= this.rows.length) return;
    this.rows = new Int32Array(rows * 2);
    this.pods = new Int32Array(rows * 2);
    this.#taken = new Int32Array(rows * 2);
    this.#postponed = new Int32Array(rows * 2);
  }

  copyFrom(other: NodeFill): void {
    this.size = other.size;
    this.worth = other.worth;
    this.mask = other.mask;
    for (let index = 0; index < other.size; index += 1) {
      this.rows[index] = other.rows[index] as number;
      this.pods[index] = other.pods[index] as number;
    }
  }

  /** Takes all it can, or now and then only part of it and the rest in a second round. */
  fill(queue: PodQueue, offeringClass: number, isPartial: boolean): void {
    this.#taken.fill(0, 0, queue.size);
    this.size = 0;
    this.worth = 0;
    this.#postponedSize = 0;
    this.#round(queue, offeringClass, isPartial);
    for (let index = 0; index < this.#postponedSize; index += 1)
      this.#takeMore(queue, this.#postponed[index] as number);
    const { masks } = this.#tables;
    let mask = -1;
    for (let index = 0; index < this.size; index += 1) {
      const row = this.rows[index] as number;
      this.pods[index] = this.#taken[row] as number;
      const other = queue.mask[row] as number;
      mask = mask < 0 ? other : masks.meet(mask, other);
    }
    this.mask = mask;
  }

  #round(queue: PodQueue, offeringClass: number, isPartial: boolean): void {
    const { dimensions, maskAllows, classes } = this.#tables;
    const { room } = this;
    const { request, count, mask, hasRules, least0, least1, shape, size } = queue;
    let room0 = room[0] as number;
    let room1 = room[1] as number;
    for (let row = queue.first; row < size; row += 1) {
      if ((least0[row] as number) > room0 || (least1[row] as number) > room1) break;
      const base = row * dimensions;
      const request0 = request[base] as number;
      const request1 = request[base + 1] as number;
      if (request0 > room0 || request1 > room1) continue;
      let pods = count[row] as number;
      if (pods === 0 || maskAllows[(mask[row] as number) * classes + offeringClass] !== 1) continue;
      if (pods > 1) {
        if (request0 * pods > room0) pods = Math.floor(room0 / request0);
        if (request1 * pods > room1) pods = Math.floor(room1 / request1);
      }
      for (let index = 2; index < dimensions; index += 1) {
        const asked = request[base + index] as number;
        if (asked * pods > (room[index] as number)) pods = Math.floor((room[index] as number) / asked);
      }
      if (pods > 0 && hasRules[row] === 1) pods = this.#hosts.admitted(shape[row] as number, pods);
      if (pods <= 0) continue;
      if (isPartial) {
        pods = this.#someOf(row, pods);
        if (pods === 0) continue;
      }
      this.#take(queue, row, pods);
      room0 -= request0 * pods;
      room1 -= request1 * pods;
      room[0] = room0;
      room[1] = room1;
      for (let index = 2; index < dimensions; index += 1)
        room[index] = (room[index] as number) - (request[base + index] as number) * pods;
    }
  }

  /** Now and then fewer pods than possible; the rest waits for the second round. */
  #someOf(row: number, pods: number): number {
    const chance = this.#random.next();
    if (chance >= (pods > 1 ? PARTIAL_CHANCE : SKIP_CHANCE)) return pods;
    this.#postponed[this.#postponedSize] = row;
    this.#postponedSize += 1;
    return pods > 1 ? 1 + this.#random.below(pods) : 0;
  }

  #take(queue: PodQueue, row: number, pods: number): void {
    if (queue.hasRules[row] === 1) this.#hosts.add(queue.shape[row] as number, pods);
    const already = this.#taken[row] as number;
    if (already === 0) {
      this.rows[this.size] = row;
      this.size += 1;
    }
    this.#taken[row] = already + pods;
    this.worth += pods * (queue.worth[row] as number);
  }

  /** What still fits of a row whose class is known to be right. */
  #takeMore(queue: PodQueue, row: number): void {
    const { dimensions } = this.#tables;
    const { room } = this;
    const base = row * dimensions;
    let pods = (queue.count[row] as number) - (this.#taken[row] as number);
    for (let index = 0; index < dimensions; index += 1) {
      const asked = queue.request[base + index] as number;
      if (asked * pods > (room[index] as number)) pods = Math.floor((room[index] as number) / asked);
    }
    if (pods > 0 && queue.hasRules[row] === 1) pods = this.#hosts.admitted(queue.shape[row] as number, pods);
    if (pods <= 0) return;
    this.#take(queue, row, pods);
    for (let index = 0; index < dimensions; index += 1)
      room[index] = (room[index] as number) - (queue.request[base + index] as number) * pods;
  }
}
