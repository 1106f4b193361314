import type { Pod } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { InstanceType, Requirements, SchedulingNodePool } from "../model.ts";
import { cheapestOffering } from "../requirements/offerings.ts";
import { allowsValue, requirementsOverlap } from "../requirements/requirement.ts";
import { compareText, mergeRequirements } from "../requirements/requirements.ts";
import { subtractAmounts } from "../resources/amounts.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { daemonOverheads } from "./daemon-overhead.ts";
import type { PodVariant } from "./pod-variant.ts";
import type { RequirementIndex } from "./requirement-index.ts";
import type { ResourceTable } from "./resource-table.ts";
import { covers } from "./resource-table.ts";
import type { PoolType, PricedType, TypeSet } from "./type-set.ts";

/** What of a pool decides its type sets. */
type TypedPool = Pick<SchedulingNodePool, "name" | "requirements" | "taints" | "instanceTypes">;

interface CatalogContext {
  readonly resources: ResourceTable;
  readonly requirementIndex: RequirementIndex;
  readonly daemonSetPods: readonly Pod[];
  /** Told the number of types of every new set, so that memory can be bounded. */
  readonly onBuilt: (types: number) => void;
}

/** A pool's types sorted, and its type sets remembered. Depends on nothing of the pool but name, requirements, taints and types. */
export class TypeCatalog {
  readonly #pool: TypedPool;
  readonly types: readonly PoolType[];
  /** Ports of every DaemonSet that may land on a node of the pool. */
  readonly daemonPorts: readonly HostPort[];
  readonly hasMinValues: boolean;
  /** Instances that reservations still have, by reservation id. */
  readonly reservationsLeft: ReadonlyMap<string, number>;
  readonly root: TypeSet;
  /** What the pool says to pods, by what they ask for: the types that are left, or why it cannot take them. */
  readonly verdicts: WeakMap<PodVariant, TypeSet | string> = new WeakMap();
  readonly #context: CatalogContext;
  readonly #dimensions: number;
  readonly #sets: TypeSet[] = [];
  readonly #byRequirements = new Map<number, TypeSet>();
  readonly #narrowed: Map<number, TypeSet | undefined>[] = [];
  readonly #domains = new Map<string, readonly string[]>();

  constructor(pool: TypedPool, context: CatalogContext) {
    this.#pool = pool;
    this.#context = context;
    this.#dimensions = context.resources.names.length;
    const overheadOf = daemonOverheads(pool, context.daemonSetPods);
    this.types = pool.instanceTypes
      .filter(({ requirements }) => sharedKeysOverlap(pool.requirements, requirements))
      .map((type): PoolType => {
        const daemons = overheadOf(type);
        const left = subtractAmounts(subtractAmounts(type.capacity, type.overhead), daemons.requests);
        return {
          type,
          daemons,
          free: context.resources.nodeVector(left),
          capacity: context.resources.vector(type.capacity),
        };
      });
    this.daemonPorts = [...new Set(this.types.map(({ daemons }) => daemons))].flatMap(({ ports }) => ports);
    this.hasMinValues = [...pool.requirements.values()].some(({ minValues }) => minValues !== undefined);
    this.reservationsLeft = reservationsLeft(pool.instanceTypes);
    this.root = this.#build(pool.requirements, this.types);
  }

  /** The set narrowed by further requirements; undefined when they exclude each other. The set may be without types. */
  narrow(set: TypeSet, requirementNumber: number): TypeSet | undefined {
    const known = this.#narrowed[set.index];
    if (known?.has(requirementNumber) === true) return known.get(requirementNumber);
    const wanted = this.#context.requirementIndex.get(requirementNumber);
    const narrowed = this.#conflicts(set.requirements, wanted)
      ? undefined
      : this.#build(mergeRequirements(set.requirements, wanted), set.priced);
    known?.set(requirementNumber, narrowed);
    return narrowed;
  }

  /** The set narrowed to these domains of a topology key. */
  narrowToDomains(set: TypeSet, key: string, domains: readonly string[]): TypeSet | undefined {
    return this.narrow(set, this.#context.requirementIndex.numberOfDomains(key, domains));
  }

  #conflicts(have: Requirements, wanted: Requirements): boolean {
    for (const wish of wanted.values()) {
      const offered = have.get(wish.key);
      if (offered !== undefined && !requirementsOverlap(offered, wish)) return true;
    }
    return false;
  }

