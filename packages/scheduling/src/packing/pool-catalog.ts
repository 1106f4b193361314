import type { Requirements, SchedulingNodePool } from "../model.ts";
import { requirementsConflict } from "../requirements/requirements.ts";
import type { HostPort } from "../resources/host-ports.ts";
import type { PodVariant } from "./pod-variant.ts";
import type { TypeCatalog } from "./type-catalog.ts";
import type { PoolType, TypeSet } from "./type-set.ts";

export { typeMeets } from "./type-catalog.ts";
export type { PoolType, PricedType, TypeSet } from "./type-set.ts";

/** A pool of one pass with the catalogue of its types, which may be older than the pass. */
export class PoolCatalog {
  readonly pool: SchedulingNodePool;
  readonly types: readonly PoolType[];
  /** Ports of every DaemonSet that may land on a node of the pool. */
  readonly daemonPorts: readonly HostPort[];
  readonly hasMinValues: boolean;
  /** Instances that reservations still have, by reservation id. */
  readonly reservationsLeft: ReadonlyMap<string, number>;
  readonly root: TypeSet;
  /** See {@link TypeCatalog.verdicts}. */
  readonly verdicts: WeakMap<PodVariant, TypeSet | string>;
  readonly #types: TypeCatalog;

  constructor(pool: SchedulingNodePool, types: TypeCatalog) {
    this.pool = pool;
    this.#types = types;
    this.types = types.types;
    this.daemonPorts = types.daemonPorts;
    this.hasMinValues = types.hasMinValues;
    this.reservationsLeft = types.reservationsLeft;
    this.root = types.root;
    this.verdicts = types.verdicts;
  }

  /** The set narrowed by further requirements; undefined when they exclude each other. The set may be without types. */
  narrow(set: TypeSet, requirementNumber: number): TypeSet | undefined {
    return this.#types.narrow(set, requirementNumber);
  }

  /** The set narrowed to these domains of a topology key. */
  narrowToDomains(set: TypeSet, key: string, domains: readonly string[]): TypeSet | undefined {
    return this.#types.narrowToDomains(set, key, domains);
  }

  /** Domains of a topology key that new nodes of this pool may have, sorted. */
  domainsOf(key: string): readonly string[] {
    return this.#types.domainsOf(key);
  }

  /** Domains of a topology key that a node of the set may still have. */
  possibleDomains(set: TypeSet, key: string): readonly string[] {
    return this.#types.possibleDomains(set, key);
  }

  /** Why this pool can never take pods with such requirements, whatever the type; undefined when it may. */
  conflictWith(wanted: Requirements, wellKnown: ReadonlySet<string>): string | undefined {
    return requirementsConflict(this.pool.requirements, wanted, wellKnown)?.message;
  }
}
