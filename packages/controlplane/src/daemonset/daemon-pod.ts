import type { DaemonSet, Fresh, Node, NodeSelectorTerm, Pod, PodSpec, Toleration } from "@nodeless/api";
import { TAINTS } from "@nodeless/api";
import { firstUntoleratedTaint, matchesNodeAffinity } from "@nodeless/scheduling";
import { podFromTemplate } from "../workload/pod-from-template.ts";

export const REVISION_HASH_LABEL = "controller-revision-hash";
const NODE_NAME_FIELD = "metadata.name";

/** What every DaemonSet pod tolerates. Source: kubernetes pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations. */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: TAINTS.notReady, operator: "Exists", effect: "NoExecute" },
  { key: TAINTS.unreachable, operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: TAINTS.unschedulable, operator: "Exists", effect: "NoSchedule" },
];
const HOST_NETWORK_TOLERATION: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

/** The tolerations of the DaemonSet's pods on any node: its own and the defaults. */
function daemonTolerations({ tolerations = [], hostNetwork }: PodSpec): readonly Toleration[] {
  const defaults = hostNetwork === true ? [...DAEMON_TOLERATIONS, HOST_NETWORK_TOLERATION] : DAEMON_TOLERATIONS;
  const missing = defaults.filter(
    (one) =>
      !tolerations.some(
        ({ key, operator, effect }) => key === one.key && operator === one.operator && effect === one.effect,
      ),
  );
  return [...tolerations, ...missing];
}

/** Whether a node is to get the DaemonSet's pod, and whether one that is there may stay. */
export interface NodeFit {
  readonly shouldRun: boolean;
  readonly mayStay: boolean;
}

/** Source: kubernetes pkg/controller/daemon NodeShouldRunDaemonPod. */
export function fitOf(daemonSet: DaemonSet, node: Node): NodeFit {
  const spec = daemonSet.spec.template.spec ?? { containers: [] };
  const pinnedElsewhere = spec.nodeName !== undefined && spec.nodeName !== "" && spec.nodeName !== node.metadata.name;
  if (
    pinnedElsewhere ||
    !matchesNodeAffinity({ spec }, { name: node.metadata.name, labels: node.metadata.labels ?? {} })
  )
    return { shouldRun: false, mayStay: false };
  const taints = node.spec.taints ?? [];
  const tolerations = daemonTolerations(spec);
  return {
    shouldRun: firstUntoleratedTaint(taints, tolerations) === undefined,
    // NoSchedule keeps new pods out but does not throw running ones out.
    mayStay: firstUntoleratedTaint(taints, tolerations, ["NoExecute"]) === undefined,
  };
}

/** The DaemonSet's pod for one node: the default scheduler binds it there because its affinity allows no other. */
export function daemonPod(daemonSet: DaemonSet, nodeName: string, revisionHash: string): Fresh<Pod> {
  const { template } = daemonSet.spec;
  const spec = template.spec ?? { containers: [] };
  const pod = podFromTemplate(
    {
      ...template,
      metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [REVISION_HASH_LABEL]: revisionHash } },
    },
    daemonSet,
  );
  return { ...pod, spec: { ...spec, affinity: pinned(spec, nodeName), tolerations: daemonTolerations(spec) } };
}

/** Every alternative of the required affinity is narrowed to the node. Source: ReplaceDaemonSetPodNodeNameNodeAffinity. */
function pinned({ affinity }: PodSpec, nodeName: string): NonNullable<PodSpec["affinity"]> {
  const matchFields = [{ key: NODE_NAME_FIELD, operator: "In", values: [nodeName] }];
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const nodeSelectorTerms: readonly NodeSelectorTerm[] =
    terms.length === 0 ? [{ matchFields }] : terms.map((term) => ({ ...term, matchFields }));
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  };
}

/** The node a daemon pod is on, or is pinned to. */
export function nodeNameOf({ spec }: Pod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== "") return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms)
    for (const { key, operator, values } of matchFields)
      if (key === NODE_NAME_FIELD && operator === "In" && values?.length === 1) return values[0];
  return undefined;
}
