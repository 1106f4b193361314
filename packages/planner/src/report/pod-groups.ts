import type { Pod } from "@nodeless/api";
import { parseMilli, podRequests } from "@nodeless/api";
import { podKeyOf } from "@nodeless/scheduling";
import type { PlanNode, PlanPodPrice, Quantities } from "../contract.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import { type Workload, workloadOf } from "../plan/workloads.ts";

/** Equal pods of one workload that run on the same kind of thing. */
export interface PodGroup {
  readonly workload: Workload;
  readonly pods: readonly Pod[];
  readonly requested: Quantities;
  readonly target:
    | { readonly kind: "fargate"; readonly profile: string; readonly vcpu: number; readonly memoryGb: number }
    | { readonly kind: "ec2"; readonly nodes: readonly PlanNode[] };
  /** All of them together: Fargate's price, or their share of the nodes they stand on. */
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  /** Of the first pod; equal pods have equal prices. */
  readonly price: PlanPodPrice | undefined;
}

/** Placed pods by workload, in input order. */
export function podGroups(outcome: Pick<PlanOutcome, "document" | "input">): readonly PodGroup[] {
  const { document, input } = outcome;
  const fargate = new Map(document.fargate.map((one) => [one.pod, one]));
  const requestsOf = requestsBySpec();
  const pods = new Map(input.pods.map((pod) => [podKeyOf(pod), pod]));
  const shares = nodeShares(document.nodes, (key) => {
    const pod = pods.get(key);
    return pod === undefined ? {} : requestsOf(pod).quantities;
  });
  const prices = new Map(document.pods.map((one) => [one.pod, one]));
  const groups = new Map<string, Draft>();
  for (const pod of input.pods) {
    const key = podKeyOf(pod);
    const micro = fargate.get(key);
    const share = shares.get(key);
    if (micro === undefined && share === undefined) continue;
    const workload = workloadOf(input, key);
    const { text, quantities } = requestsOf(pod);
    const size = micro === undefined ? "ec2" : `${micro.profile} ${micro.vcpu} ${micro.memoryGb}`;
    const id = JSON.stringify([workload.kind, workload.key, text, size]);
    let group = groups.get(id);
    if (group === undefined) {
      group = {
        workload,
        pods: [],
        requested: quantities,
        micro,
        nodes: new Set(),
        usd: 0,
        estimate: false,
        price: prices.get(key),
      };
      groups.set(id, group);
    }
    group.pods.push(pod);
    group.usd += micro?.usdPerHour ?? share?.usdPerHour ?? 0;
    group.estimate ||= micro?.priceIsEstimate ?? share?.node.priceIsEstimate ?? false;
    if (share !== undefined) group.nodes.add(share.node);
  }
  return [...groups.values()].map(finished);
}

interface Draft {
  readonly workload: Workload;
  readonly pods: Pod[];
  readonly requested: Quantities;
  readonly micro: { readonly profile: string; readonly vcpu: number; readonly memoryGb: number } | undefined;
  readonly nodes: Set<PlanNode>;
  readonly price: PlanPodPrice | undefined;
  usd: number;
  estimate: boolean;
}

function finished({ workload, pods, requested, micro, nodes, price, usd, estimate }: Draft): PodGroup {
  const target =
    micro === undefined
      ? { kind: "ec2" as const, nodes: [...nodes] }
      : { kind: "fargate" as const, profile: micro.profile, vcpu: micro.vcpu, memoryGb: micro.memoryGb };
  return { workload, pods, requested, target, usdPerHour: usd, priceIsEstimate: estimate, price };
}

/** A node's price is shared by what the pods ask of its cpu, memory and devices; where they ask for nothing, equally. */
function nodeShares(
  nodes: readonly PlanNode[],
  requestsOf: (podKey: string) => Quantities,
): ReadonlyMap<string, { readonly node: PlanNode; readonly usdPerHour: number }> {
  const shares = new Map<string, { readonly node: PlanNode; readonly usdPerHour: number }>();
  for (const node of nodes) {
    const weights = node.pods.map((pod) => weightOn(node, requestsOf(pod)));
    let total = 0;
    for (const weight of weights) total += weight;
    for (const [index, pod] of node.pods.entries()) {
      const share = total > 0 ? (weights[index] ?? 0) / total : 1 / node.pods.length;
      shares.set(pod, { node, usdPerHour: node.usdPerHour * share });
    }
  }
  return shares;
}

/** Slots are never short where disks and processors are not, and disks come with every node. */
const NOT_WEIGHED: ReadonlySet<string> = new Set(["pods", "ephemeral-storage"]);

function weightOn({ allocatable }: PlanNode, requested: Quantities): number {
  let weight = 0;
  for (const [name, quantity] of Object.entries(requested)) {
    const offered = allocatable[name];
    if (!NOT_WEIGHED.has(name) && offered !== undefined) weight += parseMilli(quantity) / parseMilli(offered);
  }
  return weight;
}

interface Requested {
  readonly text: string;
  readonly quantities: Quantities;
}

function requestsBySpec(): (pod: Pod) => Requested {
  const known = new WeakMap<Pod["spec"], Requested>();
  return ({ spec }) => {
    let requested = known.get(spec);
    if (requested === undefined) {
      const quantities = quantitiesOf(podRequests(spec));
      requested = { text: JSON.stringify(quantities), quantities };
      known.set(spec, requested);
    }
    return requested;
  };
}
