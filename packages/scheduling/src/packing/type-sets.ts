import type { DomainTable } from "../topology/domain-table.ts";
import type { PoolCatalog, TypeSet } from "./pool-catalog.ts";

const UNKNOWN = -2;
/** Requirements that exclude each other. */
export const CONFLICT = -1;

/** Most passes know few sets. */
const SETS_AT_FIRST = 8;
const NONE_KNOWN = new Int32Array(0);

/** Remembers, by the number of a set, to which set some requirements narrow it. */
export class NarrowingTable {
  #numbers: Int32Array = NONE_KNOWN;

  get(set: number): number {
    return this.#numbers[set] ?? UNKNOWN;
  }

  put(set: number, narrowed: number): void {
    if (set >= this.#numbers.length) {
      const larger = new Int32Array(Math.max(SETS_AT_FIRST, 2 * (set + 1))).fill(UNKNOWN);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[set] = narrowed;
  }
}

/** What a set is narrowed by. */
export interface NarrowingQuestion {
  readonly requirementNumber: number;
  /** By pool: a text if the pool refuses. */
  readonly pools: readonly (TypeSet | string)[];
  readonly narrowing: NarrowingTable;
}

/** The type sets of all pools under one numbering, and what follows from narrowing them. Shared by all attempts of a pass. */
export class TypeSets {
  readonly #catalogs: readonly PoolCatalog[];
  readonly #tables: readonly DomainTable[];
  readonly #sets: TypeSet[] = [];
  readonly #pools: number[] = [];
  readonly #numbers = new Map<TypeSet, number>();
  readonly #domains: Int32Array[] = [];
  readonly #narrowedToDomain: NarrowingTable[][];

  constructor(catalogs: readonly PoolCatalog[], tables: readonly DomainTable[]) {
    this.#catalogs = catalogs;
    this.#tables = tables;
    this.#narrowedToDomain = tables.map(({ names }) => names.map(() => new NarrowingTable()));
  }

  numberOf(set: TypeSet, pool: number): number {
    let number = this.#numbers.get(set);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(set);
      this.#pools.push(pool);
      this.#numbers.set(set, number);
    }
    return number;
  }

  get(number: number): TypeSet {
    const set = this.#sets[number];
    if (set === undefined) throw new RangeError(`no type set ${number}`);
    return set;
  }

  poolOf(number: number): number {
    return this.#pools[number] ?? 0;
  }

  /** The number of the set narrowed to what a variant asks for; {@link CONFLICT} when its pool cannot take the variant. */
  narrow(number: number, { narrowing: table, pools, requirementNumber }: NarrowingQuestion): number {
    const known = table.get(number);
    if (known !== UNKNOWN) return known;
    const pool = this.poolOf(number);
    const narrowed =
      typeof pools[pool] === "string" ? undefined : this.#catalogs[pool]?.narrow(this.get(number), requirementNumber);
    const result = narrowed === undefined ? CONFLICT : this.numberOf(narrowed, pool);
    table.put(number, result);
    return result;
  }

  /** The set narrowed to one domain of a topology key. */
  narrowToDomain(number: number, keyIndex: number, domain: number): number {
    const table = this.#narrowedToDomain[keyIndex]?.[domain];
    if (table === undefined) return CONFLICT;
    const known = table.get(number);
    if (known !== UNKNOWN) return known;
    const result = this.narrowToDomains(number, keyIndex, [domain]);
    table.put(number, result);
    return result;
  }

  /** The set narrowed to these domains of a topology key. */
  narrowToDomains(number: number, keyIndex: number, domains: readonly number[]): number {
    const table = this.#tables[keyIndex];
    const pool = this.poolOf(number);
    if (table === undefined) return CONFLICT;
    const names = domains.map((domain) => table.names[domain]).filter((name) => name !== undefined);
    const narrowed = this.#catalogs[pool]?.narrowToDomains(this.get(number), table.key, names);
    return narrowed === undefined ? CONFLICT : this.numberOf(narrowed, pool);
  }

  /** Domains of a topology key that a node of the set may still have, ascending. */
  possibleDomains(number: number, keyIndex: number): Int32Array {
    const at = number * this.#tables.length + keyIndex;
    let domains = this.#domains[at];
    if (domains === undefined) {
      const table = this.#tables[keyIndex];
      const names =
        table === undefined
          ? []
          : (this.#catalogs[this.poolOf(number)]?.possibleDomains(this.get(number), table.key) ?? []);
      domains = Int32Array.from(names, (name) => table?.numberOf(name) ?? -1).sort();
      this.#domains[at] = domains;
    }
    return domains;
  }
}
