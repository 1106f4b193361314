import { LABELS, matchesLabelSelector, type Pod, podRequests } from "@nodeless/api";
import {
  cheapestOffering,
  type InstanceType,
  requirementsFromLabels,
  type SchedulingInput,
} from "@nodeless/scheduling";

/** What a rival's packing comes to. */
export interface RivalResult {
  readonly nodes: number;
  readonly usdPerHour: number;
  /** Pods that it cannot place. */
  readonly refused: number;
}

export interface GreedyOptions {
  readonly instanceTypes: readonly InstanceType[];
  /** Which open node is offered a pod first. */
  readonly order: "fewest-pods" | "oldest";
}

type Key = "host" | "zone";

/** Pods counted together; `own` pods must keep the rule. */
interface Rule {
  readonly kind: "spread" | "affinity" | "anti-affinity";
  readonly key: Key;
  readonly maxSkew: number;
  readonly selector: NonNullable<Parameters<typeof matchesLabelSelector>[0]>;
  readonly index: number;
}

interface Candidate {
  readonly pod: Pod;
  readonly cpu: number;
  readonly memory: number;
  readonly owned: readonly Rule[];
  readonly counted: readonly Rule[];
}

interface PricedType {
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
  readonly type: InstanceType;
}

interface OpenNode {
  types: readonly PricedType[];
  zone: string | undefined;
  cpu: number;
  memory: number;
  pods: number;
  /** Pods per rule on this host. */
  readonly counts: Int32Array;
  /** Owners of anti-affinity per rule. */
  readonly owners: Int32Array;
}

/**
 * An imitation, written for comparison only, of how a first-fit provisioner works: pods by cpu then memory, largest first; each goes to the
 * first open node that keeps its rules and still has an instance type large enough; otherwise a new node opens. At the end a node becomes
 * its cheapest remaining type. Knows requests, spreads, affinity and anti-affinity over zone and hostname; one pool; no taints or selectors.
 */
export class GreedyFit {
  readonly #rules: Rule[] = [];
  readonly #nodes: OpenNode[] = [];
  readonly #zoneCounts: Map<string, number>[] = [];
  readonly #zones: readonly string[];
  readonly #types: readonly PricedType[];
  readonly #order: GreedyOptions["order"];
  #refused = 0;

  constructor({ instanceTypes, order }: GreedyOptions) {
    this.#types = instanceTypes.map(freeOf);
    this.#order = order;
    this.#zones = [...new Set(instanceTypes.flatMap(({ offerings }) => offerings.map(({ zone }) => zone)))].sort();
  }

