import { compareText } from "../requirements/requirements.ts";

/** The domains of one topology key numbered in order of their names, so that counters are arrays. */
export class DomainTable {
  readonly key: string;
  readonly names: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(key: string, names: Iterable<string>) {
    this.key = key;
    this.names = [...new Set(names)].sort(compareText);
    this.#numbers = new Map(this.names.map((name, number) => [name, number]));
  }

  /** -1 for a name that is no domain of this key. */
  numberOf(name: string | undefined): number {
    return name === undefined ? -1 : (this.#numbers.get(name) ?? -1);
  }
}
