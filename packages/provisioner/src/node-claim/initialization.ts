import type { Node, NodeClaim } from "@nodeless/api";
import { LABELS, parseResourceList } from "@nodeless/api";
import type { ConditionReport } from "@nodeless/runtime";
import { findCondition } from "@nodeless/runtime";
import { isEphemeralTaint, isSameTaint } from "../provisioning/existing-nodes.ts";
import { satisfied } from "./claim-writes.ts";

/** Whether a registered node can be relied on, with the first thing it still lacks (karpenter.md §4.3). */
export function planInitialization(claim: NodeClaim, node: Node): ConditionReport {
  const wait = (reason: string, message: string): ConditionReport => ({
    type: "Initialized",
    status: "Unknown",
    reason,
    message,
  });
  if (node.metadata.labels?.[LABELS.nodeInitialized] === "true") return satisfied("Initialized");
  const ready = findCondition(node.status?.conditions, "Ready");
  if (ready?.status !== "True")
    return wait("NodeNotReady", ready?.message ?? "the kubelet has not reported that the node is ready");
  const taints = node.spec?.taints ?? [];
  const startup = taints.find((taint) => claim.spec.startupTaints?.some((other) => isSameTaint(other, taint)) === true);
  if (startup !== undefined)
    return wait("StartupTaintsExist", `startup taint ${startup.key}:${startup.effect} is still on the node`);
  const ephemeral = taints.find(isEphemeralTaint);
  if (ephemeral !== undefined)
    return wait("KnownEphemeralTaintsExist", `taint ${ephemeral.key}:${ephemeral.effect} is still on the node`);
  const allocatable = parseResourceList(node.status?.allocatable);
  for (const [name, amount] of parseResourceList(claim.spec.resources?.requests))
    if (amount > 0 && (allocatable.get(name) ?? 0) === 0)
      return wait("ResourceNotRegistered", `resource ${name} was requested but the node does not offer it yet`);
  return satisfied("Initialized");
}
