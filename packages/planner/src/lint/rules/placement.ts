import type { Pod } from "@nodeless/api";
import { DEFAULT_SCHEDULER } from "@nodeless/api";
import { planScheduling, podKeyOf } from "@nodeless/scheduling";
import type { Path } from "../../manifests/schema/check-value.ts";
import { refusedByEc2 } from "../../plan/refusals.ts";
import { schedulingSetting } from "../../plan/scheduling-input.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import { atPod } from "./hits.ts";

/** Pods that no NodePool takes. */
export const PLACEMENT_RULES: readonly LintRule[] = [
  {
    id: "no-node",
    severity: "error",
    title: "pod that no node fits",
    why: "No NodePool and no node of the input can ever run it, however empty: its node selector, affinity, tolerations or requests ask for what none of them has. It stays Pending.",
    source: "Karpenter, scheduling",
    check: function* (project): Iterable<LintHit> {
      const workloads = project.workloads.filter(needsNode);
      const { catalog, input } = project;
      if (catalog === undefined || input === undefined || workloads.length === 0) return;
      const setting = schedulingSetting(input, catalog);
      const byKey = new Map(workloads.map((workload) => [podKeyOf(workload.pod), workload]));
      const plan = planScheduling({
        ...setting,
        // Whether the pool is large enough for all of them is for the plan to say.
        nodePools: setting.nodePools.map((pool) => ({ ...pool, remainingLimits: new Map() })),
        pods: [...byKey.values()].map(({ pod }) => alone(pod)),
      });
      for (const { pod, refusals } of refusedByEc2(plan, input)) {
        const workload = byKey.get(podKeyOf(pod));
        const [first] = refusals;
        if (workload === undefined || first === undefined) continue;
        const others = refusals.length === 1 ? "" : ` (and ${refusals.length - 1} more)`;
        yield atPod(workload, placeOf(workload, first.rule), {
          message: `${first.candidate}: ${first.message}${others}`,
          remedy: first.remedy,
        });
      }
    },
  },
];

function needsNode({ kind, match, pod }: LintWorkload): boolean {
  const { schedulerName = DEFAULT_SCHEDULER, nodeName = "" } = pod.spec;
  return (
    match.kind === "none" &&
    kind !== "DaemonSet" &&
    nodeName === "" &&
    (schedulerName === "" || schedulerName === DEFAULT_SCHEDULER)
  );
}

/** Without what depends on other pods. */
function alone(pod: Pod): Pod {
  const { affinity, topologySpreadConstraints: _, ...spec } = pod.spec;
  const { nodeAffinity } = affinity ?? {};
  return { ...pod, spec: { ...spec, ...(nodeAffinity === undefined ? {} : { affinity: { nodeAffinity } }) } };
}

function placeOf({ pod }: LintWorkload, rule: string): Path {
  if (rule === "resources") return ["spec", "containers", 0, "resources"];
  if (rule === "taints") return ["spec", "tolerations"];
  if (rule === "volumes") return ["spec", "volumes"];
  return pod.spec.nodeSelector === undefined && pod.spec.affinity !== undefined
    ? ["spec", "affinity"]
    : ["spec", "nodeSelector"];
}
