import type { Node, Pod, ResourceAmounts, Taint } from "@nodeless/api";
import { LABELS, parseResourceList, podRequests, TAINTS } from "@nodeless/api";
import {
  addAmounts,
  type ExistingNode,
  matchesNodeAffinity,
  nodeAttachments,
  subtractAmounts,
  toleratesTaints,
  type VolumeSources,
} from "@nodeless/scheduling";
import type { PlanInput } from "../contract.ts";

/** Nodes of the input as capacity that is already there, with the pods bound to them. */
export function existingNodes(
  { nodes, boundPods, csiNodes = [] }: Pick<PlanInput, "nodes" | "boundPods" | "csiNodes">,
  daemonSetPods: readonly Pod[],
  volumes: VolumeSources,
): readonly ExistingNode[] {
  const csiByName = new Map(csiNodes.map((one) => [one.metadata.name, one]));
  const byNode = new Map<string, Pod[]>();
  for (const pod of boundPods) {
    const name = pod.spec.nodeName ?? "";
    const list = byNode.get(name);
    if (list === undefined) byNode.set(name, [pod]);
    else list.push(pod);
  }
  return nodes.map((node) => {
    const { name } = node.metadata;
    const pods = byNode.get(name) ?? [];
    return {
      ...existingNode(node, pods, daemonSetPods),
      ...nodeAttachments(csiByName.get(name), pods, volumes),
    };
  });
}

function existingNode(node: Node, pods: readonly Pod[], daemonSetPods: readonly Pod[]): ExistingNode {
  const { name } = node.metadata;
  const labels: Readonly<Record<string, string>> = { [LABELS.hostname]: name, ...node.metadata.labels };
  const taints = taintsOf(node);
  const nodePool = labels[LABELS.nodePool] ?? labels[LABELS.provisionerName];
  const expected = daemonSetPods.filter(
    (pod) => matchesNodeAffinity(pod, { name, labels }) && toleratesTaints(pod.spec.tolerations, taints),
  );
  return {
    name,
    labels,
    taints,
    allocatable: withPodSlots(parseResourceList(node.status?.allocatable ?? node.status?.capacity)),
    pods,
    pendingDaemonRequests: positive(subtractAmounts(requestsOf(expected), requestsOf(pods.filter(isDaemonSetPod)))),
    initialized: true,
    ...(nodePool === undefined ? {} : { nodePool }),
  };
}

/** A cordoned node is tainted by its controller soon after. */
function taintsOf({ spec }: Node): readonly Taint[] {
  const taints = spec?.taints ?? [];
  if (spec?.unschedulable !== true || taints.some(({ key }) => key === TAINTS.unschedulable)) return taints;
  return [...taints, { key: TAINTS.unschedulable, effect: "NoSchedule" }];
}

/** The kubelet's default, for a Node that is written by hand without it. */
const POD_SLOTS_DEFAULT = 110;

function withPodSlots(amounts: ReadonlyMap<string, number>): ResourceAmounts {
  return amounts.has("pods") ? amounts : new Map([...amounts, ["pods", POD_SLOTS_DEFAULT]]);
}

function isDaemonSetPod({ metadata }: Pod): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind }) => kind === "DaemonSet");
}

/** Sum of the requests, a slot for each pod included. */
export function requestsOf(pods: readonly Pod[]): ResourceAmounts {
  return addAmounts(...pods.map(({ spec }) => podRequests(spec).set("pods", 1)));
}

function positive(amounts: ResourceAmounts): ResourceAmounts {
  return new Map([...amounts].map(([name, amount]) => [name, Math.max(0, amount)]));
}
