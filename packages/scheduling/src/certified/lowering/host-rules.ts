import { LABELS } from "@nodeless/api";
import type { HostPort } from "../../resources/host-ports.ts";
import type { TopologyRules } from "../../topology/rule-plan.ts";
import type { TopologyGroup } from "../../topology/topology-group.ts";
import type { HostRule } from "../problem.ts";

/** What pods of one kind mean to the rules of their host. */
interface HostRoles {
  readonly countedBy: readonly number[];
  readonly owns: readonly number[];
}

/** Pods as host rules see them. */
interface HostSubject {
  readonly rules: TopologyRules;
  readonly ports: readonly HostPort[];
}

/**
 * What a rule over a wider domain than a host means for one host: the most pods that it counts there beside an owner. Undefined: no more
 * than any.
 */
export type DomainMax = (group: TopologyGroup, itself: boolean) => number | undefined;

interface HostRuleOptions {
  /**
   * One rule per constraint; otherwise constraints that differ only in which nodes count share one, which is stricter and therefore
   * wrong in a bound.
   */
  readonly exactSpreads: boolean;
  /** Default: rules over wider domains say nothing. */
  readonly domainMax?: DomainMax;
}

const EVERY_ADDRESS = "0.0.0.0";
const NO_ROLES: HostRoles = { countedBy: [], owns: [] };

/**
 * Rules about pods on one host as counts (packing.md §6): anti-affinity lets an owner alone among those it selects, a spread with maxSkew
 * k at most k owners that it selects, a host port one pod. Owners of a spread that their own selector does not match are bound by nothing
 * once they come before the pods that they count.
 */
export class HostRules {
  readonly list: HostRule[] = [];
  /** By rule: groups whose pods on existing nodes count. */
  readonly groups: TopologyGroup[][] = [];
  readonly #numbers = new Map<string, number>();
  readonly #roles = new Map<TopologyRules, HostRoles>();
  readonly #portRules = new Map<string, number>();
  readonly #exactSpreads: boolean;
  readonly #domainMax: DomainMax;

  constructor(subjects: Iterable<HostSubject>, options: HostRuleOptions) {
    this.#exactSpreads = options.exactSpreads;
    this.#domainMax = options.domainMax ?? (() => undefined);
    const distinct = new Set<TopologyRules>();
    const ports: HostPort[] = [];
    for (const subject of subjects) {
      distinct.add(subject.rules);
      ports.push(...subject.ports);
    }
    for (const rules of distinct) for (const group of rules.owned) this.#own(group, rules);
    for (const rules of distinct) this.#roles.set(rules, this.#rolesIn(rules));
    this.#addPorts(ports);
  }

  rolesOf({ rules, ports }: HostSubject): HostRoles {
    const roles = this.#roles.get(rules) ?? NO_ROLES;
    if (ports.length === 0) return roles;
    const taken = [...new Set(ports.flatMap((port) => this.#portRulesOf(port)))];
    return { countedBy: [...roles.countedBy, ...taken], owns: [...roles.owns, ...taken] };
  }

  #own(group: TopologyGroup, { selectedBy }: TopologyRules): void {
    const itself = selectedBy.includes(group);
    const max = this.#maxOf(group, itself);
    if (max === undefined) return;
    const rule = this.#ruleNumber(this.#nameOf(group, itself), max);
    const groups = this.groups[rule];
    if (groups !== undefined && !groups.includes(group)) groups.push(group);
  }

  #maxOf(group: TopologyGroup, itself: boolean): number | undefined {
    if (group.kind === "affinity" || (group.kind === "spread" && !itself)) return undefined;
    if (group.key !== LABELS.hostname) return this.#domainMax(group, itself);
    return group.kind === "spread" ? group.maxSkew : itself ? 1 : 0;
  }

  #rolesIn({ owned, selectedBy }: TopologyRules): HostRoles {
    const countedBy = new Set<number>();
    const owns = new Set<number>();
    for (const group of owned) {
      const rule = this.#numbers.get(this.#nameOf(group, selectedBy.includes(group)));
      if (rule === undefined) continue;
      owns.add(rule);
      if (group.kind === "spread") countedBy.add(rule);
    }
    for (const group of selectedBy) {
      if (group.kind !== "anti-affinity") continue;
      for (const itself of [true, false]) {
        const rule = this.#numbers.get(this.#nameOf(group, itself));
        if (rule !== undefined) countedBy.add(rule);
      }
    }
    return { countedBy: [...countedBy], owns: [...owns] };
  }

  #nameOf(group: TopologyGroup, itself: boolean): string {
    if (group.kind === "anti-affinity") return `anti ${group.index} ${itself}`;
    if (!itself) return "none";
    if (this.#exactSpreads) return `spread ${group.index}`;
    return `spread ${JSON.stringify([group.key, [...(group.namespaces ?? [])], group.clauses, group.maxSkew])}`;
  }

  #ruleNumber(name: string, max: number): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.list.length;
      this.#numbers.set(name, number);
      this.list.push({ max });
      this.groups.push([]);
    }
    return number;
  }

  /** One rule per port and address; without particular addresses one per port. */
  #addPorts(ports: readonly HostPort[]): void {
    const slots = new Map<string, Set<string>>();
    for (const { ip, protocol, port } of ports) {
      const slot = `${protocol} ${port}`;
      const addresses = slots.get(slot) ?? new Set<string>();
      slots.set(slot, addresses.add(ip));
    }
    for (const [slot, addresses] of slots) {
      if (addresses.size > 1) addresses.delete(EVERY_ADDRESS);
      for (const ip of addresses) this.#portRules.set(`${slot} ${ip}`, this.#ruleNumber(`port ${slot} ${ip}`, 1));
    }
  }

  #portRulesOf({ ip, protocol, port }: HostPort): readonly number[] {
    const slot = `${protocol} ${port}`;
    const own = this.#portRules.get(`${slot} ${ip}`);
    if (own !== undefined) return [own];
    return [...this.#portRules].filter(([name]) => name.startsWith(`${slot} `)).map(([, rule]) => rule);
  }
}
