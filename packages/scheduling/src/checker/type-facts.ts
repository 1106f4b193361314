import type { NodeSelectorRequirement, Pod, PodSpec } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import type {
  InstanceType,
  PlannedClaim,
  Requirement,
  Requirements,
  SchedulingInput,
  SchedulingNodePool,
} from "../model.ts";
import {
  alternatives,
  asRequirement,
  currentName,
  mayBeUnnamed,
  openOfferings,
  satisfiableTogether,
  selectorExpressions,
  unbearableTaint,
} from "./plain-rules.ts";
import type { TypeLists } from "./type-lists.ts";

/** What claims of one pool under the same requirements share. */
export interface ListFacts {
  readonly pool: SchedulingNodePool;
  /** What is wrong about the types themselves. */
  readonly problems: readonly string[];
  /** DaemonSet pods that would run on some type of the list. */
  readonly daemons: readonly Pod[];
  /** What every type of the list has left beside its daemons, by number of the resource. */
  readonly least: Float64Array;
}

interface PoolFacts {
  readonly ofPool: boolean;
  /** DaemonSet pods that would run on such a node. */
  readonly landing: readonly Pod[];
  readonly daemons: ReadonlyMap<string, number>;
  /** What is left beside them, by number of the resource. */
  readonly room: Float64Array;
}

/** A type in a pool under some requirements. */
interface OpenType extends PoolFacts {
  /** Price of the cheapest available offering; undefined without any. */
  readonly cheapest: number | undefined;
  /** A key on which the type does not meet the requirements. */
  readonly broken: string | undefined;
}

/** What holds for types, lists of types and specs whichever claim names them, looked up once. */
export class TypeFacts {
  readonly #daemonSetPods: readonly Pod[];
  readonly #distinct: TypeLists;
  readonly #resources: ReadonlyMap<string, number>;
  readonly #inPool = new Map<SchedulingNodePool, Map<InstanceType, PoolFacts>>();
  readonly #lists = new Map<readonly InstanceType[], Map<Requirements, ListFacts>>();
  readonly #open = new Map<
    Requirements,
    { readonly pool: SchedulingNodePool; readonly types: Map<InstanceType, OpenType> }
  >();
  readonly #landings: (readonly Pod[])[] = [];
  readonly #requests = new Map<PodSpec, ReadonlyMap<string, number>>();

  constructor({ daemonSetPods, nodePools }: SchedulingInput, distinct: TypeLists) {
    this.#daemonSetPods = daemonSetPods;
    this.#distinct = distinct;
    const types = new Set([...new Set(nodePools.map(({ instanceTypes }) => instanceTypes))].flat());
    const names = new Set([...types].flatMap(({ capacity }) => [...capacity.keys()]));
    this.#resources = new Map([...names].map((name, number) => [name, number]));
  }

  /** Claims often name the same list under the very same requirements. */
  ofList({ instanceTypes, requirements }: PlannedClaim, pool: SchedulingNodePool): ListFacts {
    const types = this.#distinct.canonical(instanceTypes);
    const known = this.#lists.get(types) ?? new Map<Requirements, ListFacts>();
    this.#lists.set(types, known);
    let facts = known.get(requirements);
    if (facts?.pool !== pool) {
      facts = this.#listFacts(types, requirements, pool);
      known.set(requirements, facts);
    }
    return facts;
  }

