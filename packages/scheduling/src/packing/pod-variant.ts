import type {
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from "@nodeless/api";
import type { Requirement, Requirements } from "../model.ts";
import { requiredTerms } from "../requirements/node-affinity.ts";
import { isEmptyRequirement, requirement } from "../requirements/requirement.ts";
import { mergeRequirements } from "../requirements/requirements.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { PodRefusal } from "./pod-refusal.ts";
import { refusalOf } from "./pod-refusal.ts";

/** A pod affinity term, and whether the pod insists on it. */
interface AffinityTerm {
  readonly term: PodAffinityTerm;
  readonly required: boolean;
}

/** A pod with some of its preferences given up: everything that is left is treated as required. */
export interface PodVariant {
  /** One entry per expression, for nodes whose labels are known. */
  readonly expressions: readonly Requirement[];
  /** The same merged by key, for claims. */
  readonly requirements: Requirements;
  /** nodeSelector with each required OR-term: decides which nodes and domains count for spread. Not relaxed. */
  readonly eligibility: readonly (readonly Requirement[])[];
  /** A key whose expressions exclude each other, so that no node can satisfy the pod. */
  readonly contradiction: string | undefined;
  readonly tolerations: readonly Toleration[];
  readonly spreads: readonly TopologySpreadConstraint[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  /** How many preferences are given up. Variants of one level differ in what their volumes ask for and have equal rank. */
  readonly level: number;
  /** Why the pod can go nowhere, or on no new node; see {@link refusalOf}. */
  readonly refusal: PodRefusal | undefined;
}

interface Wishes {
  terms: readonly NodeSelectorTerm[];
  preferredNode: readonly NodeSelectorTerm[];
  preferredAffinity: readonly WeightedPodAffinityTerm[];
  preferredAntiAffinity: readonly WeightedPodAffinityTerm[];
  spreads: readonly TopologySpreadConstraint[];
  toleratesPreferNoSchedule: boolean;
}

const TOLERATE_PREFER_NO_SCHEDULE: Toleration = { operator: "Exists", effect: "PreferNoSchedule" };

/** What decides the variants of a pod besides its spec. */
export interface VariantOptions {
  readonly preferNoScheduleExists: boolean;
  /** Preferences are given up from the start. */
  readonly ignoresPreferences: boolean;
  readonly volumes: PodVolumes | undefined;
}

/**
 * The pod as asked for and then with one preference fewer at a time, in Karpenter's order (karpenter.md §3.4): required
 * OR-terms but the last, heaviest preferred pod affinity, anti-affinity and node affinity, ScheduleAnyway spreads, and last a
 * blanket toleration of PreferNoSchedule where such a taint exists. At each step once per alternative of its volumes.
 */
export function podVariants(spec: PodSpec, options: VariantOptions): readonly PodVariant[] {
  let wishes: Wishes | undefined = options.ignoresPreferences ? requiredWishes(spec) : allWishes(spec);
  const refusal = refusalOf(spec, options.volumes);
  const alternatives = options.volumes?.alternatives ?? [];
  const variants: PodVariant[] = [];
  for (let level = 0; wishes !== undefined; level += 1) {
    for (const alternative of alternatives.length === 0 ? [NO_REQUIREMENTS] : alternatives)
      variants.push({ ...variantOf(spec, wishes, alternative), level, refusal });
    wishes = relaxed(wishes, options.preferNoScheduleExists);
  }
  return variants;
}

const NO_REQUIREMENTS: Requirements = new Map();

function allWishes(spec: PodSpec): Wishes {
  const { affinity } = spec;
  return {
    ...requiredWishes(spec),
    preferredNode: heaviestFirst(affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ preference }) => preference,
    ),
    preferredAffinity: heaviestFirst(affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    preferredAntiAffinity: heaviestFirst(
      affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    ),
    spreads: spec.topologySpreadConstraints ?? [],
  };
}

function requiredWishes(spec: PodSpec): Wishes {
  return {
    terms: requiredTerms(spec) ?? [],
    preferredNode: [],
    preferredAffinity: [],
    preferredAntiAffinity: [],
    spreads: (spec.topologySpreadConstraints ?? []).filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable !== "ScheduleAnyway",
    ),
    toleratesPreferNoSchedule: false,
  };
}

