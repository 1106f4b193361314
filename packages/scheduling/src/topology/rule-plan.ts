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

/** A host refuses the pod for good once it has more than `max` pods that the group counts, or that own it. */
export interface HostLimit {
  readonly group: number;
  readonly counts: "selected" | "owners";
  readonly max: number;
}

/** A rule that the pod owns. */
export interface OwnedRule {
  readonly group: TopologyGroup;
  /** True if the group counts the pod itself. */
  readonly itself: boolean;
}

/** What decides which domains of one key the pod may use. */
export interface DomainRule {
  /** Index of the key among the keys other than hostname. */
  readonly keyIndex: number;
  readonly owned: readonly OwnedRule[];
  readonly guards: readonly TopologyGroup[];
}

/** {@link TopologyRules} sorted by how they are tested. */
export interface RulePlan {
  readonly hostLimits: readonly HostLimit[];
  /** Affinity over hosts: may hold later although it does not now. */
  readonly hostAffinities: readonly OwnedRule[];
  readonly domainRules: readonly DomainRule[];
  /** True if a refusal by these rules can never turn into acceptance while pods are only added. */
  readonly refusesForGood: boolean;
}

/** `keyIndexOf`: index of a key among the keys other than hostname. */
export function rulePlan(rules: TopologyRules, keyIndexOf: (key: string) => number): RulePlan {
  const owned = rules.owned.map((group): OwnedRule => ({ group, itself: rules.selectedBy.includes(group) }));
  const onHosts = owned.filter(({ group }) => group.key === LABELS.hostname);
  const keys = rules.keys.filter((key) => key !== LABELS.hostname);
  return {
    hostLimits: [
      ...onHosts.flatMap(hostLimit),
      ...rules.guards
        .filter(({ key }) => key === LABELS.hostname)
        .map(({ index }): HostLimit => ({ group: index, counts: "owners", max: 0 })),
    ],
    hostAffinities: onHosts.filter(({ group }) => group.kind === "affinity"),
    domainRules: keys.map((key) => ({
      keyIndex: keyIndexOf(key),
      owned: owned.filter(({ group }) => group.key === key),
      guards: rules.guards.filter((group) => group.key === key),
    })),
    refusesForGood: rules.owned.every(
      ({ kind, key }) => kind === "anti-affinity" || (kind === "spread" && key === LABELS.hostname),
    ),
  };
}

/** A new host can always be made, so that the least used one counts 0 (karpenter.md §3.8). */
function hostLimit({ group, itself }: OwnedRule): readonly HostLimit[] {
  if (group.kind === "affinity") return [];
  const max = group.kind === "spread" ? group.maxSkew - (itself ? 1 : 0) : 0;
  return [{ group: group.index, counts: "selected", max }];
}