  run(input: SchedulingInput): RivalResult {
    for (const candidate of this.#candidates(input.pods)) this.#place(candidate);
    const usdPerHour = this.#nodes.reduce((sum, node) => sum + priceOf(node), 0);
    return { nodes: this.#nodes.length, usdPerHour, refused: this.#refused };
  }

  #candidates(pods: readonly Pod[]): readonly Candidate[] {
    const known = new Map<string, Rule>();
    const owned = pods.map((pod) => this.#rulesOf(pod, known));
    for (const _rule of this.#rules) this.#zoneCounts.push(new Map());
    return pods
      .map((pod, index): Candidate => {
        const requests = podRequests(pod.spec);
        return {
          pod,
          cpu: requests.get("cpu") ?? 0,
          memory: requests.get("memory") ?? 0,
          owned: owned[index] ?? [],
          counted: this.#rules.filter(({ selector }) => matchesLabelSelector(selector, pod.metadata.labels ?? {})),
        };
      })
      .sort((a, b) => b.cpu - a.cpu || b.memory - a.memory);
  }

  #rulesOf({ spec }: Pod, known: Map<string, Rule>): readonly Rule[] {
    const wanted: Omit<Rule, "index">[] = [];
    for (const one of spec.topologySpreadConstraints ?? [])
      if (one.whenUnsatisfiable === "DoNotSchedule" && one.labelSelector !== undefined)
        wanted.push({
          kind: "spread",
          key: keyOf(one.topologyKey),
          maxSkew: one.maxSkew,
          selector: one.labelSelector,
        });
    for (const kind of ["affinity", "anti-affinity"] as const) {
      const affinity = kind === "affinity" ? spec.affinity?.podAffinity : spec.affinity?.podAntiAffinity;
      for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
        if (term.labelSelector !== undefined)
          wanted.push({ kind, key: keyOf(term.topologyKey), maxSkew: 0, selector: term.labelSelector });
    }
    return wanted.map((rule) => {
      const text = JSON.stringify(rule);
      const present = known.get(text);
      if (present !== undefined) return present;
      const made = { ...rule, index: this.#rules.length };
      known.set(text, made);
      this.#rules.push(made);
      return made;
    });
  }

  #place(candidate: Candidate): void {
    const nodes = this.#nodes;
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index];
      if (node === undefined || !this.#takes(node, candidate)) continue;
      if (this.#order === "fewest-pods") this.#moveBehindEquals(index);
      return;
    }
    const fresh: OpenNode = {
      types: this.#types,
      zone: undefined,
      cpu: 0,
      memory: 0,
      pods: 0,
      counts: new Int32Array(this.#rules.length),
      owners: new Int32Array(this.#rules.length),
    };
    if (!this.#takes(fresh, candidate)) {
      this.#refused += 1;
      return;
    }
    if (this.#order === "oldest") nodes.push(fresh);
    else nodes.splice(this.#firstAtLeast(fresh.pods), 0, fresh);
  }

  /** Keeps the list sorted by number of pods after the node at `index` got one more. */
  #moveBehindEquals(index: number): void {
    const node = this.#nodes[index];
    if (node === undefined) return;
    const last = this.#firstAtLeast(node.pods, index + 1) - 1;
    const other = this.#nodes[last];
    if (other === undefined || last === index) return;
    this.#nodes[index] = other;
    this.#nodes[last] = node;
  }

  /** First position from `from` on whose node has at least that many pods. */
  #firstAtLeast(pods: number, from = 0): number {
    let low = from;
    let high = this.#nodes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#nodes[middle]?.pods ?? 0) < pods) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Places the candidate on the node if it fits. */
  #takes(node: OpenNode, candidate: Candidate): boolean {
    const cpu = node.cpu + candidate.cpu;
    const memory = node.memory + candidate.memory;
    const pods = node.pods + 1;
    const holds = (type: PricedType): boolean => type.cpu >= cpu && type.memory >= memory && type.pods >= pods;
    if (!node.types.some(holds) || !this.#hostAllows(node, candidate)) return false;
    const zone = this.#zoneFor(node, candidate);
    if (zone === "none") return false;
    const types = node.types.filter(
      (type) => holds(type) && (zone === undefined || type.type.offerings.some((offering) => offering.zone === zone)),
    );
    if (types.length === 0) return false;
    Object.assign(node, { types, cpu, memory, pods, zone });
    this.#count(node, candidate);
    return true;
  }

  #hostAllows({ counts, owners }: OpenNode, { owned, counted }: Candidate): boolean {
    for (const rule of owned) {
      if (rule.key !== "host") continue;
      const present = counts[rule.index] ?? 0;
      if (rule.kind === "anti-affinity" && present > 0) return false;
      if (rule.kind === "affinity" && present === 0 && !counted.includes(rule)) return false;
      if (rule.kind === "spread" && present + (counted.includes(rule) ? 1 : 0) > rule.maxSkew) return false;
    }
    return counted.every((rule) => rule.key !== "host" || (owners[rule.index] ?? 0) === 0);
  }

  /** The zone that the node has, or gets through the candidate; undefined while open; `none` when no zone will do. */
  #zoneFor(node: OpenNode, candidate: Candidate): string | undefined | "none" {
    const rules = candidate.owned.filter(({ key }) => key === "zone");
    if (rules.length === 0) return node.zone;
    const possible = node.zone === undefined ? this.#zones : [node.zone];
    const allowed = possible.filter((zone) => rules.every((rule) => this.#zoneAllows(rule, zone, candidate)));
    const load = (zone: string): number =>
      rules.reduce((sum, rule) => sum + (rule.kind === "spread" ? this.#inZone(rule, zone) : 0), 0);
    return allowed.sort((a, b) => load(a) - load(b))[0] ?? "none";
  }

  #zoneAllows(rule: Rule, zone: string, { counted }: Candidate): boolean {
    const present = this.#inZone(rule, zone);
    if (rule.kind === "anti-affinity") return present === 0;
    const itself = counted.includes(rule);
    if (rule.kind === "affinity") return present > 0 || (itself && (this.#zoneCounts[rule.index]?.size ?? 0) === 0);
    const least = Math.min(...this.#zones.map((one) => this.#inZone(rule, one)));
    return present + (itself ? 1 : 0) - least <= rule.maxSkew;
  }

  #inZone(rule: Rule, zone: string): number {
    return this.#zoneCounts[rule.index]?.get(zone) ?? 0;
  }

  #count(node: OpenNode, { owned, counted }: Candidate): void {
    for (const rule of counted) {
      node.counts[rule.index] = (node.counts[rule.index] ?? 0) + 1;
      if (node.zone !== undefined) this.#zoneCounts[rule.index]?.set(node.zone, this.#inZone(rule, node.zone) + 1);
    }
    for (const rule of owned)
      if (rule.kind === "anti-affinity") node.owners[rule.index] = (node.owners[rule.index] ?? 0) + 1;
  }
}

const keyOf = (topologyKey: string): Key => (topologyKey === LABELS.zone ? "zone" : "host");

function freeOf(type: InstanceType): PricedType {
  const free = (name: string): number => (type.capacity.get(name) ?? 0) - (type.overhead.get(name) ?? 0);
  return { cpu: free("cpu"), memory: free("memory"), pods: free("pods"), type };
}

/** Of the cheapest type that is left, in the node's zone. */
function priceOf({ types, zone }: OpenNode): number {
  const wanted = requirementsFromLabels(zone === undefined ? {} : { [LABELS.zone]: zone });
  return Math.min(
    ...types.map(({ type }) => cheapestOffering(type, wanted)?.priceUsdPerHour ?? Number.POSITIVE_INFINITY),
  );
}
