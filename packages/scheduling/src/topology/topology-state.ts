import { LABELS } from "@nodeless/api";
import type { TopologyGroup } from "./topology-group.ts";

/** Which groups concern one kind of pod. */
export interface TopologyRules {
  /** Rules the pod must keep. */
  readonly owned: readonly TopologyGroup[];
  /** Anti-affinity of other pods that keeps this pod away from them. */
  readonly guards: readonly TopologyGroup[];
  /** Groups that count this pod. */
  readonly selectedBy: readonly TopologyGroup[];
  /** Keys of `owned` and `guards`, each once. */
  readonly keys: readonly string[];
}

const NO_DOMAINS: readonly string[] = [];

/** How many pods of each group are in each domain; the mutable part of one planning attempt. */
export class TopologyState {
  readonly #counts: Map<string, number>[];
  /** Anti-affinity only: how many pods that own the rule may be in a domain. */
  readonly #owners: Map<string, number>[];
  readonly #eligible: readonly (readonly string[])[];

  /** `eligible`: by group index, the domains over which a spread takes its minimum. */
  constructor(eligible: readonly (readonly string[])[]) {
    this.#eligible = eligible;
    this.#counts = eligible.map(() => new Map());
    this.#owners = eligible.map(() => new Map());
  }

  /** An independent copy. */
  fork(): TopologyState {
    const copy = new TopologyState(this.#eligible);
    for (const [index, counts] of this.#counts.entries()) copy.#counts[index] = new Map(counts);
    for (const [index, owners] of this.#owners.entries()) copy.#owners[index] = new Map(owners);
    return copy;
  }

  countIn(group: TopologyGroup, domain: string): number {
    return this.#counts[group.index]?.get(domain) ?? 0;
  }

  ownersIn(group: TopologyGroup, domain: string): number {
    return this.#owners[group.index]?.get(domain) ?? 0;
  }

  addCount(group: TopologyGroup, domain: string, pods = 1): void {
    this.#counts[group.index]?.set(domain, this.countIn(group, domain) + pods);
  }

  addOwner(group: TopologyGroup, domain: string): void {
    this.#owners[group.index]?.set(domain, this.ownersIn(group, domain) + 1);
  }

  /** True while no pod of the group is anywhere: then a pod of the group may open the first domain itself. */
  isEmpty(group: TopologyGroup): boolean {
    return (this.#counts[group.index]?.size ?? 0) === 0;
  }

  /** Smallest count over the eligible domains; 0 for hosts (a new one can always be made) and below `minDomains`. */
  minimum(group: TopologyGroup): number {
    if (group.key === LABELS.hostname) return 0;
    const domains = this.#eligible[group.index] ?? NO_DOMAINS;
    if (domains.length === 0 || domains.length < group.minDomains) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const domain of domains) least = Math.min(least, this.countIn(group, domain));
    return least;
  }

  /** The first rule about `key` that forbids the domain; undefined when allowed. Without a domain, spread and affinity fail. */
  violated(rules: TopologyRules, key: string, domain: string | undefined): TopologyGroup | undefined {
    for (const group of rules.owned) if (group.key === key && !this.#ownerMayUse(group, rules, domain)) return group;
    if (domain === undefined) return undefined;
    return rules.guards.find((group) => group.key === key && this.ownersIn(group, domain) > 0);
  }

  #ownerMayUse(group: TopologyGroup, rules: TopologyRules, domain: string | undefined): boolean {
    if (group.kind === "anti-affinity") return domain === undefined || this.countIn(group, domain) === 0;
    if (domain === undefined) return false;
    const itself = rules.selectedBy.includes(group);
    if (group.kind === "affinity") return this.countIn(group, domain) > 0 || (itself && this.isEmpty(group));
    return this.countIn(group, domain) + (itself ? 1 : 0) - this.minimum(group) <= group.maxSkew;
  }

  /** Order of preference among allowed domains: least used by the owned spreads, most used by the owned affinities. */
  rank(rules: TopologyRules, key: string, domain: string): number {
    let rank = 0;
    for (const group of rules.owned) {
      if (group.key !== key) continue;
      if (group.kind === "spread") rank += this.countIn(group, domain);
      else if (group.kind === "affinity") rank -= this.countIn(group, domain);
    }
    return rank;
  }
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
