import type { FieldError, NodePool } from "@nodeless/api";

/** What the API allows and we do not do; refused by condition, never ignored. */
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
  return errors;
}
