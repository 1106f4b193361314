import type { Condition, NodeClaim, NodePoolStatus, ProvisionerStatus } from "@nodeless/api";
import { updateCondition } from "@nodeless/runtime";
import { poolFieldErrors } from "../provisioning/pool-readiness.ts";
import { poolUsage } from "../provisioning/pool-usage.ts";
import { formatResources } from "../provisioning/resource-lists.ts";
import type { EffectivePool, Readiness } from "../state/effective-pools.ts";

/** What a pool's status is made from. */
export interface PoolObservation {
  readonly effective: EffectivePool;
  readonly claims: readonly NodeClaim[];
  readonly nodeClass: Readiness;
  readonly nodeClassGeneration: number | undefined;
  readonly now: Date;
}

interface Report {
  readonly type: string;
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

function judge({ effective, nodeClass }: PoolObservation): readonly Report[] {
  const errors = poolFieldErrors(effective);
  const validation: Report = {
    type: "ValidationSucceeded",
    isTrue: errors.length === 0,
    reason: errors.length === 0 ? "ValidationSucceeded" : "NodePoolValidationFailed",
    message: errors.map(({ path, message }) => `${path} ${message}`).join("; "),
  };
  const classReady: Report = {
    type: "NodeClassReady",
    isTrue: nodeClass.ready,
    reason: nodeClass.reason,
    message: nodeClass.message,
  };
  const missing = [validation, classReady].filter(({ isTrue }) => !isTrue);
  const message = missing.map((report) => `${report.type}=False: ${report.message}`).join("; ");
  const root: Report = {
    type: "Ready",
    isTrue: missing.length === 0,
    reason: missing.length === 0 ? "Ready" : "UnhealthyDependents",
    message,
  };
  return [validation, classReady, root];
}

function applyReports(
  known: readonly Condition[] | undefined,
  reports: readonly Report[],
  observation: PoolObservation,
): readonly Condition[] {
  const observedGeneration = observation.effective.origin.metadata.generation;
  let conditions = known ?? [];
  for (const { type, isTrue, reason, message } of reports)
    conditions = updateCondition(
      conditions,
      {
        type,
        status: isTrue ? "True" : "False",
        reason,
        message,
        ...(observedGeneration === undefined ? {} : { observedGeneration }),
      },
      observation.now,
    );
  return conditions;
}

/** status of a NodePool (karpenter.md §1.4). */
export function nodePoolStatus(observation: PoolObservation): NodePoolStatus {
  const { effective, claims, nodeClassGeneration } = observation;
  return {
    resources: formatResources(poolUsage(claims)),
    nodes: claims.length,
    ...(nodeClassGeneration === undefined ? {} : { nodeClassObservedGeneration: nodeClassGeneration }),
    conditions: applyReports(effective.pool.status?.conditions, judge(observation), observation),
  };
}

/** status of a Provisioner: its one condition is Active (karpenter.md §1.1). */
export function provisionerStatus(
  observation: PoolObservation,
  previous: ProvisionerStatus | undefined,
): ProvisionerStatus {
  const root = judge(observation).at(-1);
  const active: Report = {
    type: "Active",
    isTrue: root?.isTrue === true,
    reason: root?.isTrue === true ? "Active" : "NotActive",
    message: root?.message ?? "",
  };
  const { nodes: _, ...resources } = formatResources(poolUsage(observation.claims));
  const newest = observation.claims
    .map(({ metadata }) => metadata.creationTimestamp)
    .sort()
    .at(-1);
  const lastScaleTime = newest ?? previous?.lastScaleTime;
  return {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    resources,
    conditions: applyReports(previous?.conditions, [active], observation),
  };
}
