import type {
  LabelSelector,
  NodeSelectorRequirement,
  Pod,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from "@nodeless/api";
import type {
  ExistingNode,
  PlanFinding,
  PlannedClaim,
  SchedulingInput,
  SchedulingNodePool,
  SchedulingPlan,
} from "../model.ts";
import { keyOf, labelsOf } from "./node-checks.ts";
import {
  admits,
  alternatives,
  asRequirement,
  CAPACITY_TYPE,
  currentName,
  expressionHolds,
  HOSTNAME,
  mayBeUnnamed,
  satisfiableTogether,
  selectorExpressions,
  unbearableTaint,
  ZONE,
  ZONE_ID,
} from "./plain-rules.ts";

/** One pod with the host it is on after the plan: an existing node or a claim. */
interface Placed {
  readonly pod: Pod;
  readonly isNew: boolean;
  readonly host: Host;
}

interface Host {
  readonly name: string;
  readonly node: ExistingNode | undefined;
  readonly claim: PlannedClaim | undefined;
  readonly pool: SchedulingNodePool | undefined;
}

interface Situation {
  readonly input: SchedulingInput;
  readonly placed: readonly Placed[];
}

/** Findings about spread and pod affinity, on the final picture. */
export function checkTopology(
  input: SchedulingInput,
  plan: SchedulingPlan,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): PlanFinding[] {
  const situation: Situation = { input, placed: finalPicture(input, plan, byNode) };
  const findings: PlanFinding[] = [];
  const judged = new Map<string, string | undefined>();
  for (const subject of situation.placed) {
    const { affinity, topologySpreadConstraints } = subject.pod.spec;
    if (affinity === undefined && topologySpreadConstraints === undefined) continue;
    // Equal pods on one host get the same answer.
    const { labels, namespace } = subject.pod.metadata;
    const { nodeSelector, tolerations } = subject.pod.spec;
    const question = JSON.stringify([
      subject.host.name,
      subject.isNew,
      namespace,
      labels,
      affinity,
      topologySpreadConstraints,
      nodeSelector,
      tolerations,
    ]);
    if (!judged.has(question)) judged.set(question, problemOf(subject, situation));
    const problem = judged.get(question);
    if (problem !== undefined)
      findings.push({ subject: keyOf(subject.pod), message: `${problem} on ${subject.host.name}` });
  }
  return findings;
}

function finalPicture(
  input: SchedulingInput,
  plan: SchedulingPlan,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): readonly Placed[] {
  const planned = new Set(input.pods.map(keyOf));
  const placed: Placed[] = [];
  for (const node of input.existingNodes) {
    const host: Host = { name: node.name, node, claim: undefined, pool: undefined };
    for (const pod of node.pods) {
      const finished = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
      if (!finished && pod.metadata.deletionTimestamp === undefined && !planned.has(keyOf(pod)))
        placed.push({ pod, isNew: false, host });
    }
    for (const pod of byNode.get(node.name) ?? []) placed.push({ pod, isNew: true, host });
  }
  for (const claim of plan.claims) {
    const pool = input.nodePools.find(({ name }) => name === claim.nodePool);
    // The prefix keeps claims apart from nodes that happen to have the same name.
    const host: Host = { name: `claim ${claim.id}`, node: undefined, claim, pool };
    for (const pod of claim.pods) placed.push({ pod, isNew: true, host });
  }
  return placed;
}

function problemOf(subject: Placed, situation: Situation): string | undefined {
  const { affinity, topologySpreadConstraints } = subject.pod.spec;
  for (const term of affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    const other = repelled(subject, term, situation);
    if (other !== undefined) return `anti-affinity over ${term.topologyKey} forbids ${keyOf(other.pod)}`;
  }
  if (!subject.isNew) return undefined;
  for (const term of affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
    if (!attracted(subject, term, situation)) return `no pod for the affinity over ${term.topologyKey}`;
  for (const constraint of topologySpreadConstraints ?? [])
    if (constraint.whenUnsatisfiable !== "ScheduleAnyway" && skewed(subject, constraint, situation))
      return `skew over ${constraint.topologyKey} exceeds ${constraint.maxSkew}`;
  return undefined;
}

/** Domains the host may end up in; empty if it has none. */
function domainsOf(host: Host, topologyKey: string): readonly string[] {
  const key = currentName(topologyKey);
  if (key === HOSTNAME && host.node === undefined) return [host.name];
  if (host.node !== undefined) {
    const value = labelsOf(host.node).get(key);
    return value === undefined ? [] : [value];
  }
  const requirement = host.claim?.requirements.get(key);
  if (requirement !== undefined && !requirement.complement) return [...requirement.values];
  return [...poolDomains(host.pool, key)].filter((value) => requirement === undefined || admits(requirement, value));
}

function poolDomains(pool: SchedulingNodePool | undefined, key: string): ReadonlySet<string> {
  const values = new Set<string>();
  for (const type of pool?.instanceTypes ?? []) {
    for (const { available, zone, zoneId, capacityType } of type.offerings) {
      if (!available) continue;
      if (key === ZONE) values.add(zone);
      if (key === ZONE_ID && zoneId !== undefined) values.add(zoneId);
      if (key === CAPACITY_TYPE) values.add(capacityType);
    }
    const named = type.requirements.get(key);
    if (named !== undefined && !named.complement) for (const value of named.values) values.add(value);
  }
  const own = pool?.requirements.get(key);
  if (values.size === 0 && own !== undefined && !own.complement) return own.values;
  return new Set([...values].filter((value) => own === undefined || admits(own, value)));
}

/** A pod that must not share a domain with the subject, whichever of their possible domains come true. */
function repelled(subject: Placed, term: PodAffinityTerm, { placed, input }: Situation): Placed | undefined {
  const domains = domainsOf(subject.host, term.topologyKey);
  return placed.find(
    (other) =>
      other.pod !== subject.pod &&
      (other.isNew || subject.isNew) &&
      termSelects(term, subject.pod, { other: other.pod, input }) &&
      domainsOf(other.host, term.topologyKey).some((domain) => domains.includes(domain)),
  );
}

/** Is a selected pod in the subject's domain? A pod that its own term selects may stand alone if no other selected pod exists elsewhere. */
function attracted(subject: Placed, term: PodAffinityTerm, { placed, input }: Situation): boolean {
  const domains = domainsOf(subject.host, term.topologyKey);
  const [domain] = domains;
  if (domain === undefined || domains.length > 1) return false;
  const selected = placed.filter((other) => termSelects(term, subject.pod, { other: other.pod, input }));
  const decided = (other: Placed): string | undefined => {
    const theirs = domainsOf(other.host, term.topologyKey);
    return theirs.length === 1 ? theirs[0] : undefined;
  };
  if (selected.some((other) => other.pod !== subject.pod && decided(other) === domain)) return true;
  if (!selected.some((other) => other.pod === subject.pod)) return false;
  // Alone: the subject opened its domain. Then every domain elsewhere was opened by a pod that is free to go anywhere.
  const opened = new Set(selected.filter((other) => other.isNew && !requires(other.pod, term)).map(decided));
  return selected.every((other) => {
    const theirs = decided(other);
    return theirs === undefined || theirs === domain || (other.isNew && opened.has(theirs));
  });
}

/** Does the pod insist on an equal term? Then it may not open a second domain. */
function requires({ spec }: Pod, term: PodAffinityTerm): boolean {
  const terms = spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some((one) => JSON.stringify(one) === JSON.stringify(term));
}

function termSelects(
  term: PodAffinityTerm,
  owner: Pod,
  { other, input }: { readonly other: Pod; readonly input: SchedulingInput },
): boolean {
  const namespace = other.metadata.namespace ?? "default";
  const listed = (term.namespaces ?? []).includes(namespace);
  const byLabels =
    term.namespaceSelector !== undefined &&
    (isEmpty(term.namespaceSelector) || selects(term.namespaceSelector, input.namespaceLabels.get(namespace)));
  const unstated = term.namespaceSelector === undefined && (term.namespaces ?? []).length === 0;
  const own = unstated && namespace === (owner.metadata.namespace ?? "default");
  if (!listed && !byLabels && !own) return false;
  const theirs = other.metadata.labels ?? {};
  const mine = owner.metadata.labels ?? {};
  return (
    selects(term.labelSelector, theirs) &&
    (term.matchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] === theirs[key]) &&
    (term.mismatchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] !== theirs[key])
  );
}

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;

