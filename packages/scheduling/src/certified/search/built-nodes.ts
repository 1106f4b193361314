import type { NodeFill } from "./node-fill.ts";
import type { PodQueue } from "./pod-queue.ts";

interface BuiltTarget {
  /** −1 for an existing bin. */
  readonly offering: number;
  /** −1 for a new node. */
  readonly bin: number;
  readonly price: number;
}

/** Nodes in flat arrays that are reused. */
export class BuiltNodes {
  size = 0;
  costUsdPerHour = 0;
  offering: Int32Array = new Int32Array(64);
  bin: Int32Array = new Int32Array(64);
  mask: Int32Array = new Int32Array(64);
  price: Float64Array = new Float64Array(64);
  worth: Float64Array = new Float64Array(64);
  /** Content of node i: pairs of shape and count at start[i] … start[i + 1]. */
  start: Int32Array = new Int32Array(65);
  content: Int32Array = new Int32Array(1024);

  clear(): void {
    this.size = 0;
    this.costUsdPerHour = 0;
  }

  add({ offering, bin, price }: BuiltTarget, fill: NodeFill, queue: PodQueue): void {
    const node = this.size;
    let end = this.start[node] as number;
    if (node + 1 >= this.offering.length) this.#growNodes();
    if (end + fill.size * 2 > this.content.length) this.#growContent(end + fill.size * 2);
    this.offering[node] = offering;
    this.bin[node] = bin;
    this.mask[node] = fill.mask;
    this.price[node] = price;
    this.worth[node] = fill.worth;
    this.costUsdPerHour += price;
    for (let index = 0; index < fill.size; index += 1) {
      this.content[end] = queue.shape[fill.rows[index] as number] as number;
      this.content[end + 1] = fill.pods[index] as number;
      end += 2;
    }
    this.start[node + 1] = end;
    this.size = node + 1;
  }

  #growNodes(): void {
    const length = this.offering.length * 2;
    this.offering = copied(this.offering, new Int32Array(length));
    this.bin = copied(this.bin, new Int32Array(length));
    this.mask = copied(this.mask, new Int32Array(length));
    this.price = copied(this.price, new Float64Array(length));
    this.worth = copied(this.worth, new Float64Array(length));
    this.start = copied(this.start, new Int32Array(length + 1));
  }

  #growContent(needed: number): void {
    this.content = copied(this.content, new Int32Array(needed * 2));
  }
}

function copied<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
