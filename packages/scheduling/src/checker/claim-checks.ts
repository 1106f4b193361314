import type { NodeSelectorRequirement, Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import type {
  InstanceType,
  PlanFinding,
  PlannedClaim,
  Requirement,
  Requirements,
  SchedulingInput,
  SchedulingNodePool,
} from "../model.ts";
import {
  alternatives,
  asRequirement,
  CAPACITY_TYPE,
  claimImpliesExpressions,
  currentName,
  mayBeUnnamed,
  openOfferings,
  portClash,
  satisfiableTogether,
  selectorExpressions,
  staysInside,
  unbearableTaint,
  ZONE,
  ZONE_ID,
} from "./plain-rules.ts";

/** Findings about one planned claim by itself. */
export function checkClaim(claim: PlannedClaim, input: SchedulingInput, facts: TypeFacts): PlanFinding[] {
  const findings: PlanFinding[] = [];
  const finding = (message: string): void => void findings.push({ subject: claim.id, message });
  const pool = input.nodePools.find(({ name }) => name === claim.nodePool);
  if (pool === undefined) return [{ subject: claim.id, message: `there is no NodePool ${claim.nodePool}` }];
  if (claim.pods.length === 0) finding("has no pods");
  if (claim.instanceTypes.length === 0) finding("has no instance types");
  for (const requirement of pool.requirements.values())
    if (!staysInside(claim.requirements.get(requirement.key), requirement))
      finding(`leaves the NodePool's requirement on ${requirement.key}`);
  for (const pod of claim.pods) for (const message of podProblems(pod, claim, pool)) finding(message);
  checkTypes(claim, { pool, input, facts, finding });
  const { daemons } = facts.ofList(claim, pool);
  const clash = portClash([...claim.pods, ...daemons]);
  if (clash !== undefined && portClash(daemons) === undefined) finding(`host port ${clash} is taken twice`);
  return findings;
}

function podProblems(pod: Pod, claim: PlannedClaim, pool: SchedulingNodePool): string[] {
  const problems: string[] = [];
  const { name } = pod.metadata;
  const taint = unbearableTaint(pod, pool.taints);
  if (taint !== undefined) problems.push(`${name} does not tolerate taint ${taint.key}`);
  const broken = claimImpliesExpressions(claim.requirements, selectorExpressions(pod));
  if (broken !== undefined) problems.push(`${name} selects another ${broken.key}`);
  const holds = alternatives(pod).some(
    ({ matchExpressions, matchFields }) =>
      // A field names a node that exists; a new one never is it.
      (matchFields ?? []).length === 0 &&
      claimImpliesExpressions(claim.requirements, matchExpressions ?? []) === undefined,
  );
  if (!holds) problems.push(`no required node affinity term of ${name} holds`);
  return problems;
}

const only = (key: string, value: string): Requirement => ({ key, complement: false, values: new Set([value]) });

function checkTypes(
  claim: PlannedClaim,
  context: {
    readonly pool: SchedulingNodePool;
    readonly input: SchedulingInput;
    readonly facts: TypeFacts;
    readonly finding: (message: string) => void;
  },
): void {
  const { pool, facts, finding } = context;
  const ofPods = demandOf(claim.pods);
  const list = facts.ofList(claim, pool);
  for (const problem of list.problems) finding(problem);
  const asked = [...ofPods].filter(([resource, amount]) => amount > 0 && amount > (list.least.get(resource) ?? 0));
  // Only where not all types hold the pods is it worth saying which.
  for (const type of asked.length > 0 ? claim.instanceTypes : []) {
    const { daemons } = facts.inPool(type, pool);
    for (const [resource, amount] of asked) {
      const total = amount + (daemons.get(resource) ?? 0);
      const offered = (type.capacity.get(resource) ?? 0) - (type.overhead.get(resource) ?? 0);
      if (total > offered) finding(`${total} ${resource} requested, ${type.name} offers ${offered}`);
    }
  }
  const [cheapest] = claim.instanceTypes;
  if (cheapest !== undefined && !sameAmounts(sum(ofPods, facts.inPool(cheapest, pool).daemons), claim.requests))
    finding("requests are not those of its pods and daemons");
  checkMinValues(claim, context);
}

/** Fewer than the pool's minValues are allowed only where the policy is BestEffort and the claim says so. */
function checkMinValues(
  claim: PlannedClaim,
  {
    pool,
    input,
    finding,
  }: {
    readonly pool: SchedulingNodePool;
    readonly input: SchedulingInput;
    readonly finding: (message: string) => void;
  },
): void {
  const mayRelax = input.policies?.minValues === "BestEffort" && claim.minValuesRelaxed === true;
  for (const { key, minValues = 0 } of pool.requirements.values())
    if (!mayRelax && (claim.requirements.get(key)?.minValues ?? 0) < minValues)
      finding(`lowers minValues ${minValues} of ${key}`);
  for (const { key, minValues } of claim.requirements.values())
    if (minValues !== undefined && countValues(claim, key) < minValues)
      finding(`fewer than minValues ${minValues} values of ${key} remain`);
}

/** What holds for a type whichever claim names it, looked up once. */
export class TypeFacts {
  readonly #daemonSetPods: readonly Pod[];
  readonly #inPool = new Map<SchedulingNodePool, Map<InstanceType, PoolFacts>>();
  readonly #under = new Map<Requirements, Map<InstanceType, RequirementFacts>>();
  readonly #lists = new Map<readonly InstanceType[], Map<Requirements, ListFacts>>();

  constructor(daemonSetPods: readonly Pod[]) {
    this.#daemonSetPods = daemonSetPods;
  }

  /** Claims often name the very same list under the very same requirements. */
  ofList({ instanceTypes, requirements }: PlannedClaim, pool: SchedulingNodePool): ListFacts {
    const known = this.#lists.get(instanceTypes) ?? new Map<Requirements, ListFacts>();
    this.#lists.set(instanceTypes, known);
    let facts = known.get(requirements);
    if (facts?.pool !== pool) {
      facts = this.#listFacts(instanceTypes, requirements, pool);
      known.set(requirements, facts);
    }
    return facts;
  }

  #listFacts(types: readonly InstanceType[], requirements: Requirements, pool: SchedulingNodePool): ListFacts {
    const problems: string[] = [];
    const least = new Map<string, number>();
    const daemons = new Set<Pod>();
    let cheapestSoFar = 0;
    for (const type of types) {
      const inPool = this.inPool(type, pool);
      if (!inPool.ofPool) problems.push(`${type.name} is not of the NodePool`);
      const { cheapest, broken } = this.under(type, requirements);
      if (cheapest === undefined) problems.push(`${type.name} has no available offering for the claim`);
      if ((cheapest ?? 0) < cheapestSoFar) problems.push(`${type.name} is cheaper than a type before it`);
      cheapestSoFar = cheapest ?? cheapestSoFar;
      if (broken !== undefined) problems.push(`${type.name} does not meet the requirement on ${broken}`);
      for (const pod of inPool.landing) daemons.add(pod);
      for (const resource of new Set([...type.capacity.keys(), ...least.keys()])) {
        const taken = (type.overhead.get(resource) ?? 0) + (inPool.daemons.get(resource) ?? 0);
        const room = (type.capacity.get(resource) ?? 0) - taken;
        // A resource that a type before this one lacks is not there for all.
        const before = type === types[0] ? Number.POSITIVE_INFINITY : (least.get(resource) ?? 0);
        least.set(resource, Math.min(before, room));
      }
    }
    return { pool, problems, least, daemons: [...daemons] };
  }

  inPool(type: InstanceType, pool: SchedulingNodePool): PoolFacts {
    const known = this.#inPool.get(pool) ?? new Map<InstanceType, PoolFacts>();
    this.#inPool.set(pool, known);
    let facts = known.get(type);
    if (facts === undefined) {
      const landing = this.#daemonSetPods.filter((pod) => daemonLands(pod, pool, type));
      const ofPool = pool.instanceTypes.some(({ name }) => name === type.name);
      facts = { ofPool, landing, daemons: demandOf(landing) };
      known.set(type, facts);
    }
    return facts;
  }

  under(type: InstanceType, requirements: Requirements): RequirementFacts {
    const known = this.#under.get(requirements) ?? new Map<InstanceType, RequirementFacts>();
    this.#under.set(requirements, known);
    let facts = known.get(type);
    if (facts === undefined) {
      const prices = openOfferings(type, requirements).map(({ priceUsdPerHour }) => priceUsdPerHour);
      const broken = [...requirements.values()].find((requirement) => !typeAllows(type, requirement));
      facts = { cheapest: prices.length === 0 ? undefined : Math.min(...prices), broken: broken?.key };
      known.set(type, facts);
    }
    return facts;
  }
}

