import type { PlanningModel } from "../../packing/planning-model.ts";
import type { PoolCatalog, TypeSet } from "../../packing/pool-catalog.ts";

/** Domains of one topology key to which pods are kept. */
export interface KeptDomains {
  readonly key: string;
  /** Sorted, never empty. */
  readonly domains: readonly string[];
}

/** What pods ask of a node by label: their requirements, and the domains that topology leaves them. */
export interface Demand {
  readonly index: number;
  readonly requirementNumber: number;
  readonly kept: readonly KeptDomains[];
  /** By pool: the types that meet it; undefined where the pool is not for these pods. */
  readonly sets: readonly (TypeSet | undefined)[];
}

/** Numbers equal demands equally and remembers how they combine on one node. */
export class Demands {
  readonly list: Demand[] = [];
  readonly #byMeaning = new Map<string, Demand>();
  readonly #combined = new Map<TypeSet, (TypeSet | undefined)[]>();

  intern(meaning: Omit<Demand, "index">): Demand {
    const kept = meaning.kept.map(({ key, domains }) => `${key}=${domains.join(",")}`).join(";");
    const sets = meaning.sets.map((set) => set?.index ?? "-").join(",");
    const text = `${meaning.requirementNumber}|${sets}|${kept}`;
    const known = this.#byMeaning.get(text);
    if (known !== undefined) return known;
    const demand: Demand = { ...meaning, index: this.list.length };
    this.#byMeaning.set(text, demand);
    this.list.push(demand);
    return demand;
  }

  /** What is left of a pool's type set when pods with the demand join the node. */
  combine(catalog: PoolCatalog, set: TypeSet, demand: Demand): TypeSet | undefined {
    let known = this.#combined.get(set);
    if (known === undefined) {
      known = [];
      this.#combined.set(set, known);
    }
    if (demand.index in known) return known[demand.index];
    const combined = narrowTo(catalog, set, demand);
    known[demand.index] = combined;
    return combined;
  }
}

function narrowTo(catalog: PoolCatalog, from: TypeSet, { requirementNumber, kept }: Demand): TypeSet | undefined {
  let set = catalog.narrow(from, requirementNumber);
  for (const { key, domains } of kept) {
    if (set === undefined) return undefined;
    set = catalog.narrowToDomains(set, key, domains);
  }
  return set;
}

/** By pool: true where only lighter pools than some other of the list stand. Weights are strict: they are not used. */
export function heaviestOnly(
  sets: readonly (TypeSet | undefined)[],
  { catalogs }: PlanningModel,
): readonly (TypeSet | undefined)[] {
  let heaviest = Number.NEGATIVE_INFINITY;
  for (const [index, set] of sets.entries())
    if (set !== undefined) heaviest = Math.max(heaviest, catalogs[index]?.pool.weight ?? heaviest);
  return sets.map((set, index) => (catalogs[index]?.pool.weight === heaviest ? set : undefined));
}