function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> | undefined): boolean {
  if (selector === undefined || labels === undefined) return false;
  const value = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, wanted]) => value(key) === wanted);
  return equal && (selector.matchExpressions ?? []).every((one) => expressionHolds(one, value(one.key)));
}

/**
 * Does the final picture prove the spread broken? Owners were placed while count + 1 − minimum ≤ maxSkew; counts and minima
 * only grow, and pods that do not own the rule may come later. So the pods that count in the subject's domain, without new
 * pods that do not own the rule, must not exceed the final minimum by more than maxSkew.
 */
function skewed(subject: Placed, constraint: TopologySpreadConstraint, { placed, input }: Situation): boolean {
  const key = currentName(constraint.topologyKey);
  const [domain, ...others] = domainsOf(subject.host, key);
  if (domain === undefined || others.length > 0) return true;
  const rule = JSON.stringify(constraint);
  const counted = placed.filter(
    ({ pod, host }) => spreadSelects(constraint, subject.pod, pod) && hostCounts(host, constraint, subject.pod),
  );
  let here = 0;
  const counts = new Map<string, number>();
  for (const { pod, host, isNew } of counted) {
    const [theirs, ...more] = domainsOf(host, key);
    if (theirs === undefined || more.length > 0) continue;
    counts.set(theirs, (counts.get(theirs) ?? 0) + 1);
    const owns = (pod.spec.topologySpreadConstraints ?? []).some((one) => JSON.stringify(one) === rule);
    if (theirs === domain && (!isNew || owns)) here += 1;
  }
  if (key === HOSTNAME) return here > constraint.maxSkew;
  const eligible = eligibleDomains(input, constraint, subject.pod);
  const least =
    eligible.size < (constraint.minDomains ?? 0) || eligible.size === 0
      ? 0
      : Math.min(...[...eligible].map((one) => counts.get(one) ?? 0));
  return here - least > constraint.maxSkew;
}

