import type { Fresh, NodeClaim } from "@nodeless/api";
import { ANNOTATIONS, FINALIZERS, LABELS } from "@nodeless/api";
import { type PlannedClaim, type Requirement, toNodeSelectorRequirements } from "@nodeless/scheduling";
import { NODE_POOL_HASH_VERSION, nodePoolHash } from "../node-pool/hash.ts";
import type { EffectivePool } from "../state/effective-pools.ts";
import { formatResources } from "./resource-lists.ts";
import { poolLabels } from "./scheduling-pool.ts";

/** Longer lists are cut, cheapest first. Source: karpenter.md §3.10. */
const INSTANCE_TYPES_MAX = 600;
const DEFAULT_EXPIRE_AFTER = "720h";

/** The NodeClaim that a planned claim stands for. Pure: equal plans give equal claims (karpenter.md §1.5, §3.10). */
export function claimFor(planned: PlannedClaim, effective: EffectivePool): Fresh<NodeClaim> {
  const { pool, origin } = effective;
  const { template } = pool.spec;
  const { taints, startupTaints, terminationGracePeriod, expireAfter } = template.spec;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      generateName: `${pool.metadata.name}-`,
      labels: { ...poolLabels(effective), ...singleValues(planned.requirements.values()) },
      annotations: {
        ...template.metadata?.annotations,
        [ANNOTATIONS.nodePoolHash]: nodePoolHash(pool),
        [ANNOTATIONS.nodePoolHashVersion]: NODE_POOL_HASH_VERSION,
      },
      finalizers: [FINALIZERS.termination],
      ownerReferences: [
        {
          apiVersion: origin.apiVersion,
          kind: origin.kind,
          name: origin.metadata.name,
          uid: origin.metadata.uid,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(taints === undefined || taints.length === 0 ? {} : { taints }),
      ...(startupTaints === undefined || startupTaints.length === 0 ? {} : { startupTaints }),
      requirements: toNodeSelectorRequirements(claimRequirements(planned)),
      resources: { requests: formatResources(planned.requests) },
      nodeClassRef: template.spec.nodeClassRef,
      ...(terminationGracePeriod === undefined ? {} : { terminationGracePeriod }),
      expireAfter: expireAfter ?? DEFAULT_EXPIRE_AFTER,
    },
  };
}

/** The planner's stand-in for the host goes; the types that may be launched are written out. */
function claimRequirements({ requirements, instanceTypes }: PlannedClaim): ReadonlyMap<string, Requirement> {
  const written = new Map(requirements);
  written.delete(LABELS.hostname);
  const minValues = requirements.get(LABELS.instanceType)?.minValues;
  written.set(LABELS.instanceType, {
    key: LABELS.instanceType,
    complement: false,
    values: new Set(instanceTypes.slice(0, INSTANCE_TYPES_MAX).map(({ name }) => name)),
    ...(minValues === undefined ? {} : { minValues }),
  });
  return written;
}

/** Requirements with one value are labels of the coming node; the instance type is known only after the launch. */
function singleValues(requirements: Iterable<Requirement>): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const { key, complement, values } of requirements) {
    const [value] = values;
    if (!complement && values.size === 1 && value !== undefined && key !== LABELS.hostname) labels.set(key, value);
  }
  return Object.fromEntries(labels);
}
