import type {
  LabelClause,
  LabelSelector,
  Pod,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from "@nodeless/api";
import { labelSelectorClauses, matchesClauses, matchesLabelSelector, normalizedLabelKey } from "@nodeless/api";
import { ContentIndex } from "../content-index.ts";
import type { Requirement } from "../model.ts";
import { compareText } from "../requirements/requirements.ts";

/** Which nodes and pools count for a spread group. */
export interface NodeFilter {
  /** nodeAffinityPolicy Honor: only nodes that meet one of these. Undefined: every node. */
  readonly alternatives: readonly (readonly Requirement[])[] | undefined;
  /** nodeTaintsPolicy Honor: only nodes whose taints these tolerate. Undefined: every node. */
  readonly tolerations: readonly Toleration[] | undefined;
}

/** Pods counted together per domain of one label (karpenter.md §3.8). Equal rules share one group. */
export interface TopologyGroup {
  readonly index: number;
  readonly kind: "spread" | "affinity" | "anti-affinity";
  /** Normalised label key of the domains. */
  readonly key: string;
  /** Undefined: all namespaces. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** Undefined: selects no pod. */
  readonly clauses: readonly LabelClause[] | undefined;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly filter: NodeFilter;
  /** Anti-affinity that its owner insists on also keeps later matching pods away. */
  readonly required: boolean;
}

/** True if the group counts this pod. */
export function groupSelects(
  group: TopologyGroup,
  pod: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  if (group.namespaces !== undefined && !group.namespaces.has(pod.namespace)) return false;
  return group.clauses !== undefined && matchesClauses(group.clauses, pod.labels);
}

/** The pod that owns a rule, as far as the rule's meaning depends on it. */
export interface TopologyOwner {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** nodeSelector with each required OR-term. */
  readonly eligibility: readonly (readonly Requirement[])[];
}

type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Groups by meaning; asked for the same rule twice it gives the same group. */
export class TopologyGroups {
  readonly list: TopologyGroup[] = [];
  readonly #meanings = new ContentIndex();
  readonly #namespaceLabels: NamespaceLabels;
  readonly #single = new Map<string, ReadonlySet<string>>();

  constructor(namespaceLabels: NamespaceLabels) {
    this.#namespaceLabels = namespaceLabels;
  }

  spread(constraint: TopologySpreadConstraint, owner: TopologyOwner): TopologyGroup {
    const honorsAffinity = constraint.nodeAffinityPolicy !== "Ignore";
    const honorsTaints = constraint.nodeTaintsPolicy === "Honor";
    return this.#intern({
      kind: "spread",
      key: normalizedLabelKey(constraint.topologyKey),
      namespaces: this.#only(owner.namespace),
      clauses: selectorClauses(constraint.labelSelector, owner, constraint.matchLabelKeys),
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 0,
      filter: {
        alternatives: honorsAffinity ? owner.eligibility : undefined,
        tolerations: honorsTaints ? owner.tolerations : undefined,
      },
      required: true,
    });
  }

  affinity(
    kind: "affinity" | "anti-affinity",
    term: PodAffinityTerm,
    owner: TopologyOwner,
    required: boolean,
  ): TopologyGroup {
    return this.#intern({
      kind,
      key: normalizedLabelKey(term.topologyKey),
      namespaces: this.#namespacesOf(term, owner.namespace),
      clauses: selectorClauses(term.labelSelector, owner, term.matchLabelKeys, term.mismatchLabelKeys),
      maxSkew: 0,
      minDomains: 0,
      filter: { alternatives: undefined, tolerations: undefined },
      required,
    });
  }

  #only(namespace: string): ReadonlySet<string> {
    let set = this.#single.get(namespace);
    if (set === undefined) {
      set = new Set([namespace]);
      this.#single.set(namespace, set);
    }
    return set;
  }

  /** Explicit list ∪ namespaceSelector; neither means the owner's own; an empty selector means all. */
  #namespacesOf(term: PodAffinityTerm, own: string): ReadonlySet<string> | undefined {
    const selector = term.namespaceSelector;
    if (selector === undefined && (term.namespaces ?? []).length === 0) return this.#only(own);
    if (selector !== undefined && labelSelectorClauses(selector).length === 0) return undefined;
    const selected = [...this.#namespaceLabels].filter(([, labels]) => matchesLabelSelector(selector, labels));
    return new Set([...(term.namespaces ?? []), ...selected.map(([name]) => name)]);
  }

  #intern(meaning: Omit<TopologyGroup, "index">): TopologyGroup {
    const number = this.#meanings.numberOf(
      meaning.kind,
      meaning.key,
      meaning.namespaces === undefined ? undefined : sorted(meaning.namespaces),
      meaning.clauses,
      meaning.maxSkew,
      meaning.minDomains,
      meaning.filter.alternatives?.map((all) => all.map(plainRequirement)),
      meaning.filter.tolerations,
      meaning.required,
    );
    const known = this.list[number];
    if (known !== undefined) return known;
    const group: TopologyGroup = { ...meaning, index: number };
    this.list.push(group);
    return group;
  }
}

