import type { Pod } from "@nodeless/api";
import type { ExistingNode, PlannedClaim, SchedulingInput, SchedulingNodePool, SchedulingPlan } from "../model.ts";
import { keyOf, labelsOf } from "./node-checks.ts";
import { admits, CAPACITY_TYPE, currentName, HOSTNAME, ZONE, ZONE_ID } from "./plain-rules.ts";

/** One pod with the host it is on after the plan: an existing node or a claim. */
export interface Placed {
  readonly pod: Pod;
  readonly isNew: boolean;
  readonly host: Host;
}

/** An existing node or a claim. */
export interface Host {
  readonly name: string;
  readonly node: ExistingNode | undefined;
  readonly claim: PlannedClaim | undefined;
  readonly pool: SchedulingNodePool | undefined;
}

/** Pods that no selector of labels tells apart. */
export interface Alike {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly placed: readonly Placed[];
}

/** Every pod that counts, where it is once the plan is carried out, and the domains of its host. */
export class FinalPicture {
  readonly input: SchedulingInput;
  readonly placed: readonly Placed[];
  #alike: readonly Alike[] | undefined;
  readonly #domains = new Map<Host, Map<string, readonly string[]>>();
  readonly #poolDomains = new Map<SchedulingNodePool, Map<string, ReadonlySet<string>>>();

  constructor(input: SchedulingInput, plan: SchedulingPlan, byNode: ReadonlyMap<string, readonly Pod[]>) {
    this.input = input;
    this.placed = finalPicture(input, plan, byNode);
  }

  /** The same pods by namespace and labels. */
  get alike(): readonly Alike[] {
    this.#alike ??= alikePods(this.placed);
    return this.#alike;
  }

  /** Domains the host may end up in; empty if it has none. */
  domainsOf(host: Host, topologyKey: string): readonly string[] {
    const known = this.#domains.get(host)?.get(topologyKey);
    if (known !== undefined) return known;
    return remembered(this.#domains, host, topologyKey, () => this.#computeDomains(host, currentName(topologyKey)));
  }

  /** The host's domain if it is certain. */
  certainDomain(host: Host, topologyKey: string): string | undefined {
    const domains = this.domainsOf(host, topologyKey);
    return domains.length === 1 ? domains[0] : undefined;
  }

  /** Domains that new nodes of the pool may have. */
  poolDomains(pool: SchedulingNodePool, key: string): ReadonlySet<string> {
    return remembered(this.#poolDomains, pool, key, () => poolDomains(pool, key));
  }

  #computeDomains(host: Host, key: string): readonly string[] {
    if (host.node !== undefined) {
      const value = labelsOf(host.node).get(key);
      return value === undefined ? [] : [value];
    }
    if (key === HOSTNAME) return [host.name];
    const requirement = host.claim?.requirements.get(key);
    if (requirement !== undefined && !requirement.complement) return [...requirement.values];
    if (host.pool === undefined) return [];
    return [...this.poolDomains(host.pool, key)].filter(
      (value) => requirement === undefined || admits(requirement, value),
    );
  }
}

function remembered<Subject, Value>(
  memory: Map<Subject, Map<string, Value>>,
  subject: Subject,
  key: string,
  compute: () => Value,
): Value {
  const known = memory.get(subject) ?? new Map<string, Value>();
  memory.set(subject, known);
  const value = known.get(key) ?? compute();
  known.set(key, value);
  return value;
}

function finalPicture(
  input: SchedulingInput,
  plan: SchedulingPlan,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): readonly Placed[] {
  const planned = new Set(input.pods.map(keyOf));
  const placed: Placed[] = [];
  for (const node of input.existingNodes) {
    const host: Host = { name: node.name, node, claim: undefined, pool: undefined };
    for (const pod of node.pods) {
      const finished = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
      if (!finished && pod.metadata.deletionTimestamp === undefined && !planned.has(keyOf(pod)))
        placed.push({ pod, isNew: false, host });
    }
    for (const pod of byNode.get(node.name) ?? []) placed.push({ pod, isNew: true, host });
  }
  for (const claim of plan.claims) {
    const pool = input.nodePools.find(({ name }) => name === claim.nodePool);
    // The prefix keeps claims apart from nodes that happen to have the same name.
    const host: Host = { name: `claim ${claim.id}`, node: undefined, claim, pool };
    for (const pod of claim.pods) placed.push({ pod, isNew: true, host });
  }
  return placed;
}

function alikePods(placed: readonly Placed[]): readonly Alike[] {
  const byText = new Map<string, Alike & { readonly placed: Placed[] }>();
  for (const one of placed) {
    const { namespace = "default", labels = {} } = one.pod.metadata;
    const text = JSON.stringify([namespace, labels]);
    const known = byText.get(text);
    if (known === undefined) byText.set(text, { namespace, labels, placed: [one] });
    else known.placed.push(one);
  }
  return [...byText.values()];
}

function poolDomains(pool: SchedulingNodePool, key: string): ReadonlySet<string> {
  const values = new Set<string>();
  for (const type of pool.instanceTypes) {
    for (const { available, zone, zoneId, capacityType } of type.offerings) {
      if (!available) continue;
      if (key === ZONE) values.add(zone);
      if (key === ZONE_ID && zoneId !== undefined) values.add(zoneId);
      if (key === CAPACITY_TYPE) values.add(capacityType);
    }
    const named = type.requirements.get(key);
    if (named !== undefined && !named.complement) for (const value of named.values) values.add(value);
  }
  const own = pool.requirements.get(key);
  if (values.size === 0 && own !== undefined && !own.complement) return own.values;
  return new Set([...values].filter((value) => own === undefined || admits(own, value)));
}
