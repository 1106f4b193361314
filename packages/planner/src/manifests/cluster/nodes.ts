import { LABELS, type Node, TAINTS } from "@nodeless/api";
import { reporter } from "../documents/parsed-document.ts";
import { fateOf } from "../expansion/live-pods.ts";
import type { Checked, ObjectSet } from "../expansion/object-set.ts";
import type { ProblemList } from "../problem.ts";

/**
 * Nodes of the input as a cluster would show them: allocatable (the capacity where it is left out), the hostname label, the taint of a
 * cordoned node. A node that offers nothing is a problem.
 */
export function planNodes(objects: ObjectSet, problems: ProblemList): readonly Node[] {
  return objects.of("Node").map(({ document, object }): Node => {
    const { metadata, spec, status } = object;
    const allocatable = status?.allocatable ?? status?.capacity;
    if (allocatable === undefined)
      reporter(document, problems)(
        ["status", "allocatable"],
        "required: what the node offers to pods, such as { cpu: 3920m, memory: 14Gi, pods: 58 }",
      );
    return {
      ...object,
      metadata: { ...metadata, labels: { [LABELS.hostname]: metadata.name, ...metadata.labels } },
      spec: { ...spec, ...withCordon(spec) },
      status: { ...status, allocatable: { pods: "110", ...allocatable } },
    };
  });
}

/** What the node controller adds to a cordoned node. */
function withCordon(spec: Node["spec"]): Pick<NonNullable<Node["spec"]>, "taints"> {
  const taints = spec?.taints ?? [];
  if (spec?.unschedulable !== true || taints.some(({ key }) => key === TAINTS.unschedulable)) return { taints };
  return { taints: [...taints, { key: TAINTS.unschedulable, effect: "NoSchedule" }] };
}

/** Pods bound to a node that is not in the input: nobody knows what else is there. One problem per node, at its first pod. */
export function checkBindings(
  objects: ObjectSet,
  { nodeNames, problems }: { readonly nodeNames: ReadonlySet<string>; readonly problems: ProblemList },
): void {
  const homeless = new Map<string, Checked<"Pod">[]>();
  for (const pod of objects.of("Pod")) {
    const { nodeName = "" } = pod.object.spec;
    if (fateOf(pod.object) !== "bound" || nodeNames.has(nodeName)) continue;
    const pods = homeless.get(nodeName);
    if (pods === undefined) homeless.set(nodeName, [pod]);
    else pods.push(pod);
  }
  for (const [nodeName, [first, ...others]] of homeless)
    if (first !== undefined)
      reporter(first.document, problems)(
        ["spec", "nodeName"],
        `no Node ${JSON.stringify(nodeName)} in the input${others.length === 0 ? "" : ` for this pod and ${others.length} more`}; add the nodes (kubectl get nodes -o yaml), or remove nodeName to have pods placed`,
      );
}
