import { LABELS, type NodeClaim, type NodePool } from "@nodeless/api";
import {
  type InstanceType,
  mergeRequirements,
  type Requirements,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  type SchedulingNodePool,
} from "@nodeless/scheduling";
import type { EffectivePool } from "../state/effective-pools.ts";
import { poolUsage, remainingLimits } from "./pool-usage.ts";

/** Labels every node of the pool carries: the template's, and the pool's name under its generation's keys. */
export function poolLabels({
  pool,
  generation,
}: Pick<EffectivePool, "pool" | "generation">): Readonly<Record<string, string>> {
  return {
    ...pool.spec.template.metadata?.labels,
    [LABELS.nodePool]: pool.metadata.name,
    ...(generation === "v1alpha5" ? { [LABELS.provisionerName]: pool.metadata.name } : {}),
  };
}

/** spec.requirements ∩ labels ∩ the pool's name (karpenter.md §3.3). */
function poolRequirements(effective: Pick<EffectivePool, "pool" | "generation">): Requirements {
  return mergeRequirements(
    requirementsFromNodeSelectorRequirements(effective.pool.spec.template.spec.requirements),
    requirementsFromLabels(poolLabels(effective)),
  );
}

/** The pool as scheduling sees it. */
export function schedulingPool(
  effective: EffectivePool,
  { claims, instanceTypes }: { readonly claims: readonly NodeClaim[]; readonly instanceTypes: readonly InstanceType[] },
): SchedulingNodePool {
  const { spec, metadata }: NodePool = effective.pool;
  return {
    name: metadata.name,
    weight: spec.weight ?? 0,
    requirements: poolRequirements(effective),
    labels: poolLabels(effective),
    taints: spec.template.spec.taints ?? [],
    startupTaints: spec.template.spec.startupTaints ?? [],
    remainingLimits: remainingLimits(spec.limits, poolUsage(claims)),
    instanceTypes,
  };
}
