import { LABELS } from "@nodeless/api";
import type { DomainTable } from "./domain-table.ts";
import type { DomainRule, OwnedRule } from "./rule-plan.ts";
import type { TopologyGroup } from "./topology-group.ts";

/** Hosts for which counters have room before they grow. */
const HOSTS_AT_FIRST = 16;
const NO_COUNTS = new Int32Array(0);

/** What does not change while pods are placed. */
export interface TopologyFacts {
  readonly groups: readonly TopologyGroup[];
  /** Hostname domains of existing nodes; new claims follow. */
  readonly hosts: DomainTable;
  /** Of all other keys in use. */
  readonly tables: readonly DomainTable[];
  /** By group: numbers of the domains over which a spread takes its minimum. */
  readonly eligible: readonly Int32Array[];
}

/** How many pods of each group are in each domain; the mutable part of one planning attempt. Domains are numbers of their key's table. */
export class TopologyState {
  readonly facts: TopologyFacts;
  /** By group: pods that it counts, by domain or host. */
  readonly counts: Int32Array[];
  /** By group, anti-affinity only: pods that own the rule, by domain or host. */
  readonly owners: Int32Array[];
  /** By group: pods counted anywhere. */
  readonly #totals: Int32Array;
  #hostsMax: number;

  constructor(facts: TopologyFacts, original?: TopologyState) {
    this.facts = facts;
    if (original !== undefined) {
      this.#hostsMax = original.#hostsMax;
      this.counts = original.counts.map((counts) => counts.slice());
      this.owners = original.owners.map((owners) => (owners.length === 0 ? NO_COUNTS : owners.slice()));
      this.#totals = original.#totals.slice();
      return;
    }
    this.#hostsMax = facts.hosts.names.length + HOSTS_AT_FIRST;
    const sizeOf = (group: TopologyGroup): number => {
      const table = this.#tableOf(group);
      return table === undefined ? this.#hostsMax : table.names.length;
    };
    this.counts = facts.groups.map((group) => new Int32Array(sizeOf(group)));
    this.owners = facts.groups.map((group) =>
      group.kind === "anti-affinity" ? new Int32Array(sizeOf(group)) : NO_COUNTS,
    );
    this.#totals = new Int32Array(facts.groups.length);
  }

  #tableOf({ key }: TopologyGroup): DomainTable | undefined {
    return key === LABELS.hostname ? undefined : this.facts.tables.find((table) => table.key === key);
  }

  /** An independent copy. */
  fork(): TopologyState {
    return new TopologyState(this.facts, this);
  }

  /** Makes room for counters of hosts up to this number. */
  reserveHosts(hosts: number): void {
    if (hosts <= this.#hostsMax) return;
    this.#hostsMax = Math.max(hosts, 2 * this.#hostsMax);
    for (const { key, index, kind } of this.facts.groups) {
      if (key !== LABELS.hostname) continue;
      this.counts[index] = grown(this.counts[index], this.#hostsMax);
      if (kind === "anti-affinity") this.owners[index] = grown(this.owners[index], this.#hostsMax);
    }
  }

  addCount(group: number, domain: number, pods = 1): void {
    const counts = this.counts[group];
    if (counts !== undefined) counts[domain] = (counts[domain] ?? 0) + pods;
    this.#totals[group] = (this.#totals[group] ?? 0) + pods;
  }

  addOwner(group: number, domain: number): void {
    const owners = this.owners[group];
    if (owners !== undefined) owners[domain] = (owners[domain] ?? 0) + 1;
  }

  /** Pods of the group in a domain of its key, by name. */
  countIn(group: TopologyGroup, domain: string): number {
    const table = this.#tableOf(group) ?? this.facts.hosts;
    return this.counts[group.index]?.[table.numberOf(domain)] ?? 0;
  }

  /** Smallest count over the eligible domains; 0 for hosts (a new one can always be made) and below `minDomains`. */
  minimum(group: TopologyGroup): number {
    const domains = this.facts.eligible[group.index] ?? NO_COUNTS;
    if (domains.length === 0 || domains.length < group.minDomains) return 0;
    const counts = this.counts[group.index] ?? NO_COUNTS;
    let least = Number.POSITIVE_INFINITY;
    for (const domain of domains) least = Math.min(least, counts[domain] ?? 0);
    return least;
  }

  /** True if a pod that owns the rule may join this domain or host; a domain below 0 is none at all. */
  ownerMayUse({ group, itself }: OwnedRule, domain: number): boolean {
    const count = domain < 0 ? 0 : (this.counts[group.index]?.[domain] ?? 0);
    switch (group.kind) {
      case "anti-affinity":
        return count === 0;
      case "affinity":
        // While no pod of the group is anywhere, a pod of the group may open the first domain itself.
        return domain >= 0 && (count > 0 || (itself && (this.#totals[group.index] ?? 0) === 0));
      case "spread":
        return domain >= 0 && count + (itself ? 1 : 0) - this.minimum(group) <= group.maxSkew;
    }
  }

  /** The first group that forbids the domain; undefined when allowed. Without a domain, spread and affinity fail. */
  forbidding({ owned, guards }: Pick<DomainRule, "owned" | "guards">, domain: number): TopologyGroup | undefined {
    for (const rule of owned) if (!this.ownerMayUse(rule, domain)) return rule.group;
    if (domain < 0) return undefined;
    for (const group of guards) if ((this.owners[group.index]?.[domain] ?? 0) > 0) return group;
    return undefined;
  }

  /** Order of preference among allowed domains: least used by the owned spreads, most used by the owned affinities. */
  rank({ owned }: DomainRule, domain: number): number {
    let rank = 0;
    for (const { group } of owned) {
      const count = this.counts[group.index]?.[domain] ?? 0;
      if (group.kind === "spread") rank += count;
      else if (group.kind === "affinity") rank -= count;
    }
    return rank;
  }
}

function grown(counts: Int32Array | undefined, size: number): Int32Array {
  const larger = new Int32Array(size);
  if (counts !== undefined) larger.set(counts);
  return larger;
}

/** A sentence about a rule that no domain of a candidate satisfies. */
export function describeGroup(group: TopologyGroup): string {
  switch (group.kind) {
    case "spread":
      return `topology spread over ${group.key} with maxSkew ${group.maxSkew}`;
    case "affinity":
      return `pod affinity over ${group.key}`;
    case "anti-affinity":
      return `pod anti-affinity over ${group.key}`;
  }
}
