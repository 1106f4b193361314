import type { TopologyState } from "../topology/topology-state.ts";
import type { NodeState } from "./node-placement.ts";
import { placeOnNode, testNode } from "./node-placement.ts";
import type { VariantRun } from "./variant-run.ts";

const NO_ROOM = new Float64Array(0);
const NO_NUMBERS = new Int32Array(0);

/** Finds places on existing nodes: what most nodes are refused for stands in arrays by node. */
export class NodeSearch {
  readonly #nodes: readonly NodeState[];
  readonly #topology: TopologyState;
  readonly #dimensions: number;
  /** What is left of each resource. */
  readonly #room: Float64Array;
  readonly #hosts: Int32Array;
  /** The run that was refused for good last. */
  readonly #refusedBy: Int32Array;
  /** Nodes with room for some pod that is still to come, in the order in which they are asked. */
  #live: Int32Array;

  constructor(nodes: readonly NodeState[], dimensions: number, topology: TopologyState) {
    this.#nodes = nodes;
    this.#topology = topology;
    this.#dimensions = dimensions;
    if (nodes.length === 0) {
      this.#room = NO_ROOM;
      this.#hosts = NO_NUMBERS;
      this.#refusedBy = NO_NUMBERS;
      this.#live = NO_NUMBERS;
      return;
    }
    this.#room = new Float64Array(nodes.length * dimensions);
    this.#hosts = new Int32Array(nodes.length);
    this.#refusedBy = new Int32Array(nodes.length);
    this.#live = ascending(nodes.length);
    for (const [index, { model }] of nodes.entries()) {
      this.#room.set(model.remaining, index * dimensions);
      this.#hosts[index] = model.host;
    }
  }

  /** Nodes that are still asked. */
  get size(): number {
    return this.#live.length;
  }

  /** Puts one pod of the run, which must be up to date, on the first node that takes it. */
  place(run: VariantRun): NodeState | undefined {
    const live = this.#live;
    const { stamp, hostCounts } = run;
    const { hostLimits } = run.variant.plan;
    search: for (; run.nodesSeen < live.length; run.nodesSeen += 1) {
      const index = live[run.nodesSeen] ?? 0;
      if (this.#refusedBy[index] === stamp) continue;
      const host = this.#hosts[index] ?? 0;
      for (let rule = 0; rule < hostLimits.length; rule += 1)
        if ((hostCounts[rule]?.[host] ?? 0) > (hostLimits[rule]?.max ?? 0)) {
          this.#refusedBy[index] = stamp;
          continue search;
        }
      const node = this.#nodes[index];
      const answer =
        node === undefined || !this.#hasRoom(index, run) ? "for-good" : testNode(node, run, this.#topology);
      if (answer === "for-good") this.#refusedBy[index] = stamp;
      if (node === undefined || answer !== "fits") continue;
      placeOnNode(node, run, this.#topology);
      this.#take(index, run);
      return node;
    }
    return undefined;
  }

  #hasRoom(index: number, { shape: { asked, requests } }: VariantRun): boolean {
    const base = index * this.#dimensions;
    for (let at = 0; at < asked.length; at += 1) {
      const resource = asked[at] ?? 0;
      if ((requests[resource] ?? 0) > (this.#room[base + resource] ?? 0)) return false;
    }
    return true;
  }

  #take(index: number, { shape: { requests } }: VariantRun): void {
    const base = index * this.#dimensions;
    for (let at = 0; at < this.#dimensions; at += 1)
      this.#room[base + at] = (this.#room[base + at] ?? 0) - (requests[at] ?? 0);
  }

  /** Leaves out nodes without room for this much. */
  dropFull(least: Float64Array): void {
    if (this.#live.length === 0) return;
    this.#live = this.#live.filter((index) =>
      least.every((amount, at) => amount <= 0 || amount <= (this.#room[index * this.#dimensions + at] ?? 0)),
    );
  }

  /** All nodes are asked again. */
  revive(): void {
    if (this.#live.length < this.#nodes.length) this.#live = ascending(this.#nodes.length);
  }
}

function ascending(count: number): Int32Array {
  const numbers = new Int32Array(count);
  for (let index = 0; index < count; index += 1) numbers[index] = index;
  return numbers;
}