interface ListFacts {
  readonly pool: SchedulingNodePool;
  /** What is wrong about the types themselves. */
  readonly problems: readonly string[];
  /** What every type of the list has left beside its daemons, by resource. */
  readonly least: ReadonlyMap<string, number>;
  /** DaemonSet pods that would run on some type of the list. */
  readonly daemons: readonly Pod[];
}

interface PoolFacts {
  readonly ofPool: boolean;
  /** DaemonSet pods that would run on such a node. */
  readonly landing: readonly Pod[];
  readonly daemons: ReadonlyMap<string, number>;
}

interface RequirementFacts {
  /** Price of the cheapest available offering; undefined without any. */
  readonly cheapest: number | undefined;
  /** A key on which the type does not meet the requirements. */
  readonly broken: string | undefined;
}

function sum(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const total = new Map(a);
  for (const [name, amount] of b) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}

function typeAllows(type: InstanceType, requirement: Requirement): boolean {
  const offered = type.requirements.get(requirement.key);
  return offered === undefined || satisfiableTogether([offered, requirement]);
}

function countValues({ instanceTypes }: PlannedClaim, key: string): number {
  const values = new Set<string>();
  for (const type of instanceTypes) {
    const named = type.requirements.get(key);
    if (named !== undefined && !named.complement) for (const value of named.values) values.add(value);
    if (key === "node.kubernetes.io/instance-type") values.add(type.name);
    for (const { available, zone, zoneId, capacityType } of type.offerings) {
      if (!available) continue;
      if (key === ZONE) values.add(zone);
      if (key === CAPACITY_TYPE) values.add(capacityType);
      if (key === ZONE_ID && zoneId !== undefined) values.add(zoneId);
    }
  }
  return values.size;
}

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

function demandOf(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const demand = new Map<string, number>([["pods", pods.length]]);
  for (const pod of pods)
    for (const [resource, amount] of podRequests(pod.spec))
      if (resource !== "pods") demand.set(resource, (demand.get(resource) ?? 0) + amount);
  return demand;
}

function sameAmounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((name) => (a.get(name) ?? 0) === (b.get(name) ?? 0));
}
