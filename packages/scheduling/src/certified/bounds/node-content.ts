import type { PackingProblem, PackingShape, ShapeCount } from "../problem.ts";

/** A node being filled with pods of a class that may use it: resources and host rules as in the problem, nothing rounded. */
export class NodeContent {
  readonly #problem: PackingProblem;
  readonly #free: Float64Array;
  readonly #counts = new Map<number, number>();
  readonly #counted = new Map<number, number>();
  readonly #owned = new Set<number>();

  constructor(problem: PackingProblem, offering: number) {
    this.#problem = problem;
    this.#free = Float64Array.from(problem.offerings[offering]?.free ?? []);
  }

  /** Adds a pod if it fits, and if there is one. */
  tryAdd(index: number): boolean {
    const shape = this.#problem.shapes[index];
    if (shape === undefined || (this.#counts.get(index) ?? 0) >= shape.pods) return false;
    for (let d = 0; d < this.#free.length; d++) {
      if ((shape.requests[d] as number) > (this.#free[d] as number)) return false;
    }
    if (!this.#rulesAllow(shape)) return false;
    for (let d = 0; d < this.#free.length; d++) {
      this.#free[d] = (this.#free[d] as number) - (shape.requests[d] as number);
    }
    for (const rule of shape.countedBy) this.#counted.set(rule, (this.#counted.get(rule) ?? 0) + 1);
    for (const rule of shape.owns) this.#owned.add(rule);
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + 1);
    return true;
  }

  content(): readonly ShapeCount[] {
    return [...this.#counts].sort(([a], [b]) => a - b).map(([shape, pods]) => ({ shape, pods }));
  }

  #rulesAllow(shape: PackingShape): boolean {
    for (const rule of shape.countedBy) {
      if (!this.#owned.has(rule) && !shape.owns.includes(rule)) continue;
      if ((this.#counted.get(rule) ?? 0) + 1 > this.#maxOf(rule)) return false;
    }
    for (const rule of shape.owns) {
      if (!shape.countedBy.includes(rule) && (this.#counted.get(rule) ?? 0) > this.#maxOf(rule)) return false;
    }
    return true;
  }

  #maxOf(rule: number): number {
    return this.#problem.hostRules[rule]?.max ?? 0;
  }
}
