import type { Container, PodSpec, ResourceAmounts } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import type { ContentBranch } from "../content-index.ts";
import { ContentIndex, follow } from "../content-index.ts";
import { compareText } from "../requirements/requirements.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import { selectedLabelKeys } from "../topology/topology-group.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { PodVariant, VariantOptions } from "./pod-variant.ts";
import { podVariants } from "./pod-variant.ts";
import { canonicalText } from "./requirement-index.ts";
import { attachmentResource } from "./resource-table.ts";

/** What pods take from a node. */
export interface Load {
  readonly number: number;
  readonly spec: PodSpec;
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
  readonly cpu: number;
  readonly memory: number;
}

/** What pods with equal rules ask for; the same object for all of them. */
export class PodRules {
  /** Label keys that their topology rules look at; undefined when they have none. */
  readonly labelKeys: ReadonlySet<string> | undefined;
  readonly #spec: PodSpec;
  readonly #volumes: PodVolumes | undefined;
  readonly #variants: (readonly PodVariant[])[] = [];

  constructor(spec: PodSpec, volumes: PodVolumes | undefined) {
    this.#spec = spec;
    this.#volumes = volumes;
    this.labelKeys = selectedLabelKeys([{ spec }]);
  }

  /** As asked for first, fully relaxed last. */
  variants(options: Omit<VariantOptions, "volumes">): readonly PodVariant[] {
    const at = (options.preferNoScheduleExists ? 1 : 0) + (options.ignoresPreferences ? 2 : 0);
    let variants = this.#variants[at];
    if (variants === undefined) {
      variants = podVariants(this.#spec, { ...options, volumes: this.#volumes });
      this.#variants[at] = variants;
    }
    return variants;
  }
}

/** Reads specs: equal ones are recognised, also those of earlier passes, and looked into once. */
export class PodMemory {
  readonly #loadIndex = new ContentIndex();
  readonly #loads: Load[] = [];
  readonly #ruleIndex = new ContentIndex();
  readonly #rules: PodRules[] = [];

  /** Distinct loads and rules. */
  get size(): number {
    return this.#loads.length + this.#rules.length;
  }

  loadOf(spec: PodSpec, volumes: PodVolumes | undefined, limitedDrivers: ReadonlySet<string>): Load {
    let at = followLoad(this.#loadIndex.start, spec);
    const attached = volumes === undefined ? NO_ATTACHMENTS : attachmentsOf(volumes, limitedDrivers);
    if (attached.size > 0) at = follow(at.next("volumes"), [...attached].sort(byName));
    const known = this.#loads[at.number];
    if (known !== undefined) return known;
    // Before it gets a number: the spec may be invalid.
    const read = loadOf(spec, attached);
    const load: Load = { number: this.#loadIndex.numberAt(at), ...read };
    this.#loads.push(load);
    return load;
  }

  rulesOf(spec: PodSpec, volumes: PodVolumes | undefined): PodRules {
    let at = followRules(this.#ruleIndex.start, spec);
    if (volumes !== undefined) {
      at = at.next("volumes").next(volumes.unusable);
      for (const alternative of volumes.alternatives) at = at.next(canonicalText(alternative));
    }
    const known = this.#rules[at.number];
    if (known !== undefined) return known;
    const rules = new PodRules(spec, volumes);
    this.#ruleIndex.numberAt(at);
    this.#rules.push(rules);
    return rules;
  }
}

/** Requests of a pod including its pod slot. */
export function requestsWithSlot(spec: PodSpec): ResourceAmounts {
  const requests = podRequests(spec);
  requests.set("pods", 1);
  return requests;
}

const CONTAINER = Symbol("container");
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

function loadOf(spec: PodSpec, attached: ReadonlyMap<string, number>): Omit<Load, "number"> {
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
