import { allowsLabel, groupSelects, type TopologyGroup, TopologyGroups, toleratesTaints } from "@nodeless/scheduling";
import { labelValue, type NodeInfo } from "./node-info.ts";
import { type PodShape, requiredAntiAffinity } from "./pod-shape.ts";

/** Counts of one group per domain, kept up to date with every pod and node. */
export interface GroupCounts {
  readonly group: TopologyGroup;
  /** Selected pods by domain; no zeros. */
  readonly pods: Map<string, number>;
  /** Pods that own the rule (anti-affinity only) by domain; no zeros. */
  readonly owners: Map<string, number>;
  /** Nodes that count, by domain: the domains over which a spread takes its minimum. */
  readonly nodes: Map<string, number>;
}

type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Which domain a node gives to a group; undefined if it has none or does not count. */
function domainOf({ key, filter }: TopologyGroup, info: NodeInfo): string | undefined {
  const { node } = info;
  if (node === undefined) return undefined;
  const domain = labelValue(info, key);
  if (domain === undefined) return undefined;
  if (filter.tolerations !== undefined && !toleratesTaints(filter.tolerations, node.spec.taints)) return undefined;
  const { alternatives } = filter;
  const counts =
    alternatives === undefined ||
    alternatives.some((all) => all.every((one) => allowsLabel(one, labelValue(info, one.key))));
  return counts ? domain : undefined;
}

/** Pods per topology domain for every rule that a scheduled or waiting pod has. */
export class TopologyIndex {
  readonly #groups: TopologyGroups;
  readonly #counts: GroupCounts[] = [];
  readonly #nodes: ReadonlyMap<string, NodeInfo>;

  /** `nodes` is the live map of the cluster state. */
  constructor(nodes: ReadonlyMap<string, NodeInfo>, namespaceLabels: NamespaceLabels) {
    this.#nodes = nodes;
    this.#groups = new TopologyGroups(namespaceLabels);
    for (const { pods } of nodes.values()) for (const shape of pods.values()) this.ownAntiAffinity(shape);
  }

  get size(): number {
    return this.#counts.length;
  }

  /** Counts for a group; counted from scratch when the group is new. */
  countsOf(group: TopologyGroup): GroupCounts {
    const known = this.#counts[group.index];
    if (known !== undefined) return known;
    const counts: GroupCounts = { group, pods: new Map(), owners: new Map(), nodes: new Map() };
    this.#counts[group.index] = counts;
    for (const info of this.#nodes.values()) this.#countNode(counts, info, 1);
    return counts;
  }

  /** The anti-affinity groups that the pod insists on. */
  ownAntiAffinity(shape: PodShape): readonly GroupCounts[] {
    return requiredAntiAffinity(shape.spec).map((term) =>
      this.countsOf(this.#groups.affinity("anti-affinity", term, shape.owner, true)),
    );
  }

  /** Groups of the pod's affinity terms. */
  affinity(shape: PodShape): readonly GroupCounts[] {
    const terms = shape.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    return terms.map((term) => this.countsOf(this.#groups.affinity("affinity", term, shape.owner, true)));
  }

  /** Preferred terms with their weights; negative for anti-affinity. */
  preferred(shape: PodShape): readonly { readonly counts: GroupCounts; readonly weight: number }[] {
    const { podAffinity, podAntiAffinity } = shape.spec.affinity ?? {};
    const weigh = (terms: typeof podAffinity, kind: "affinity" | "anti-affinity", sign: number) =>
      (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
        counts: this.countsOf(this.#groups.affinity(kind, podAffinityTerm, shape.owner, false)),
        weight: weight * sign,
      }));
    return [...weigh(podAffinity, "affinity", 1), ...weigh(podAntiAffinity, "anti-affinity", -1)];
  }

  /** Groups of the pod's spread constraints of one kind. */
  spreads(shape: PodShape, whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway"): readonly GroupCounts[] {
    return (shape.spec.topologySpreadConstraints ?? [])
      .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
      .map((constraint) => this.countsOf(this.#groups.spread(constraint, shape.owner)));
  }

  /** Anti-affinity of pods that are placed and keep this one away. */
  guards(shape: PodShape): readonly GroupCounts[] {
    return this.#counts.filter(({ group, owners }) => owners.size > 0 && groupSelects(group, shape));
  }

  /** Call before the pod is added to (`1`) or removed from (`-1`) its node. */
  podChanged(info: NodeInfo, shape: PodShape, change: 1 | -1): void {
    const owned = this.ownAntiAffinity(shape);
    for (const counts of this.#counts) {
      const selected = groupSelects(counts.group, shape);
      const owns = owned.includes(counts);
      const domain = selected || owns ? domainOf(counts.group, info) : undefined;
      if (domain === undefined) continue;
      if (selected) bump(counts.pods, domain, change);
      if (owns) bump(counts.owners, domain, change);
    }
  }

  /** Call before (`-1`) and after (`1`) a node changes, is added or removed. */
  nodeChanged(info: NodeInfo, change: 1 | -1): void {
    for (const counts of this.#counts) this.#countNode(counts, info, change);
  }

  #countNode(counts: GroupCounts, info: NodeInfo, change: 1 | -1): void {
    const { group } = counts;
    const domain = domainOf(group, info);
    if (domain === undefined) return;
    bump(counts.nodes, domain, change);
    for (const shape of info.pods.values()) {
      if (groupSelects(group, shape)) bump(counts.pods, domain, change);
      if (group.kind === "anti-affinity" && group.required && this.#owns(group, shape))
        bump(counts.owners, domain, change);
    }
  }

  #owns(group: TopologyGroup, shape: PodShape): boolean {
    return requiredAntiAffinity(shape.spec).some(
      (term) => this.#groups.affinity("anti-affinity", term, shape.owner, true) === group,
    );
  }
}

function bump(counts: Map<string, number>, domain: string, change: number): void {
  const count = (counts.get(domain) ?? 0) + change;
  if (count === 0) counts.delete(domain);
  else counts.set(domain, count);
}
