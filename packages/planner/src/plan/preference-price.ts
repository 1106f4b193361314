import type { Pod } from "@nodeless/api";
import { planScheduling, type SchedulingBound, type SchedulingInput, type SchedulingPlan } from "@nodeless/scheduling";
import type { PlanPreferences } from "../contract.ts";
import { costOf, isAtBound } from "./packing-gears.ts";

/** What it costs that nodes suit what pods only prefer: against the plan that the provisioner would make without these preferences. */
export function preferencePrice(
  input: SchedulingInput,
  { plan, bound }: { readonly plan: SchedulingPlan; readonly bound: SchedulingBound },
): PlanPreferences {
  const policy = input.policies?.preferences ?? "Respect";
  const pods = input.pods.filter(hasPreferences).length;
  if (policy === "Ignore" || pods === 0 || isAtBound(plan, bound)) return { policy, pods, costsUsdPerHour: 0 };
  const ignoring = planScheduling({ ...input, policies: { ...input.policies, preferences: "Ignore" } });
  const isComparable = ignoring.unplaced.length <= plan.unplaced.length;
  return { policy, pods, costsUsdPerHour: isComparable ? Math.max(0, costOf(plan) - costOf(ignoring)) : 0 };
}

/** What can be given up before a pod stays Pending (karpenter.md §3.4); taints that nodes prefer not to be tolerated are the nodes' wish. */
function hasPreferences({ spec: { affinity, topologySpreadConstraints = [] } }: Pod): boolean {
  const preferred = [affinity?.nodeAffinity, affinity?.podAffinity, affinity?.podAntiAffinity].some(
    (one) => (one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  );
  return preferred || topologySpreadConstraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway");
}
