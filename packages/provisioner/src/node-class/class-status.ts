import type { Condition, EC2NodeClassStatus } from "@nodeless/api";
import type { NodeClassStatus } from "@nodeless/cloud";
import { updateCondition } from "@nodeless/runtime";

/** The status of an EC2NodeClass from what the cloud resolved; Ready follows from the others (karpenter.md §1.6). */
export function classStatus(
  resolved: NodeClassStatus,
  {
    known,
    generation,
    now,
  }: { readonly known: readonly Condition[] | undefined; readonly generation: number | undefined; readonly now: Date },
): EC2NodeClassStatus & { readonly conditions: readonly Condition[] } {
  const missing = resolved.conditions.filter(({ status }) => status !== "True");
  const root = {
    type: "Ready",
    status: missing.length === 0 ? "True" : missing.some(({ status }) => status === "False") ? "False" : "Unknown",
    reason: missing.length === 0 ? "Ready" : "UnhealthyDependents",
    message: missing
      .map(({ type, status, message }) => `${type}=${status}${message === "" ? "" : `: ${message}`}`)
      .join("; "),
  };
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let conditions = known ?? [];
  for (const report of [...resolved.conditions, root])
    conditions = updateCondition(conditions, { ...report, ...observed }, now);
  return {
    subnets: resolved.subnets,
    securityGroups: resolved.securityGroups,
    amis: resolved.amis,
    ...(resolved.instanceProfile === undefined ? {} : { instanceProfile: resolved.instanceProfile }),
    conditions,
  };
}
