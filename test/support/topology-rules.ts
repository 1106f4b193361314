import type { AffinityTerm, CheckedPod, Expression, LabelSelector, Manifest, Spread } from "./manifest-pods.ts";
import { holds, type LabelledNode } from "./node-rules.ts";

const ZONE = "topology.kubernetes.io/zone";

export interface TopologyContext {
  /** Zones in which a node can be. */
  readonly zones: readonly string[];
  readonly objects: readonly Manifest[];
}

interface Placed {
  readonly pod: CheckedPod;
  readonly at: LabelledNode;
  readonly isNew: boolean;
}

/** Spread over zones and hosts, affinity and anti-affinity between pods, as the finished plan must show them. */
export function topologyObjections(nodes: readonly LabelledNode[], context: TopologyContext): readonly string[] {
  const all = nodes.flatMap((at): readonly Placed[] => [
    ...at.placed.map((pod) => ({ pod, at, isNew: true })),
    ...at.residents.map((pod) => ({ pod, at, isNew: false })),
  ]);
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const one of all) {
    const { pod } = one;
    for (const term of pod.antiAffinity) for (const text of repelled(one, term, all)) found.add(text);
    if (!one.isNew) continue;
    for (const term of pod.affinity) for (const text of detached(one, term, all)) found.add(text);
    for (const spread of pod.spec.topologySpreadConstraints ?? []) {
      const group = JSON.stringify([pod.namespace, spread, pod.spec.nodeSelector, pod.terms]);
      if (seen.has(group) || (spread.whenUnsatisfiable ?? "DoNotSchedule") !== "DoNotSchedule") continue;
      seen.add(group);
      for (const text of uneven(one, spread, all, context)) found.add(text);
    }
  }
  return [...found];
}

function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, pod: CheckedPod): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => pod.labels[key] === value) &&
    matchExpressions.every((one) => holds(one, pod.labels))
  );
}

function domainOf({ node, labels }: LabelledNode, key: string): string | undefined {
  return key === "kubernetes.io/hostname" ? node.name : Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function isMeant({ labelSelector, namespaces = [] }: AffinityTerm, owner: CheckedPod, other: CheckedPod): boolean {
  const spaces = namespaces.length === 0 ? [owner.namespace] : namespaces;
  return labelSelector !== undefined && spaces.includes(other.namespace) && selects(labelSelector, other);
}

function repelled({ pod, at, isNew }: Placed, term: AffinityTerm, all: readonly Placed[]): readonly string[] {
  const domain = domainOf(at, term.topologyKey);
  if (domain === undefined) return [];
  return all
    .filter((other) => other.pod !== pod && (isNew || other.isNew) && isMeant(term, pod, other.pod))
    .filter((other) => domainOf(other.at, term.topologyKey) === domain)
    .map((other) => `${pod.key} and ${other.pod.key} are both in ${domain} and must not be`);
}

function detached({ pod, at }: Placed, term: AffinityTerm, all: readonly Placed[]): readonly string[] {
  const domain = domainOf(at, term.topologyKey);
  const domains = new Set(
    all.filter((other) => isMeant(term, pod, other.pod)).map((other) => domainOf(other.at, term.topologyKey)),
  );
  if (domain === undefined || !domains.has(domain)) return [`${pod.key}: nothing it wants to be with is in ${domain}`];
  if (!isMeant(term, pod, pod) || !isClosed(term, pod, all)) return [];
  // Only the first of a group that wants itself may open a domain, and only if no pod that it wants is there already.
  const residents = new Set(
    all
      .filter((other) => !other.isNew && isMeant(term, pod, other.pod))
      .map((other) => domainOf(other.at, term.topologyKey)),
  );
  if (residents.size === 0 ? domains.size === 1 : residents.has(domain)) return [];
  return [`${pod.key}: in ${domain}, its group in ${[...(residents.size === 0 ? domains : residents)].join(", ")}`];
}

/** True if whoever the term means has the same term. */
function isClosed(term: AffinityTerm, owner: CheckedPod, all: readonly Placed[]): boolean {
  const text = JSON.stringify(term);
  return all
    .filter(({ pod, isNew }) => isNew && isMeant(term, owner, pod))
    .every(({ pod }) => pod.affinity.some((one) => JSON.stringify(one) === text));
}

/** Skew of a constraint whose owners are exactly the pods it counts; others may come later and move the counts. */
function uneven(
  { pod }: Placed,
  spread: Spread,
  all: readonly Placed[],
  { zones, objects }: TopologyContext,
): readonly string[] {
  const { labelSelector = {}, topologyKey, maxSkew, minDomains = 1 } = spread;
  const text = JSON.stringify(spread);
  const counted = all.filter((other) => other.pod.namespace === pod.namespace && selects(labelSelector, other.pod));
  const isOwn = ({ pod: other, isNew }: Placed): boolean =>
    isNew && (other.spec.topologySpreadConstraints ?? []).some((one) => JSON.stringify(one) === text);
  if (counted.length === 0 || !selects(labelSelector, pod) || !counted.every(isOwn)) return [];
  const counts = new Map<string, number>();
  if (topologyKey === ZONE) for (const zone of zones) if (isOpen(zone, pod, objects)) counts.set(zone, 0);
  for (const { at } of counted) {
    const domain = domainOf(at, topologyKey) ?? "";
    counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  const least = topologyKey === ZONE && counts.size >= minDomains ? Math.min(...counts.values()) : 0;
  if (topologyKey !== ZONE && topologyKey !== "kubernetes.io/hostname") return [];
  return [...counts]
    .filter(([, count]) => count - least > maxSkew)
    .map(([domain, count]) => `${pod.key} and its like: ${count} in ${domain}, ${least} in another of ${topologyKey}`);
}

/** Zones that the pod's own rules and some pool of the input allow. */
function isOpen(zone: string, pod: CheckedPod, objects: readonly Manifest[]): boolean {
  const labels = { [ZONE]: zone };
  const onZone = (list: readonly Expression[]): boolean =>
    list.filter(({ key }) => key === ZONE).every((one) => holds(one, labels));
  const selected = pod.spec.nodeSelector?.[ZONE];
  if (selected !== undefined && selected !== zone) return false;
  if (pod.terms.length > 0 && !pod.terms.some(onZone)) return false;
  const pools = objects.filter(({ kind }) => kind === "NodePool");
  return pools.length === 0 || pools.some((pool) => onZone(requirementsOf(pool)));
}

function requirementsOf({ spec }: Manifest): readonly Expression[] {
  const template = spec?.["template"] as { spec?: { requirements?: readonly Expression[] } } | undefined;
  return template?.spec?.requirements ?? [];
}
