import { LABELS } from "@nodeless/api";
import type { TopologyRules } from "./rule-plan.ts";
import type { TopologyGroup } from "./topology-group.ts";

/** A group by its number and the index of its key among the keys other than hostname. */
interface DomainCount {
  readonly group: number;
  readonly keyIndex: number;
  /** Until the domain is known a pod repels from every domain it may end up in, but attracts to and counts in none. */
  readonly everywhere: boolean;
}

/** What a placed pod of one kind changes in the counters. */
export interface CountPlan {
  /** Groups over hosts that count the pod. */
  readonly hosts: readonly number[];
  readonly domains: readonly DomainCount[];
  /** Required anti-affinity over hosts that the pod owns. */
  readonly hostOwners: readonly number[];
  readonly domainOwners: readonly DomainCount[];
  readonly isEmpty: boolean;
}

/** `filter`: whether pods on the node or pool in question count for the group. */
export function countPlan(
  { owned, selectedBy }: TopologyRules,
  keyIndexOf: (key: string) => number,
  filter: (group: TopologyGroup) => boolean,
): CountPlan {
  const counted = selectedBy.filter(filter);
  const owners = owned.filter(({ kind, required }) => kind === "anti-affinity" && required);
  const numbers = (groups: readonly TopologyGroup[]): number[] =>
    groups.filter(({ key }) => key === LABELS.hostname).map(({ index }) => index);
  const domains = (groups: readonly TopologyGroup[]): DomainCount[] =>
    groups
      .filter(({ key }) => key !== LABELS.hostname)
      .map(({ index, key, kind }) => ({
        group: index,
        keyIndex: keyIndexOf(key),
        everywhere: kind === "anti-affinity",
      }));
  return {
    hosts: numbers(counted),
    domains: domains(counted),
    hostOwners: numbers(owners),
    domainOwners: domains(owners),
    isEmpty: counted.length + owners.length === 0,
  };
}
