import { COUNTED, OWNS, type PackingTables } from "./packing-tables.ts";

/** What the host rules have counted on the node that is being filled. */
export class HostCounters {
  readonly #tables: PackingTables;
  readonly #counted: Float64Array;
  readonly #owners: Float64Array;
  readonly #touched: Int32Array;
  #touchedSize = 0;
  readonly #isTouched: Uint8Array;

  constructor(tables: PackingTables) {
    this.#tables = tables;
    const rules = tables.ruleMax.length;
    this.#counted = new Float64Array(rules);
    this.#owners = new Float64Array(rules);
    this.#touched = new Int32Array(rules);
    this.#isTouched = new Uint8Array(rules);
  }

  /** How many of `wanted` pods of the shape the rules admit. */
  admitted(shape: number, wanted: number): number {
    const { ruleStart, ruleIds, ruleRoles, ruleMax } = this.#tables;
    const end = ruleStart[shape + 1] as number;
    let admitted = wanted;
    for (let entry = ruleStart[shape] as number; entry < end; entry += 1) {
      const rule = ruleIds[entry] as number;
      const role = ruleRoles[entry] as number;
      if ((role & OWNS) === 0 && (this.#owners[rule] as number) === 0) continue;
      const left = (ruleMax[rule] as number) - (this.#counted[rule] as number);
      if ((role & COUNTED) !== 0) {
        if (left < admitted) admitted = left;
      } else if (left < 0) return 0;
      if (admitted <= 0) return 0;
    }
    return admitted;
  }

  add(shape: number, pods: number): void {
    const { ruleStart, ruleIds, ruleRoles } = this.#tables;
    const end = ruleStart[shape + 1] as number;
    for (let entry = ruleStart[shape] as number; entry < end; entry += 1) {
      const rule = ruleIds[entry] as number;
      const role = ruleRoles[entry] as number;
      this.#touch(rule);
      if ((role & COUNTED) !== 0) this.#counted[rule] = (this.#counted[rule] as number) + pods;
      if ((role & OWNS) !== 0) this.#owners[rule] = (this.#owners[rule] as number) + pods;
    }
  }

  /** Begins with the pods that an existing bin already holds. */
  load(bin: number): void {
    for (const { rule, counted, owners } of this.#tables.problem.existing[bin]?.hostCounts ?? []) {
      this.#touch(rule);
      this.#counted[rule] = counted;
      this.#owners[rule] = owners;
    }
  }

  /** Back to an empty node. */
  reset(): void {
    for (let index = 0; index < this.#touchedSize; index += 1) {
      const rule = this.#touched[index] as number;
      this.#counted[rule] = 0;
      this.#owners[rule] = 0;
      this.#isTouched[rule] = 0;
    }
    this.#touchedSize = 0;
  }

  #touch(rule: number): void {
    if (this.#isTouched[rule] === 1) return;
    this.#isTouched[rule] = 1;
    this.#touched[this.#touchedSize] = rule;
    this.#touchedSize += 1;
  }
}