function heaviestFirst<T extends { readonly weight: number }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => b.weight - a.weight);
}

function relaxed(wishes: Wishes, preferNoScheduleExists: boolean): Wishes | undefined {
  if (wishes.terms.length > 1) return { ...wishes, terms: wishes.terms.slice(1) };
  if (wishes.preferredAffinity.length > 0) return { ...wishes, preferredAffinity: wishes.preferredAffinity.slice(1) };
  if (wishes.preferredAntiAffinity.length > 0)
    return { ...wishes, preferredAntiAffinity: wishes.preferredAntiAffinity.slice(1) };
  if (wishes.preferredNode.length > 0) return { ...wishes, preferredNode: wishes.preferredNode.slice(1) };
  const soft = wishes.spreads.findIndex(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway");
  if (soft >= 0) return { ...wishes, spreads: wishes.spreads.filter((_, index) => index !== soft) };
  if (preferNoScheduleExists && !wishes.toleratesPreferNoSchedule)
    return { ...wishes, toleratesPreferNoSchedule: true };
  return undefined;
}

function variantOf(
  spec: PodSpec,
  wishes: Wishes,
  volumeRequirements: Requirements,
): Omit<PodVariant, "level" | "refusal"> {
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => requirement(key, "In", [value]));
  const strict = [...selector, ...termRequirements(wishes.terms[0])];
  const expressions = [...strict, ...termRequirements(wishes.preferredNode[0]), ...volumeRequirements.values()];
  const requirements = mergeRequirements(...expressions.map((one) => new Map([[one.key, one]])));
  const asked = spec.affinity;
  return {
    expressions,
    requirements,
    eligibility: (requiredTerms(spec) ?? [undefined]).map((term) => [...selector, ...termRequirements(term)]),
    contradiction: contradictionOf(expressions, requirements),
    tolerations: wishes.toleratesPreferNoSchedule
      ? [...(spec.tolerations ?? []), TOLERATE_PREFER_NO_SCHEDULE]
      : (spec.tolerations ?? []),
    spreads: wishes.spreads,
    affinity: [
      ...required(asked?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      ...wishes.preferredAffinity.map(preferred),
    ],
    antiAffinity: [
      ...required(asked?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      ...wishes.preferredAntiAffinity.map(preferred),
    ],
  };
}

const required = (terms: readonly PodAffinityTerm[] | undefined): readonly AffinityTerm[] =>
  (terms ?? []).map((term) => ({ term, required: true }));
const preferred = ({ podAffinityTerm }: WeightedPodAffinityTerm): AffinityTerm => ({
  term: podAffinityTerm,
  required: false,
});

function termRequirements(term: NodeSelectorTerm | undefined): readonly Requirement[] {
  return (term?.matchExpressions ?? []).map(({ key, operator, values }) => requirement(key, operator, values));
}

/** Merging may turn `in (a)` and `in (b)` into DoesNotExist, which a node without the label would satisfy: report it instead. */
function contradictionOf(expressions: readonly Requirement[], merged: Requirements): string | undefined {
  for (const one of expressions) {
    const result = merged.get(one.key);
    if (result !== undefined && isEmptyRequirement(result) && !isAbsence(one)) return one.key;
  }
  return undefined;
}

/** NotIn and DoesNotExist: an empty merge with these alone still allows nodes without the label. */
function isAbsence({ complement, values, gte, lte }: Requirement): boolean {
  return complement ? values.size > 0 && gte === undefined && lte === undefined : values.size === 0;
}
