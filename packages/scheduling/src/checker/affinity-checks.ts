import type { Pod, PodAffinityTerm } from "@nodeless/api";
import type { FinalPicture, Placed } from "./final-picture.ts";
import { keyOf } from "./node-checks.ts";
import { termSelects } from "./selectors.ts";

/** The pods that one term of equal owners selects, by the domains they may end up in. */
interface Selected {
  readonly pods: ReadonlySet<Placed>;
  readonly byPossibleDomain: ReadonlyMap<string, readonly Placed[]>;
  readonly byCertainDomain: ReadonlyMap<string, readonly Placed[]>;
}

/** Checks required pod affinity and anti-affinity; equal terms of equal owners are looked up once. */
export class AffinityChecks {
  readonly #picture: FinalPicture;
  readonly #selected = new Map<string, Selected>();

  constructor(picture: FinalPicture) {
    this.#picture = picture;
  }

  /** What is wrong about the pod, if anything. */
  problemOf(subject: Placed): string | undefined {
    const { affinity } = subject.pod.spec;
    for (const term of affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const other = this.#repelled(subject, term);
      if (other !== undefined) return `anti-affinity over ${term.topologyKey} forbids ${keyOf(other.pod)}`;
    }
    for (const term of affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      if (subject.isNew && !this.#attracted(subject, term)) return `no pod for the affinity over ${term.topologyKey}`;
    return undefined;
  }

  /** A pod that must not share a domain with the subject, whichever of their possible domains come true. */
  #repelled(subject: Placed, term: PodAffinityTerm): Placed | undefined {
    const { byPossibleDomain } = this.#selectedBy(term, subject.pod);
    for (const domain of this.#picture.domainsOf(subject.host, term.topologyKey)) {
      const other = byPossibleDomain
        .get(domain)
        ?.find((one) => one.pod !== subject.pod && (one.isNew || subject.isNew));
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** Is a selected pod in the subject's domain? A pod that its own term selects may have opened it, if it was the first. */
  #attracted(subject: Placed, term: PodAffinityTerm): boolean {
    const { pods, byCertainDomain } = this.#selectedBy(term, subject.pod);
    const domain = this.#picture.certainDomain(subject.host, term.topologyKey);
    if (domain === undefined) return false;
    if (byCertainDomain.get(domain)?.some(({ pod }) => pod !== subject.pod) === true) return true;
    if (!pods.has(subject)) return false;
    // Then every domain elsewhere was opened later by a pod that is free to go anywhere.
    for (const [elsewhere, others] of byCertainDomain)
      if (elsewhere !== domain && !others.some(({ isNew, pod }) => isNew && !requires(pod, term))) return false;
    return [...byCertainDomain].every(
      ([elsewhere, others]) => elsewhere === domain || others.every(({ isNew }) => isNew),
    );
  }

  #selectedBy(term: PodAffinityTerm, owner: Pod): Selected {
    const labels = [...(term.matchLabelKeys ?? []), ...(term.mismatchLabelKeys ?? [])].map(
      (key) => owner.metadata.labels?.[key],
    );
    const question = JSON.stringify([term, owner.metadata.namespace, labels]);
    let selected = this.#selected.get(question);
    if (selected === undefined) {
      selected = this.#select(term, owner);
      this.#selected.set(question, selected);
    }
    return selected;
  }

  #select(term: PodAffinityTerm, owner: Pod): Selected {
    const pods = new Set<Placed>();
    const byPossibleDomain = new Map<string, Placed[]>();
    const byCertainDomain = new Map<string, Placed[]>();
    const { input, alike } = this.#picture;
    const selected = alike.filter((other) => termSelects(term, owner, { other, input }));
    for (const one of selected.flatMap(({ placed }) => placed)) {
      pods.add(one);
      const domains = this.#picture.domainsOf(one.host, term.topologyKey);
      for (const domain of domains) {
        file(byPossibleDomain, domain, one);
        if (domains.length === 1) file(byCertainDomain, domain, one);
      }
    }
    return { pods, byPossibleDomain, byCertainDomain };
  }
}

function file(files: Map<string, Placed[]>, domain: string, one: Placed): void {
  const list = files.get(domain);
  if (list === undefined) files.set(domain, [one]);
  else list.push(one);
}

/** Does the pod insist on an equal term? Then it may not open a second domain. */
function requires({ spec }: Pod, term: PodAffinityTerm): boolean {
  const terms = spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some((one) => JSON.stringify(one) === JSON.stringify(term));
}
