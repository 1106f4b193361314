import type { Pod } from "@nodeless/api";
import type { PlanFinding, PlannedClaim, SchedulingInput, SchedulingNodePool } from "../model.ts";
import {
  alternatives,
  CAPACITY_TYPE,
  claimImpliesExpressions,
  portClash,
  selectorExpressions,
  staysInside,
  unbearableTaint,
  ZONE,
  ZONE_ID,
} from "./plain-rules.ts";
import type { TypeFacts } from "./type-facts.ts";

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
  const ofPods = facts.demandOf(claim.pods);
  const list = facts.ofList(claim, pool);
  for (const problem of list.problems) finding(problem);
  const asked = [...ofPods].filter(([resource, amount]) => amount > 0 && amount > facts.leastOf(list, resource));
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

function sum(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const total = new Map(a);
  for (const [name, amount] of b) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
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

function sameAmounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((name) => (a.get(name) ?? 0) === (b.get(name) ?? 0));
}
