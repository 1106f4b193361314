import type { Pod, PodSpec, ResourceAmounts } from "@nodeless/api";
import type { ContentBranch } from "../content-index.ts";
import { ContentIndex } from "../content-index.ts";
import { compareText } from "../requirements/requirements.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { selectedLabelKeys } from "../topology/topology-group.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { Load, PodMemory, PodRules } from "./pod-memory.ts";
import { requestsWithSlot } from "./pod-memory.ts";
import type { PodVariant } from "./pod-variant.ts";

export { requestsWithSlot } from "./pod-memory.ts";

/** Pods with the same rules: they differ in requests and host ports only. */
export interface PodClass {
  readonly index: number;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As asked for first, fully relaxed last. Never empty. */
  readonly variants: readonly PodVariant[];
}

/** Pods that no scheduling rule can tell apart, placed as one run. */
export interface PodShape extends Omit<PodClass, "index"> {
  readonly index: number;
  readonly podClass: PodClass;
  readonly spec: PodSpec;
  /** Requests of one pod, its own pod slot included. The same object for all shapes with equal requests. */
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
  /** By creation time, then uid. */
  readonly pods: readonly Pod[];
}

interface ShapeOptions {
  readonly memory: PodMemory;
  /** Pods that are not to be placed but whose topology rules tell pods apart. */
  readonly residents: Iterable<Pod>;
  readonly preferNoScheduleExists: boolean;
  readonly ignoresPreferences: boolean;
  /** By `namespace/name`. */
  readonly volumes: ReadonlyMap<string, PodVolumes> | undefined;
  /** CSI drivers of which some node attaches a limited number of volumes. */
  readonly limitedDrivers: ReadonlySet<string>;
}

/** `namespace/name`. */
export function podKeyOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

const knownRequests = new WeakMap<PodSpec, ResourceAmounts>();

/** {@link requestsWithSlot} of a pod that stays from pass to pass. */
export function residentRequests(spec: PodSpec): ResourceAmounts {
  let requests = knownRequests.get(spec);
  if (requests === undefined) {
    requests = requestsWithSlot(spec);
    knownRequests.set(spec, requests);
  }
  return requests;
}

/** Groups equal pods and orders the groups as Karpenter orders pods: cpu, memory, age, uid (karpenter.md §3.4). */
export function podShapes(pods: readonly Pod[], options: ShapeOptions): readonly PodShape[] {
  const groups = new PodGroups(options);
  for (const pod of pods) groups.read(pod);
  const drafts = groups.drafts(groups.labelKeys());
  for (const { pods: members } of drafts) sortByAge(members);
  return drafts.sort(bySize).map(
    ({ load, podClass, pods: members }, index): PodShape => ({
      index,
      podClass,
      namespace: podClass.namespace,
      labels: podClass.labels,
      variants: podClass.variants,
      spec: load.spec,
      requests: load.requests,
      ports: load.ports,
      pods: members,
    }),
  );
}

interface ShapeDraft {
  readonly load: Load;
  readonly podClass: PodClass;
  readonly pods: Pod[];
}

/** More distinct loads than this in one pass would need more memory than any node has pods. */
const LOADS_MAX = 2 ** 26;

/** Reads every pod once and numbers what it takes and what it asks for. */
class PodGroups {
  readonly #options: ShapeOptions;
  readonly #memory: PodMemory;
  readonly #pods: Pod[] = [];
  readonly #loads: Load[] = [];
  readonly #rules: PodRules[] = [];
  readonly #distinctRules = new Set<PodRules>();

  constructor(options: ShapeOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  read(pod: Pod): void {
    const volumes = this.#options.volumes?.get(podKeyOf(pod));
    this.#pods.push(pod);
    this.#loads.push(this.#memory.loadOf(pod.spec, volumes, this.#options.limitedDrivers));
    const rules = this.#memory.rulesOf(pod.spec, volumes);
    this.#rules.push(rules);
    this.#distinctRules.add(rules);
  }

  /** Label keys that topology rules of these pods look at; undefined when no pod has such a rule. */
  labelKeys(): ReadonlySet<string> | undefined {
    const own = [...this.#distinctRules].map(({ labelKeys }) => labelKeys);
    const all = [...own, selectedLabelKeys(this.#options.residents)].filter((keys) => keys !== undefined);
    return all.length === 0 ? undefined : new Set(all.flatMap((keys) => [...keys]));
  }

  drafts(labelKeys: ReadonlySet<string> | undefined): ShapeDraft[] {
    const classes = this.#classes(labelKeys);
    const drafts = new Map<number, ShapeDraft>();
    for (const [position, pod] of this.#pods.entries()) {
      const podClass = classes[position];
      const load = this.#loads[position];
      if (podClass === undefined || load === undefined) continue;
      const key = podClass.index * LOADS_MAX + load.number;
      const draft = drafts.get(key);
      if (draft === undefined) drafts.set(key, { load, podClass, pods: [pod] });
      else draft.pods.push(pod);
    }
    return [...drafts.values()];
  }

  /** By pod. */
  #classes(labelKeys: ReadonlySet<string> | undefined): readonly PodClass[] {
    const keys = [...(labelKeys ?? [])];
    const index = new ContentIndex();
    const classes: PodClass[] = [];
    return this.#pods.map((pod, position) => {
      const rules = this.#rules[position];
      let at = index.start.next(rules);
      // Without any topology rule labels and namespaces tell nothing apart.
      if (labelKeys !== undefined) at = followIdentity(at, pod, keys);
      const number = index.numberAt(at);
      const known = classes[number];
      if (known !== undefined) return known;
      const podClass: PodClass = {
        index: number,
        namespace: pod.metadata.namespace ?? "default",
        labels: pod.metadata.labels ?? {},
        variants: rules?.variants(this.#options) ?? [],
      };
      classes.push(podClass);
      return podClass;
    });
  }
}

function followIdentity(from: ContentBranch, { metadata }: Pod, keys: readonly string[]): ContentBranch {
  const { labels } = metadata;
  let at = from.next(metadata.namespace ?? "default");
  for (const key of keys) at = at.next(labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined);
  return at;
}

function bySize(a: ShapeDraft, b: ShapeDraft): number {
  if (a.load.cpu !== b.load.cpu) return b.load.cpu - a.load.cpu;
  if (a.load.memory !== b.load.memory) return b.load.memory - a.load.memory;
  const [firstA] = a.pods;
  const [firstB] = b.pods;
  return firstA === undefined || firstB === undefined ? 0 : byAge(firstA, firstB);
}

function sortByAge(pods: Pod[]): void {
  for (let index = 1; index < pods.length; index += 1) {
    const before = pods[index - 1];
    const pod = pods[index];
    if (before !== undefined && pod !== undefined && byAge(before, pod) > 0) {
      pods.sort(byAge);
      return;
    }
  }
}

function byAge(a: Pod, b: Pod): number {
  return (
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.uid ?? "", b.metadata.uid ?? "") ||
    compareText(podKeyOf(a), podKeyOf(b))
  );
}
