import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  StorageClass,
  Volume,
} from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { InputNotice, SourceDocument } from "../../contract.ts";
import { claimKey } from "./bind-claims.ts";

export interface VolumeFacts {
  readonly claims: readonly PersistentVolumeClaim[];
  readonly volumes: readonly PersistentVolume[];
  readonly storageClasses: readonly StorageClass[];
  /** Local volumes keep pods on nodes of these names; elsewhere such a pod may move, as Karpenter lets it. */
  readonly nodeNames: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, SourceDocument>;
}

/** A pod with several volumes of many zones multiplies alternatives; past this they are cut, which only narrows the choice. */
const ALTERNATIVES_MAX = 64;

/**
 * Pods with the places their volumes allow as part of their required node affinity, as the provisioner plans them (karpenter.md §3.3).
 * A pod without such volumes is returned as it is. A claim that is not in the input restricts nothing and is a notice.
 */
export function withVolumeZones(
  pods: readonly Pod[],
  facts: VolumeFacts,
): { readonly pods: readonly Pod[]; readonly notices: readonly InputNotice[] } {
  const zones = new VolumeZones(facts);
  return { pods: pods.map((pod) => zones.apply(pod)), notices: [...zones.notices.values()] };
}

class VolumeZones {
  /** By document and claim, so that a Deployment's pods do not repeat one notice. */
  readonly notices = new Map<string, InputNotice>();
  readonly #facts: VolumeFacts;
  readonly #claims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly #volumes: ReadonlyMap<string, PersistentVolume>;
  readonly #classes: ReadonlyMap<string, StorageClass>;
  /** Pods that share a spec and their terms share the new one too. */
  readonly #specs = new Map<PodSpec, Map<string, PodSpec>>();

  constructor(facts: VolumeFacts) {
    this.#facts = facts;
    this.#claims = new Map(facts.claims.map((one) => [claimKey(one.metadata.namespace, one.metadata.name), one]));
    this.#volumes = new Map(facts.volumes.map((one) => [one.metadata.name, one]));
    this.#classes = new Map(facts.storageClasses.map((one) => [one.metadata.name, one]));
  }

  apply(pod: Pod): Pod {
    let terms: readonly NodeSelectorTerm[] = [];
    for (const volume of pod.spec.volumes ?? []) terms = crossTerms(terms, this.#termsOf(pod, volume));
    return terms.length === 0 ? pod : { ...pod, spec: this.#withTerms(pod.spec, terms) };
  }

  #termsOf(pod: Pod, volume: Volume): readonly NodeSelectorTerm[] {
    const template = volume.ephemeral?.volumeClaimTemplate;
    if (template !== undefined) return this.#classTerms(template.spec.storageClassName);
    const name = volume.persistentVolumeClaim?.claimName;
    if (name === undefined) return [];
    const claim = this.#claims.get(claimKey(pod.metadata.namespace, name));
    if (claim === undefined) {
      this.#noteMissing(pod, name);
      return [];
    }
    const bound = this.#volumes.get(claim.spec?.volumeName ?? "");
    return bound === undefined ? this.#classTerms(claim.spec?.storageClassName) : this.#boundTerms(bound);
  }

  #noteMissing({ metadata }: Pod, claim: string): void {
    const source = this.#facts.sources.get(`${metadata.namespace ?? "default"}/${metadata.name}`);
    const subject = source === undefined ? undefined : `${source.kind} ${source.namespace}/${source.name}`;
    this.notices.set(`${subject} ${claim}`, {
      subject,
      at: source?.at,
      message: `PersistentVolumeClaim ${claim} is not in the input; planned as if its volume were in every zone`,
    });
  }

  #classTerms(name: string | undefined): readonly NodeSelectorTerm[] {
    const topologies = this.#classes.get(name ?? "")?.allowedTopologies ?? [];
    return topologies
      .map(
        ({ matchLabelExpressions = [] }): NodeSelectorTerm => ({
          matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: "In", values })),
        }),
      )
      .filter(hasExpressions);
  }

  #boundTerms({ spec }: PersistentVolume): readonly NodeSelectorTerm[] {
    const isLocal = spec?.local !== undefined || spec?.hostPath !== undefined;
    const isKept = ({ key, values = [] }: NodeSelectorRequirement): boolean =>
      !(isLocal && key === LABELS.hostname) || values.some((name) => this.#facts.nodeNames.has(name));
    return (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [])
      .map((term): NodeSelectorTerm => ({ matchExpressions: (term.matchExpressions ?? []).filter(isKept) }))
      .filter(hasExpressions);
  }

  #withTerms(spec: PodSpec, terms: readonly NodeSelectorTerm[]): PodSpec {
    const text = JSON.stringify(terms);
    const known = this.#specs.get(spec) ?? new Map<string, PodSpec>();
    this.#specs.set(spec, known);
    const made = known.get(text) ?? specWithTerms(spec, terms);
    known.set(text, made);
    return made;
  }
}

const hasExpressions = ({ matchExpressions = [] }: NodeSelectorTerm): boolean => matchExpressions.length > 0;

function specWithTerms(spec: PodSpec, terms: readonly NodeSelectorTerm[]): PodSpec {
  const { affinity } = spec;
  const own = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: crossTerms(own, terms) },
  };
  return { ...spec, affinity: { ...affinity, nodeAffinity } };
}

/** Every pair of one alternative of each; nothing on a side means that it does not care. */
function crossTerms(a: readonly NodeSelectorTerm[], b: readonly NodeSelectorTerm[]): readonly NodeSelectorTerm[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.flatMap((one) => b.map((other) => mergeTerms(one, other))).slice(0, ALTERNATIVES_MAX);
}

function mergeTerms(a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm {
  const matchFields = [...(a.matchFields ?? []), ...(b.matchFields ?? [])];
  return {
    matchExpressions: [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])],
    ...(matchFields.length === 0 ? {} : { matchFields }),
  };
}