  #build(requirements: Requirements, from: readonly PoolType[]): TypeSet {
    const number = this.#context.requirementIndex.numberOf(requirements);
    const known = this.#byRequirements.get(number);
    if (known !== undefined) return known;
    const priced: PricedType[] = [];
    for (const one of from) {
      if (!typeMeets(one.type, requirements)) continue;
      const offering = cheapestOffering(one.type, requirements);
      if (offering !== undefined) priced.push({ ...one, priceUsdPerHour: offering.priceUsdPerHour });
    }
    priced.sort((a, b) => a.priceUsdPerHour - b.priceUsdPerHour || compareText(a.type.name, b.type.name));
    const frontier = frontierOf(priced, this.#dimensions);
    this.#context.onBuilt(priced.length);
    const set: TypeSet = {
      index: this.#sets.length,
      requirements,
      priced,
      frontier,
      ceiling: mostOf(
        frontier.map(({ free }) => free),
        this.#dimensions,
      ),
      largest: mostOf(
        priced.map(({ capacity }) => capacity),
        this.#dimensions,
      ),
    };
    this.#sets.push(set);
    this.#narrowed.push(new Map());
    this.#byRequirements.set(number, set);
    return set;
  }

  /** Domains of a topology key that new nodes of this pool may have, sorted. */
  domainsOf(key: string): readonly string[] {
    let domains = this.#domains.get(key);
    if (domains === undefined) {
      domains = poolDomains(this.#pool, key);
      this.#domains.set(key, domains);
    }
    return domains;
  }

  /** Domains of a topology key that a node of the set may still have. */
  possibleDomains(set: TypeSet, key: string): readonly string[] {
    const own = set.requirements.get(key);
    const all = this.domainsOf(key);
    return own === undefined ? all : all.filter((domain) => allowsValue(own, domain));
  }
}

/** Two offerings may name the same reservation; then the smaller number counts. */
function reservationsLeft(types: readonly InstanceType[]): ReadonlyMap<string, number> {
  const left = new Map<string, number>();
  for (const { offerings } of types)
    for (const { available, reservationId, reservationsLeft: instances = 0 } of offerings)
      if (available && reservationId !== undefined)
        left.set(reservationId, Math.min(instances, left.get(reservationId) ?? instances));
  return left;
}

function sharedKeysOverlap(a: Requirements, b: Requirements): boolean {
  for (const one of a.values()) {
    const other = b.get(one.key);
    if (other !== undefined && !requirementsOverlap(one, other)) return false;
  }
  return true;
}

/**
 * True if a node of the type can meet the requirements, offerings aside. Only shared keys count, as in Karpenter: a type says of the labels
 * that it does not carry that they do not exist; of what it does not name nothing is known (a catalogue of the user's own may name little).
 */
export function typeMeets(type: InstanceType, requirements: Requirements): boolean {
  return sharedKeysOverlap(requirements, type.requirements);
}

function frontierOf(priced: readonly PricedType[], dimensions: number): readonly PricedType[] {
  const frontier: PricedType[] = [];
  const most = new Float64Array(dimensions);
  for (const one of priced) {
    // What has more of something than all before it is covered by none of them.
    if (covers(most, one.free) && frontier.some((cheaper) => covers(cheaper.free, one.free))) continue;
    frontier.push(one);
    for (let index = 0; index < dimensions; index += 1) most[index] = Math.max(most[index] ?? 0, one.free[index] ?? 0);
  }
  return frontier;
}

function mostOf(vectors: readonly Float64Array[], dimensions: number): Float64Array {
  const most = new Float64Array(dimensions);
  for (const vector of vectors)
    for (let index = 0; index < dimensions; index += 1) most[index] = Math.max(most[index] ?? 0, vector[index] ?? 0);
  return most;
}

function poolDomains(pool: TypedPool, key: string): readonly string[] {
  const own = pool.requirements.get(key);
  const values = new Set<string>();
  for (const { offerings, requirements } of pool.instanceTypes) {
    for (const offering of offerings) {
      if (!offering.available) continue;
      if (key === LABELS.zone) values.add(offering.zone);
      else if (key === LABELS.capacityType) values.add(offering.capacityType);
      else if (key === LABELS.zoneId && offering.zoneId !== undefined) values.add(offering.zoneId);
    }
    const offered = requirements.get(key);
    if (offered !== undefined && !offered.complement) for (const value of offered.values) values.add(value);
  }
  const offeringKey = key === LABELS.zone || key === LABELS.capacityType || key === LABELS.zoneId;
  if (own !== undefined && !own.complement && !offeringKey && values.size === 0)
    for (const value of own.values) values.add(value);
  return [...values].filter((value) => own === undefined || allowsValue(own, value)).sort(compareText);
}
