import { podKeyOf } from "@nodeless/scheduling";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import type { PodRefusal } from "../plan/pod-routes.ts";
import { type Workload, workloadOf } from "../plan/workloads.ts";
import { type TableStyle, wrapped } from "./table-style.ts";

interface RefusedGroup {
  readonly workload: Workload;
  readonly refusals: readonly PodRefusal[];
  pods: number;
}

/** Pods that run nowhere: which rule of whom, and what to do. */
export function refusalSection({ refused, input }: PlanOutcome, style: TableStyle): string {
  if (refused.length === 0) return "";
  const groups = new Map<string, RefusedGroup>();
  for (const { pod, refusals } of refused) {
    const workload = workloadOf(input, podKeyOf(pod));
    const id = JSON.stringify([workload.kind, workload.key, refusals]);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { workload, refusals, pods: 1 });
    else group.pods += 1;
  }
  const blocks = [...groups.values()].map(({ workload, refusals, pods }) => {
    const name = `${workload.key}${pods === 1 ? "" : ` ${style.times}${pods}`}`;
    const reasons = refusals.map(({ candidate, rule, message, remedy }) => {
      const width = style.width;
      return `${wrapped(`${candidate} (${rule}): ${message}`, { first: "  ", rest: "    ", width })}${wrapped(`remedy: ${remedy}`, { first: "    ", rest: "      ", width })}`;
    });
    return `${style.paint("red", name)}\n${reasons.join("")}`;
  });
  return `${style.paint(["bold", "red"], "REFUSED")}\n${blocks.join("")}`;
}
