import type { Lease, Node, NodeCondition } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";

/** The last sign of life of a node, as seen by this process: its clock and the node's may differ. */
export interface Heartbeat {
  /** What changes with every heartbeat; equal text means no news. */
  readonly mark: string;
  /** Monotonic time at which the mark was first seen. */
  readonly seenMs: number;
}

/** Takes in what the node and its lease say now. */
export function observeHeartbeat(
  previous: Heartbeat | undefined,
  { node, lease, nowMs }: { readonly node: Node; readonly lease: Lease | undefined; readonly nowMs: number },
): Heartbeat {
  const ready = readyCondition(node);
  const mark = `${lease?.spec?.renewTime ?? ""} ${ready?.lastHeartbeatTime ?? ""}`;
  return previous?.mark === mark ? previous : { mark, seenMs: nowMs };
}

/** Limits for {@link planNodeHealth}. */
export interface HealthInput {
  readonly node: Node;
  readonly heartbeat: Heartbeat;
  readonly nowMs: number;
  readonly now: Date;
  readonly graceMs: number;
  readonly startupGraceMs: number;
}

/** Conditions that a silent node loses. Source: kubernetes pkg/controller/nodelifecycle tryUpdateNodeHealth. */
const REPORTED_CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** The conditions of a node that went silent, all Unknown; undefined while it lives or is already marked. */
export function planNodeHealth(input: HealthInput): readonly NodeCondition[] | undefined {
  const { node, heartbeat, nowMs, now, graceMs, startupGraceMs } = input;
  const ready = readyCondition(node);
  const silentMs = nowMs - heartbeat.seenMs;
  if (silentMs <= (ready === undefined ? startupGraceMs : graceMs)) return undefined;
  const present = node.status?.conditions ?? [];
  const lost = REPORTED_CONDITIONS.filter((type) => present.find((one) => one.type === type)?.status !== "Unknown");
  if (lost.length === 0) return undefined;
  return [
    ...present.map((one) =>
      lost.includes(one.type)
        ? {
            ...one,
            status: "Unknown",
            reason: "NodeStatusUnknown",
            message: "Kubelet stopped posting node status.",
            lastTransitionTime: timestamp(now),
          }
        : one,
    ),
    ...lost
      .filter((type) => !present.some((one) => one.type === type))
      .map((type) => ({
        type,
        status: "Unknown",
        reason: "NodeStatusNeverUpdated",
        message: "Kubelet never posted node status.",
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: timestamp(now),
      })),
  ];
}

export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(({ type }) => type === "Ready");
}
