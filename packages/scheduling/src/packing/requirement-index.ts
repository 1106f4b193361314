import type { Requirement, Requirements } from "../model.ts";
import { compareText } from "../requirements/requirements.ts";

/** Numbers equal requirement sets equally, so that compatibility can be remembered by number. */
export class RequirementIndex {
  readonly #numbers = new Map<string, number>();
  /** Of sets seen before; most are asked for again and again. */
  readonly #known = new WeakMap<Requirements, number>();
  readonly #sets: Requirements[] = [];
  readonly #domains = new Map<string, number>();

  numberOf(requirements: Requirements): number {
    let known = this.#known.get(requirements);
    if (known === undefined) {
      known = this.#numberOfText(requirements);
      this.#known.set(requirements, known);
    }
    return known;
  }

  #numberOfText(requirements: Requirements): number {
    const text = canonicalText(requirements);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(requirements);
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The set `{key In domains}`. */
  numberOfDomains(key: string, domains: readonly string[]): number {
    const text = `${key}\n${domains.join("\n")}`;
    let number = this.#domains.get(text);
    if (number === undefined) {
      const one: Requirement = { key, complement: false, values: new Set(domains) };
      number = this.numberOf(new Map([[key, one]]));
      this.#domains.set(text, number);
    }
    return number;
  }

  get size(): number {
    return this.#sets.length;
  }

  get(number: number): Requirements {
    const requirements = this.#sets[number];
    if (requirements === undefined) throw new RangeError(`no requirement set ${number}`);
    return requirements;
  }
}

/** Equal for equal sets, whatever the order of keys and values. */
export function canonicalText(requirements: Requirements): string {
  const entries = [...requirements.values()].sort((a, b) => compareText(a.key, b.key));
  return JSON.stringify(
    entries.map(({ key, complement, values, gte, lte, minValues }) => [
      key,
      complement,
      [...values].sort(compareText),
      gte ?? null,
      lte ?? null,
      minValues ?? null,
    ]),
  );
}
