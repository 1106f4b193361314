import type { Pod } from "@nodeless/api";
import { LABELS, WELL_KNOWN_LABELS } from "@nodeless/api";
import { ContentIndex } from "../content-index.ts";
import type { ExistingNode, Requirement, SchedulingInput, SchedulingNodePool } from "../model.ts";
import type { PodClass } from "../packing/pod-shape.ts";
import { podKeyOf } from "../packing/pod-shape.ts";
import type { PoolCatalog } from "../packing/pool-catalog.ts";
import { labelOf } from "../requirements/labels.ts";
import { allowsLabel, allowsValue } from "../requirements/requirement.ts";
import { compareText, compatibleRequirements } from "../requirements/requirements.ts";
import { toleratesTaints } from "../taints/tolerations.ts";
import { DomainTable } from "./domain-table.ts";
import type { TopologyRules } from "./rule-plan.ts";
import type { NodeFilter, TopologyGroup, TopologyOwner } from "./topology-group.ts";
import { groupSelects, TopologyGroups } from "./topology-group.ts";
import type { TopologyFacts } from "./topology-state.ts";
import { TopologyState } from "./topology-state.ts";

/** The topology rules of one input with the pods that exist already counted. */
interface TopologyModel {
  readonly state: TopologyState;
  /** The rules of a class's variant; equal rules of equal classes are the same object. */
  rulesOf(podClass: PodClass, variant: number): TopologyRules;
}

/** Of pods that no rule concerns: always this object. */
export const NO_RULES: TopologyRules = { owned: [], guards: [], selectedBy: [], keys: [] };
const NO_DOMAINS = new Int32Array(0);

/** Collects the groups of all pods, the domains they may use, and the counts of existing pods. */
export function buildTopology(
  input: SchedulingInput,
  classes: readonly PodClass[],
  catalogs: readonly PoolCatalog[],
): TopologyModel {
  const groups = new TopologyGroups(input.namespaceLabels);
  const planned = new Set(input.existingNodes.length === 0 ? [] : input.pods.map(podKeyOf));
  const residents = input.existingNodes.map((node) => ({
    node,
    pods: node.pods.filter((pod) => counts(pod) && !planned.has(podKeyOf(pod))),
  }));
  const owned = classes.map((podClass) => podClass.variants.map((_, index) => ownedGroups(groups, podClass, index)));
  const residentRules = residents.map(({ pods }) => pods.map((pod) => requiredAntiAffinity(groups, pod)));
  const state = new TopologyState(topologyFacts(groups.list, input, catalogs));
  if (groups.list.length === 0) return { state, rulesOf: () => NO_RULES };
  if (residents.length > 0) {
    const selectors = new GroupSelectors(groups.list);
    for (const [index, { node, pods }] of residents.entries()) {
      const selected = pods.map((pod) => selectors.of(pod));
      countResidents(state, { node, selected, rules: residentRules[index] ?? [] });
    }
  }
  const selected = classes.map((podClass) => groups.list.filter((group) => groupSelects(group, podClass)));
  return {
    state,
    rulesOf(podClass, variant) {
      const selectedBy = selected[podClass.index] ?? [];
      const own = owned[podClass.index]?.[variant] ?? [];
      const guards = selectedBy.filter(({ kind, required }) => kind === "anti-affinity" && required);
      if (own.length + selectedBy.length === 0) return NO_RULES;
      return { owned: own, guards, selectedBy, keys: [...new Set([...own, ...guards].map(({ key }) => key))] };
    },
  };
}

function topologyFacts(
  groups: readonly TopologyGroup[],
  input: SchedulingInput,
  catalogs: readonly PoolCatalog[],
): TopologyFacts {
  const domains = (key: string): DomainTable => {
    const [only] = catalogs;
    if (input.existingNodes.length === 0 && catalogs.length === 1 && only !== undefined)
      return tableOfPool(key, only.domainsOf(key));
    const ofNodes = input.existingNodes.map((node) => domainOfNode(node, key)).filter((name) => name !== undefined);
    return new DomainTable(key, [...ofNodes, ...catalogs.flatMap((catalog) => catalog.domainsOf(key))]);
  };
  const keys = new Set(groups.map(({ key }) => key));
  keys.delete(LABELS.hostname);
  const tables = [...keys].map(domains);
  return {
    groups,
    hosts: new DomainTable(
      LABELS.hostname,
      input.existingNodes.map((node) => domainOfNode(node, LABELS.hostname) ?? node.name),
    ),
    tables,
    eligible: groups.map((group) => {
      const table = tables.find(({ key }) => key === group.key);
      if (table === undefined) return NO_DOMAINS;
      return Int32Array.from(eligibleDomains(group, input, catalogs), (name) => table.numberOf(name));
    }),
  };
}

const poolTables = new WeakMap<readonly string[], DomainTable>();

/** A pool's domains of a key are the same list in every pass. */
function tableOfPool(key: string, domains: readonly string[]): DomainTable {
  let table = poolTables.get(domains);
  if (table?.key !== key) {
    table = new DomainTable(key, domains);
    poolTables.set(domains, table);
  }
  return table;
}

