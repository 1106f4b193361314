import type { Packing, ShapeCount } from "../problem.ts";
import type { BuiltNodes } from "./built-nodes.ts";
import type { PackingTables } from "./packing-tables.ts";

/** The nodes of the placement that is being improved: new ones and existing bins. Slots are kept dense. */
export class NodeStore {
  size = 0;
  costUsdPerHour = 0;
  /** Pods added by {@link addAll}. */
  pods = 0;
  offering: Int32Array = new Int32Array(64);
  bin: Int32Array = new Int32Array(64);
  mask: Int32Array = new Int32Array(64);
  price: Float64Array = new Float64Array(64);
  worth: Float64Array = new Float64Array(64);
  /** By node: pairs of shape and count; only the first {@link length} numbers count. */
  content: Int32Array[] = [];
  length: Int32Array = new Int32Array(64);

  /** Adds all nodes built. */
  addAll(built: BuiltNodes): void {
    for (let node = 0; node < built.size; node += 1) this.#put(this.#newSlot(), built, node);
    this.costUsdPerHour += built.costUsdPerHour;
    for (let entry = 1; entry < (built.start[built.size] as number); entry += 2)
      this.pods += built.content[entry] as number;
  }

  /** Puts what was built in the place of the given slots. */
  replace(slots: Int32Array, slotCount: number, built: BuiltNodes): void {
    for (let index = 0; index < slotCount; index += 1)
      this.costUsdPerHour -= this.price[slots[index] as number] as number;
    this.costUsdPerHour += built.costUsdPerHour;
    const shared = Math.min(slotCount, built.size);
    for (let index = 0; index < shared; index += 1) this.#put(slots[index] as number, built, index);
    for (let index = shared; index < built.size; index += 1) this.#put(this.#newSlot(), built, index);
    slots.subarray(shared, slotCount).sort();
    for (let index = slotCount - 1; index >= shared; index -= 1) this.#drop(slots[index] as number);
  }

  /** Values again, after prices have changed. */
  reprice(podUsdPerHour: Float64Array): void {
    for (let node = 0; node < this.size; node += 1) {
      const content = this.content[node] as Int32Array;
      let worth = 0;
      for (let index = 0; index < (this.length[node] as number); index += 2)
        worth += (content[index + 1] as number) * (podUsdPerHour[content[index] as number] as number);
      this.worth[node] = worth;
    }
  }

  copyFrom(other: NodeStore): void {
    this.size = 0;
    for (let node = 0; node < other.size; node += 1) this.#copy(other, node);
    this.costUsdPerHour = other.costUsdPerHour;
  }

  /** The existing bins of another placement, with their content. */
  addBinsOf(other: NodeStore): void {
    for (let node = 0; node < other.size; node += 1) if ((other.bin[node] as number) >= 0) this.#copy(other, node);
  }

  addNode(
    tables: PackingTables,
    { offering, content }: { readonly offering: number; readonly content: readonly ShapeCount[] },
    podUsdPerHour: Float64Array,
  ): void {
    const slot = this.#newSlot();
    this.#reserve(slot, content.length * 2);
    const pairs = this.content[slot] as Int32Array;
    let mask = -1;
    let worth = 0;
    for (const [index, { shape, pods }] of content.entries()) {
      const own = tables.mask[shape] as number;
      mask = mask < 0 ? own : tables.masks.meet(mask, own);
      worth += pods * (podUsdPerHour[shape] as number);
      pairs[index * 2] = shape;
      pairs[index * 2 + 1] = pods;
    }
    this.offering[slot] = offering;
    this.bin[slot] = -1;
    this.mask[slot] = mask;
    this.price[slot] = tables.price[offering] as number;
    this.worth[slot] = worth;
    this.length[slot] = content.length * 2;
    this.costUsdPerHour += this.price[slot] as number;
  }

  #copy(other: NodeStore, node: number): void {
    const slot = this.#newSlot();
    const length = other.length[node] as number;
    this.#reserve(slot, length);
    this.offering[slot] = other.offering[node] as number;
    this.bin[slot] = other.bin[node] as number;
    this.mask[slot] = other.mask[node] as number;
    this.price[slot] = other.price[node] as number;
    this.worth[slot] = other.worth[node] as number;
    this.length[slot] = length;
    const from = other.content[node] as Int32Array;
    const to = this.content[slot] as Int32Array;
    for (let index = 0; index < length; index += 1) to[index] = from[index] as number;
  }

  toPacking({ problem, price }: PackingTables, unplaced: readonly ShapeCount[]): Packing {
    const nodes: { offering: number; content: ShapeCount[] }[] = [];
    const existing: ShapeCount[][] = problem.existing.map(() => []);
    for (let node = 0; node < this.size; node += 1) {
      const content = this.#contentOf(node);
      const bin = this.bin[node] as number;
      if (bin >= 0) existing[bin] = content;
      else if (content.length > 0) nodes.push({ offering: this.offering[node] as number, content });
    }
    let costUsdPerHour = 0;
    for (const { offering } of nodes) costUsdPerHour += price[offering] as number;
    return { nodes, existing, unplaced, costUsdPerHour };
  }

  #contentOf(node: number): ShapeCount[] {
    const pairs = this.content[node] as Int32Array;
    const content: ShapeCount[] = [];
    for (let index = 0; index < (this.length[node] as number); index += 2)
      content.push({ shape: pairs[index] as number, pods: pairs[index + 1] as number });
    return content.sort((first, second) => first.shape - second.shape);
  }

  #put(slot: number, built: BuiltNodes, node: number): void {
    const start = built.start[node] as number;
    const length = (built.start[node + 1] as number) - start;
    this.#reserve(slot, length);
    this.offering[slot] = built.offering[node] as number;
    this.bin[slot] = built.bin[node] as number;
    this.mask[slot] = built.mask[node] as number;
    this.price[slot] = built.price[node] as number;
    this.worth[slot] = built.worth[node] as number;
    this.length[slot] = length;
    const content = this.content[slot] as Int32Array;
    for (let index = 0; index < length; index += 1) content[index] = built.content[start + index] as number;
  }

  /** Content arrays keep their room when nodes come and go. */
  #reserve(slot: number, length: number): void {
    const content = this.content[slot];
    if (content === undefined || content.length < length)
      this.content[slot] = new Int32Array(Math.max(16, length + (length >> 1)));
  }

  #newSlot(): number {
    const slot = this.size;
    if (slot === this.offering.length) this.#grow();
    this.size += 1;
    return slot;
  }

  /** The last node moves into the slot. */
  #drop(slot: number): void {
    const last = this.size - 1;
    this.size = last;
    if (slot === last) return;
    this.offering[slot] = this.offering[last] as number;
    this.bin[slot] = this.bin[last] as number;
    this.mask[slot] = this.mask[last] as number;
    this.price[slot] = this.price[last] as number;
    this.worth[slot] = this.worth[last] as number;
    this.length[slot] = this.length[last] as number;
    const spare = this.content[slot] as Int32Array;
    this.content[slot] = this.content[last] as Int32Array;
    this.content[last] = spare;
  }

  #grow(): void {
    const length = this.offering.length * 2;
    this.offering = copiedInts(this.offering, length);
    this.bin = copiedInts(this.bin, length);
    this.mask = copiedInts(this.mask, length);
    this.length = copiedInts(this.length, length);
    this.price = copiedFloats(this.price, length);
    this.worth = copiedFloats(this.worth, length);
  }
}

function copiedInts(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}

function copiedFloats(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
