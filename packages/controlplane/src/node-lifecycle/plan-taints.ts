import type { Node, Taint } from "@nodeless/api";
import { TAINTS } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import { readyCondition } from "./plan-node-health.ts";

/** Taints this controller owns by key, and for which effects. Source: kubernetes pkg/controller/nodelifecycle taintKeyToNodeConditionMap. */
const OWNED_NO_SCHEDULE = new Set<string>([
  TAINTS.notReady,
  TAINTS.unreachable,
  TAINTS.unschedulable,
  "node.kubernetes.io/memory-pressure",
  "node.kubernetes.io/disk-pressure",
  "node.kubernetes.io/pid-pressure",
  "node.kubernetes.io/network-unavailable",
]);
const OWNED_NO_EXECUTE = new Set<string>([TAINTS.notReady, TAINTS.unreachable]);

const TAINT_OF_CONDITION: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};

/**
 * The node's taints as its conditions ask for, others untouched; undefined when nothing changes. Not ready and unreachable keep new pods out
 * at once and put running ones under their tolerationSeconds, counted from `timeAdded`.
 */
export function planTaints(node: Node, now: Date): readonly Taint[] | undefined {
  const present = node.spec.taints ?? [];
  const wanted = wantedTaints(node);
  const kept = present.filter((taint) => !isOwned(taint) || wanted.some((one) => isSame(one, taint)));
  const added = wanted
    .filter((taint) => !present.some((one) => isSame(one, taint)))
    .map((taint) => ({ ...taint, timeAdded: timestamp(now) }));
  return added.length === 0 && kept.length === present.length ? undefined : [...kept, ...added];
}

function wantedTaints(node: Node): readonly Taint[] {
  const wanted: Taint[] = [];
  const ready = readyCondition(node)?.status;
  // A node that has not said anything yet counts as not ready once its taint is there; it keeps the one it registered with.
  if (ready === "False") wanted.push(...both(TAINTS.notReady));
  else if (ready === "Unknown") wanted.push(...both(TAINTS.unreachable));
  else if (ready === undefined)
    wanted.push(...(node.spec.taints ?? []).filter((taint) => taint.key === TAINTS.notReady));
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = Object.hasOwn(TAINT_OF_CONDITION, type) ? TAINT_OF_CONDITION[type] : undefined;
    if (key !== undefined && status === "True") wanted.push({ key, effect: "NoSchedule" });
  }
  if (node.spec.unschedulable === true) wanted.push({ key: TAINTS.unschedulable, effect: "NoSchedule" });
  return wanted;
}

function both(key: string): readonly Taint[] {
  return [
    { key, effect: "NoSchedule" },
    { key, effect: "NoExecute" },
  ];
}

function isOwned({ key, effect }: Taint): boolean {
  return (
    (effect === "NoSchedule" && OWNED_NO_SCHEDULE.has(key)) || (effect === "NoExecute" && OWNED_NO_EXECUTE.has(key))
  );
}

function isSame(left: Taint, right: Taint): boolean {
  return left.key === right.key && left.effect === right.effect;
}