  /** What every type of the list has left of a resource beside its daemons; 0 of a resource that no NodePool knows. */
  leastOf({ least }: ListFacts, resource: string): number {
    return least[this.#resources.get(resource) ?? -1] ?? 0;
  }

  #listFacts(types: readonly InstanceType[], requirements: Requirements, pool: SchedulingNodePool): ListFacts {
    const problems: string[] = [];
    const least = new Float64Array(this.#resources.size).fill(Number.POSITIVE_INFINITY);
    const landings = new Set<readonly Pod[]>();
    let open = this.#open.get(requirements);
    if (open?.pool !== pool) {
      open = { pool, types: new Map() };
      this.#open.set(requirements, open);
    }
    let cheapestSoFar = 0;
    for (const type of types) {
      const one = open.types.get(type) ?? this.#openType(type, requirements, pool);
      open.types.set(type, one);
      const { cheapest, room } = one;
      if (!one.ofPool) problems.push(`${type.name} is not of the NodePool`);
      if (cheapest === undefined) problems.push(`${type.name} has no available offering for the claim`);
      if ((cheapest ?? 0) < cheapestSoFar) problems.push(`${type.name} is cheaper than a type before it`);
      cheapestSoFar = cheapest ?? cheapestSoFar;
      if (one.broken !== undefined) problems.push(`${type.name} does not meet the requirement on ${one.broken}`);
      landings.add(one.landing);
      for (let number = 0; number < least.length; number += 1)
        if ((room[number] ?? 0) < (least[number] ?? 0)) least[number] = room[number] ?? 0;
    }
    return { pool, problems, least, daemons: [...new Set([...landings].flat())] };
  }

  #openType(type: InstanceType, requirements: Requirements, pool: SchedulingNodePool): OpenType {
    const prices = openOfferings(type, requirements).map(({ priceUsdPerHour }) => priceUsdPerHour);
    const broken = [...requirements.values()].find((requirement) => !typeAllows(type, requirement));
    return {
      ...this.inPool(type, pool),
      cheapest: prices.length === 0 ? undefined : Math.min(...prices),
      broken: broken?.key,
    };
  }

  /** A type on a node of the pool. */
  inPool(type: InstanceType, pool: SchedulingNodePool): PoolFacts {
    const known = this.#inPool.get(pool) ?? new Map<InstanceType, PoolFacts>();
    this.#inPool.set(pool, known);
    let facts = known.get(type);
    if (facts === undefined) {
      const landing = this.#once(this.#daemonSetPods.filter((pod) => daemonLands(pod, pool, type)));
      const ofPool = pool.instanceTypes.some(({ name }) => name === type.name);
      const daemons = this.demandOf(landing);
      const room = new Float64Array(this.#resources.size);
      for (const [resource, number] of this.#resources)
        room[number] =
          (type.capacity.get(resource) ?? 0) - (type.overhead.get(resource) ?? 0) - (daemons.get(resource) ?? 0);
      facts = { ofPool, landing, daemons, room };
      known.set(type, facts);
    }
    return facts;
  }

  /** Most types have the same daemons: then they share one list. */
  #once(landing: readonly Pod[]): readonly Pod[] {
    const known = this.#landings.find(
      (one) => one.length === landing.length && one.every((pod, at) => pod === landing[at]),
    );
    if (known !== undefined) return known;
    this.#landings.push(landing);
    return landing;
  }

  /** What the pods request in sum, a slot for each included. */
  demandOf(pods: readonly Pod[]): ReadonlyMap<string, number> {
    const demand = new Map<string, number>([["pods", pods.length]]);
    for (const { spec } of pods) {
      let requests = this.#requests.get(spec);
      if (requests === undefined) {
        requests = podRequests(spec);
        this.#requests.set(spec, requests);
      }
      for (const [resource, amount] of requests)
        if (resource !== "pods") demand.set(resource, (demand.get(resource) ?? 0) + amount);
    }
    return demand;
  }
}

function typeAllows(type: InstanceType, requirement: Requirement): boolean {
  const offered = type.requirements.get(requirement.key);
  return offered === undefined || satisfiableTogether([offered, requirement]);
}

const only = (key: string, value: string): Requirement => ({ key, complement: false, values: new Set([value]) });

/** Would this DaemonSet run on a node of the pool and type? */
function daemonLands(pod: Pod, pool: SchedulingNodePool, type: InstanceType): boolean {
  if (unbearableTaint(pod, pool.taints) !== undefined) return false;
  return alternatives(pod).some((term) =>
    [...selectorExpressions(pod), ...(term.matchExpressions ?? [])].every((one) => daemonWishHolds(one, pool, type)),
  );
}

function daemonWishHolds(wish: NodeSelectorRequirement, pool: SchedulingNodePool, type: InstanceType): boolean {
  const key = currentName(wish.key);
  const offers = [pool.requirements.get(key), type.requirements.get(key)].filter((offer) => offer !== undefined);
  if (key === "karpenter.sh/registered" || key === "karpenter.sh/initialized") offers.push(only(key, "true"));
  if (offers.length === 0) return mayBeUnnamed(wish);
  return offers.every((offer) => satisfiableTogether([offer, asRequirement(key, wish)]));
}