const sorted = (names: ReadonlySet<string>): readonly string[] =>
  names.size <= 1 ? [...names] : [...names].sort(compareText);

const plainRequirement = ({ key, complement, values, gte, lte }: Requirement): readonly unknown[] => [
  key,
  complement,
  [...values].sort(compareText),
  gte,
  lte,
];

const knownClauses = new WeakMap<LabelSelector, readonly LabelClause[]>();

/** Equal specs are the same object in every pass, so that their selectors need to be read once. */
function clausesOf(selector: LabelSelector): readonly LabelClause[] {
  let clauses = knownClauses.get(selector);
  if (clauses === undefined) {
    clauses = labelSelectorClauses(selector);
    knownClauses.set(selector, clauses);
  }
  return clauses;
}

function selectorClauses(
  selector: LabelSelector | undefined,
  owner: TopologyOwner,
  matchKeys: readonly string[] = [],
  mismatchKeys: readonly string[] = [],
): readonly LabelClause[] | undefined {
  if (selector === undefined) return undefined;
  const byKey =
    (operator: "In" | "NotIn") =>
    (key: string): LabelClause[] => {
      const value = Object.hasOwn(owner.labels, key) ? owner.labels[key] : undefined;
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    };
  const clauses = clausesOf(selector);
  if (matchKeys.length + mismatchKeys.length === 0) return clauses;
  return [...clauses, ...matchKeys.flatMap(byKey("In")), ...mismatchKeys.flatMap(byKey("NotIn"))];
}

/** Label keys that topology rules of these pods look at, sorted. Undefined when no pod has such a rule. */
export function selectedLabelKeys(pods: Iterable<Pick<Pod, "spec">>): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  let ruled = false;
  for (const { spec } of pods) {
    if (spec.topologySpreadConstraints === undefined && spec.affinity === undefined) continue;
    ruled = true;
    for (const one of spec.topologySpreadConstraints ?? []) {
      addSelectorKeys(keys, one.labelSelector);
      for (const key of one.matchLabelKeys ?? []) keys.add(key);
    }
    for (const term of affinityTermsOf(spec.affinity)) {
      addSelectorKeys(keys, term.labelSelector);
      for (const key of [...(term.matchLabelKeys ?? []), ...(term.mismatchLabelKeys ?? [])]) keys.add(key);
    }
  }
  return ruled ? new Set([...keys].sort(compareText)) : undefined;
}

function addSelectorKeys(keys: Set<string>, selector: LabelSelector | undefined): void {
  if (selector === undefined) return;
  for (const { key } of labelSelectorClauses(selector)) keys.add(key);
}

function affinityTermsOf(affinity: Pod["spec"]["affinity"]): readonly PodAffinityTerm[] {
  if (affinity === undefined) return [];
  return [affinity.podAffinity, affinity.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}
