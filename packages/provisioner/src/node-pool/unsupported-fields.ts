import type { FieldError, NodePool } from "@nodeless/api";
import { parseSchedule } from "../disruption/cron.ts";

/** What the API allows and we do not do, or what no validation before us could read; refused by condition, never ignored. */
export function unsupportedFields(pool: Pick<NodePool, "spec">): readonly FieldError[] {
  const { replicas, disruption, template } = pool.spec;
  const errors: FieldError[] = [];
  if (replicas !== undefined)
    errors.push({
      path: "spec.replicas",
      message: "is not supported: pools with a fixed number of nodes are not run yet",
    });
  if (disruption?.consolidationPolicy === "Balanced")
    errors.push({
      path: "spec.disruption.consolidationPolicy",
      message: "Balanced is not supported; use WhenEmptyOrUnderutilized or WhenEmpty",
    });
  const { group, kind } = template.spec.nodeClassRef;
  if (group !== "karpenter.k8s.aws" || kind !== "EC2NodeClass")
    errors.push({
      path: "spec.template.spec.nodeClassRef",
      message: `must refer to an EC2NodeClass of karpenter.k8s.aws, not ${kind} of ${group}`,
    });
  for (const [index, { schedule }] of (disruption?.budgets ?? []).entries())
    if (schedule !== undefined && parseSchedule(schedule) === undefined)
      errors.push({
        path: `spec.disruption.budgets[${index}].schedule`,
        message: `cannot be read as five cron fields: ${JSON.stringify(schedule)}`,
      });
  return errors;
}