/** Terminating and finished pods are not counted (karpenter.md §3.8). */
function counts({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

function ownedGroups(groups: TopologyGroups, podClass: PodClass, index: number): readonly TopologyGroup[] {
  const variant = podClass.variants[index];
  if (variant === undefined) return [];
  const owner: TopologyOwner = {
    namespace: podClass.namespace,
    labels: podClass.labels,
    tolerations: variant.tolerations,
    eligibility: variant.eligibility,
  };
  return [
    ...variant.spreads.map((constraint) => groups.spread(constraint, owner)),
    ...variant.affinity.map(({ term, required }) => groups.affinity("affinity", term, owner, required)),
    ...variant.antiAffinity.map(({ term, required }) => groups.affinity("anti-affinity", term, owner, required)),
  ];
}

function requiredAntiAffinity(groups: TopologyGroups, pod: Pod): readonly TopologyGroup[] {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (terms.length === 0) return [];
  const owner: TopologyOwner = {
    namespace: pod.metadata.namespace ?? "default",
    labels: pod.metadata.labels ?? {},
    tolerations: [],
    eligibility: [],
  };
  return terms.map((term) => groups.affinity("anti-affinity", term, owner, true));
}

/** Finds the groups that count a pod; pods with the same labels as far as any group looks are asked once. */
class GroupSelectors {
  readonly #groups: readonly TopologyGroup[];
  readonly #labelKeys: readonly string[];
  readonly #index = new ContentIndex();
  readonly #selected: (readonly TopologyGroup[])[] = [];

  constructor(groups: readonly TopologyGroup[]) {
    this.#groups = groups;
    this.#labelKeys = [...new Set(groups.flatMap(({ clauses }) => (clauses ?? []).map(({ key }) => key)))];
  }

  of({ metadata }: Pod): readonly TopologyGroup[] {
    const { labels = {}, namespace = "default" } = metadata;
    let at = this.#index.start.next(namespace);
    for (const key of this.#labelKeys) at = at.next(Object.hasOwn(labels, key) ? labels[key] : undefined);
    const number = this.#index.numberAt(at);
    const known = this.#selected[number];
    if (known !== undefined) return known;
    const selected = this.#groups.filter((group) => groupSelects(group, { namespace, labels }));
    this.#selected.push(selected);
    return selected;
  }
}

function countResidents(
  state: TopologyState,
  resident: {
    readonly node: ExistingNode;
    /** By pod: the groups that count it. */
    readonly selected: readonly (readonly TopologyGroup[])[];
    /** By pod: the required anti-affinity that it owns. */
    readonly rules: readonly (readonly TopologyGroup[])[];
  },
): void {
  const { node, selected, rules } = resident;
  const { facts } = state;
  const domains = facts.groups.map(({ filter, key }) =>
    nodeCounts(filter, node) ? domainNumberOfNode(facts, node, key) : -1,
  );
  for (const groups of selected)
    for (const { index } of groups) {
      const domain = domains[index] ?? -1;
      if (domain >= 0) state.addCount(index, domain);
    }
  for (const owned of rules)
    for (const { index, key } of owned) {
      const domain = domainNumberOfNode(facts, node, key);
      if (domain >= 0) state.addOwner(index, domain);
    }
}

/** The node's domain by number; -1 if it has none. */
export function domainNumberOfNode({ hosts, tables }: TopologyFacts, node: ExistingNode, key: string): number {
  const table = key === LABELS.hostname ? hosts : tables.find((one) => one.key === key);
  return table?.numberOf(domainOfNode(node, key)) ?? -1;
}

/** The node's domain of a topology key: its label, or its name for hostname. */
export function domainOfNode(node: ExistingNode, key: string): string | undefined {
  return labelOf(node.labels, key) ?? (key === LABELS.hostname ? node.name : undefined);
}

/** True if pods on the node count for a group with this filter. */
export function nodeCounts({ alternatives, tolerations }: NodeFilter, node: ExistingNode): boolean {
  if (tolerations !== undefined && !toleratesTaints(tolerations, node.taints)) return false;
  return (
    alternatives === undefined ||
    alternatives.some((all) => all.every((one) => allowsLabel(one, domainOfNode(node, one.key))))
  );
}

/** True if pods on new nodes of the pool count for a group with this filter. */
export function poolCounts({ alternatives, tolerations }: NodeFilter, { pool }: PoolCatalog): boolean {
  if (tolerations !== undefined && !toleratesTaints(tolerations, pool.taints)) return false;
  return alternatives === undefined || alternatives.some((all) => poolMeets(pool, all));
}

function poolMeets(pool: SchedulingNodePool, all: readonly Requirement[]): boolean {
  return all.every((one) => compatibleRequirements(pool.requirements, new Map([[one.key, one]]), WELL_KNOWN_LABELS));
}

/** Domains over which a spread takes its minimum: of nodes that count, and those that pools that count could still open. */
function eligibleDomains(
  { kind, key, filter }: TopologyGroup,
  input: SchedulingInput,
  catalogs: readonly PoolCatalog[],
): readonly string[] {
  if (kind !== "spread" || key === LABELS.hostname) return [];
  const domains = new Set<string>();
  for (const node of input.existingNodes) {
    const domain = domainOfNode(node, key);
    if (domain !== undefined && nodeCounts(filter, node)) domains.add(domain);
  }
  for (const catalog of catalogs) {
    if (filter.tolerations !== undefined && !toleratesTaints(filter.tolerations, catalog.pool.taints)) continue;
    const reachable = (filter.alternatives ?? [[]]).filter((all) => poolMeets(catalog.pool, all));
    for (const domain of catalog.domainsOf(key))
      if (reachable.some((all) => all.every((one) => one.key !== key || allowsValue(one, domain)))) domains.add(domain);
  }
  return [...domains].sort(compareText);
}
