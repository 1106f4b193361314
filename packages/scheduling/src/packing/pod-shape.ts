import type { Container, Pod, PodSpec, ResourceAmounts } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import type { ContentBranch } from "../content-index.ts";
import { ContentIndex, follow } from "../content-index.ts";
import { compareText } from "../requirements/requirements.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import { selectedLabelKeys } from "../topology/topology-group.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { PodVariant } from "./pod-variant.ts";
import { podVariants } from "./pod-variant.ts";
import { canonicalText } from "./requirement-index.ts";
import { attachmentResource } from "./resource-table.ts";

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

export interface ShapeOptions {
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

/** Requests of a pod including its pod slot. */
export function requestsWithSlot(spec: PodSpec): ResourceAmounts {
  const requests = podRequests(spec);
  requests.set("pods", 1);
  return requests;
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
  const drafts = groups.drafts(selectedLabelKeys([...groups.ruleSamples, ...options.residents]));
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

/** What pods take from a node. */
interface Load {
  readonly spec: PodSpec;
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
  readonly cpu: number;
  readonly memory: number;
}

interface ShapeDraft {
  readonly load: Load;
  readonly podClass: PodClass;
  readonly pods: Pod[];
}

/** More distinct loads than this in one pass would need more memory than any node has pods. */
const LOADS_MAX = 2 ** 26;

const CONTAINER = Symbol("container");

/** Reads every pod once and numbers what it takes and what it asks for. */
class PodGroups {
  readonly #options: ShapeOptions;
  /** One pod of each distinct set of rules. */
  readonly ruleSamples: Pod[] = [];
  readonly #loadIndex = new ContentIndex();
  readonly #ruleIndex = new ContentIndex();
  readonly #loads: Load[] = [];
  readonly #pods: Pod[] = [];
  readonly #loadOf: number[] = [];
  readonly #ruleOf: number[] = [];

  constructor(options: ShapeOptions) {
    this.#options = options;
  }

  read(pod: Pod): void {
    const { spec } = pod;
    const volumes = this.#options.volumes?.get(podKeyOf(pod));
    let loadAt = followLoad(this.#loadIndex.start, spec);
    let ruleAt = followRules(this.#ruleIndex.start, spec);
    const attached = volumes === undefined ? NO_ATTACHMENTS : attachmentsOf(volumes, this.#options.limitedDrivers);
    if (volumes !== undefined) {
      loadAt = follow(loadAt.next("volumes"), [...attached].sort(byName));
      ruleAt = ruleAt.next("volumes").next(volumes.unusable);
      for (const alternative of volumes.alternatives) ruleAt = ruleAt.next(canonicalText(alternative));
    }
    const load = this.#loadIndex.numberAt(loadAt);
    if (load === this.#loads.length) this.#loads.push(loadOf(spec, attached));
    const rule = this.#ruleIndex.numberAt(ruleAt);
    if (rule === this.ruleSamples.length) this.ruleSamples.push(pod);
    this.#pods.push(pod);
    this.#loadOf.push(load);
    this.#ruleOf.push(rule);
  }

  drafts(labelKeys: ReadonlySet<string> | undefined): ShapeDraft[] {
    const classes = this.#classes(labelKeys);
    const drafts = new Map<number, ShapeDraft>();
    for (const [position, pod] of this.#pods.entries()) {
      const podClass = classes[position];
      const load = this.#loadOf[position];
      if (podClass === undefined || load === undefined) continue;
      const key = podClass.index * LOADS_MAX + load;
      const draft = drafts.get(key);
      const known = this.#loads[load];
      if (draft !== undefined) draft.pods.push(pod);
      else if (known !== undefined) drafts.set(key, { load: known, podClass, pods: [pod] });
    }
    return [...drafts.values()];
  }

  /** By pod. */
  #classes(labelKeys: ReadonlySet<string> | undefined): readonly PodClass[] {
    const keys = [...(labelKeys ?? [])];
    const index = new ContentIndex();
    const classes: PodClass[] = [];
    const variants = this.ruleSamples.map((pod) =>
      podVariants(pod.spec, { ...this.#options, volumes: this.#options.volumes?.get(podKeyOf(pod)) }),
    );
    return this.#pods.map((pod, position) => {
      const rule = this.#ruleOf[position] ?? 0;
      let at = index.start.next(rule);
      // Without any topology rule labels and namespaces tell nothing apart.
      if (labelKeys !== undefined) at = followIdentity(at, pod, keys);
      const number = index.numberAt(at);
      const known = classes[number];
      if (known !== undefined) return known;
      const podClass: PodClass = {
        index: number,
        namespace: pod.metadata.namespace ?? "default",
        labels: pod.metadata.labels ?? {},
        variants: variants[rule] ?? [],
      };
      classes.push(podClass);
      return podClass;
    });
  }
}

const NO_ATTACHMENTS: ReadonlyMap<string, number> = new Map();

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]): number => compareText(a, b);

/** Volumes that count against a limit, as amounts of resources. */
function attachmentsOf({ attachments }: PodVolumes, drivers: ReadonlySet<string>): ReadonlyMap<string, number> {
  if (drivers.size === 0) return NO_ATTACHMENTS;
  const amounts = new Map<string, number>();
  for (const [driver, names] of attachments)
    if (drivers.has(driver)) amounts.set(attachmentResource(driver), names.length);
  return amounts;
}

function loadOf(spec: PodSpec, attached: ReadonlyMap<string, number>): Load {
  const requests = new Map([...requestsWithSlot(spec), ...attached]);
  return {
    spec,
    requests,
    ports: hostPortsOf(spec),
    cpu: requests.get("cpu") ?? 0,
    memory: requests.get("memory") ?? 0,
  };
}

/** Everything of a spec that decides requests and host ports. */
function followLoad(from: ContentBranch, spec: PodSpec): ContentBranch {
  const hostNetwork = spec.hostNetwork === true;
  let at = from;
  for (const container of spec.containers) at = followContainer(at, container, hostNetwork);
  if (spec.initContainers !== undefined) {
    at = at.next("init");
    for (const container of spec.initContainers) at = followContainer(at, container, hostNetwork);
  }
  if (spec.overhead !== undefined) at = follow(at.next("overhead"), spec.overhead);
  if (spec.resources !== undefined) at = follow(at.next("resources"), spec.resources);
  return at;
}

function followContainer(from: ContentBranch, container: Container, hostNetwork: boolean): ContentBranch {
  const { resources, ports, restartPolicy } = container;
  let at = from.next(CONTAINER).next(restartPolicy);
  if (resources?.requests !== undefined) at = follow(at.next("requests"), resources.requests);
  if (resources?.limits !== undefined) at = follow(at.next("limits"), resources.limits);
  if (ports?.some(({ hostPort }) => hostNetwork || hostPort !== undefined) === true)
    at = follow(at.next(hostNetwork ? "hostNetwork" : "ports"), ports);
  return at;
}

/** Everything of a spec that decides where the pod may go. */
function followRules(from: ContentBranch, spec: PodSpec): ContentBranch {
  let at = from;
  if (spec.nodeSelector !== undefined) at = follow(at.next("nodeSelector"), spec.nodeSelector);
  if (spec.affinity !== undefined) at = follow(at.next("affinity"), spec.affinity);
  if (spec.tolerations !== undefined) at = follow(at.next("tolerations"), spec.tolerations);
  if (spec.topologySpreadConstraints !== undefined) at = follow(at.next("spread"), spec.topologySpreadConstraints);
  return at;
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