function spreadSelects(constraint: TopologySpreadConstraint, owner: Pod, other: Pod): boolean {
  const mine = owner.metadata.labels ?? {};
  const theirs = other.metadata.labels ?? {};
  return (
    (owner.metadata.namespace ?? "default") === (other.metadata.namespace ?? "default") &&
    selects(constraint.labelSelector, theirs) &&
    (constraint.matchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] === theirs[key])
  );
}

/** Do pods on this host count for the owner's constraint? */
function hostCounts(host: Host, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  const { node, pool } = host;
  if (node !== undefined) return nodeEligible(node, constraint, owner);
  return pool !== undefined && poolEligible(pool, constraint, owner);
}

function nodeEligible(node: ExistingNode, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  if (constraint.nodeTaintsPolicy === "Honor" && unbearableTaint(owner, node.taints) !== undefined) return false;
  if (constraint.nodeAffinityPolicy === "Ignore") return true;
  const labels = labelsOf(node);
  return alternatives(owner).some((term) =>
    [...selectorExpressions(owner), ...(term.matchExpressions ?? [])].every((one) =>
      expressionHolds(one, labels.get(one.key) ?? labels.get(currentName(one.key))),
    ),
  );
}

function poolEligible(pool: SchedulingNodePool, constraint: TopologySpreadConstraint, owner: Pod): boolean {
  if (constraint.nodeTaintsPolicy === "Honor" && unbearableTaint(owner, pool.taints) !== undefined) return false;
  return constraint.nodeAffinityPolicy === "Ignore" || reachableTerms(pool, owner).length > 0;
}

/** The required terms, each with the nodeSelector, that some node of the pool may meet. */
function reachableTerms(pool: SchedulingNodePool, owner: Pod): readonly (readonly NodeSelectorRequirement[])[] {
  return alternatives(owner)
    .map((term) => [...selectorExpressions(owner), ...(term.matchExpressions ?? [])])
    .filter((expressions) => expressions.every((one) => poolMayMeet(pool, one)));
}

function poolMayMeet(pool: SchedulingNodePool, expression: NodeSelectorRequirement): boolean {
  const key = currentName(expression.key);
  const own = pool.requirements.get(key);
  if (own === undefined) return mayBeUnnamed(expression) || key.startsWith("karpenter.k8s.aws/instance-");
  return satisfiableTogether([own, asRequirement(key, expression)]);
}

function eligibleDomains(
  input: SchedulingInput,
  constraint: TopologySpreadConstraint,
  owner: Pod,
): ReadonlySet<string> {
  const key = currentName(constraint.topologyKey);
  const domains = new Set<string>();
  for (const node of input.existingNodes) {
    const value = labelsOf(node).get(key);
    if (value !== undefined && nodeEligible(node, constraint, owner)) domains.add(value);
  }
  for (const pool of input.nodePools) {
    if (!poolEligible(pool, constraint, owner)) continue;
    const terms = constraint.nodeAffinityPolicy === "Ignore" ? [[]] : reachableTerms(pool, owner);
    for (const value of poolDomains(pool, key))
      if (terms.some((term) => term.every((one) => currentName(one.key) !== key || expressionHolds(one, value))))
        domains.add(value);
  }
  return domains;
}
