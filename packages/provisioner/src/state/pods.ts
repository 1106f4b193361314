import type { Pod } from "@nodeless/api";
import { ANNOTATIONS } from "@nodeless/api";
import { parseDurationMs } from "../settings/duration.ts";

/** What a pod is to the provisioner. All pure; `now` is passed in. */

function isOwnedBy(pod: Pod, kind: string): boolean {
  return pod.metadata.ownerReferences?.some((owner) => owner.kind === kind) === true;
}

export const isDaemonSetPod = (pod: Pod): boolean => isOwnedBy(pod, "DaemonSet");

/** A static pod's mirror: the kubelet owns it, nobody can evict it. */
export function isMirrorPod(pod: Pod): boolean {
  const annotations = pod.metadata.annotations ?? {};
  return isOwnedBy(pod, "Node") || Object.hasOwn(annotations, "kubernetes.io/config.mirror");
}

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

export const isBound = (pod: Pod): boolean => (pod.spec?.nodeName ?? "") !== "";

/** The annotation `karpenter.sh/do-not-disrupt`: `true`, or a duration that counts from the pod's start. */
export type DoNotDisrupt =
  | { readonly kind: "absent" }
  | { readonly kind: "active"; readonly untilMs?: number }
  | { readonly kind: "elapsed" }
  | { readonly kind: "invalid"; readonly value: string };

/** Reads the annotation of a pod. Source: karpenter.md §2.2. */
export function doNotDisruptOf(pod: Pod, now: Date): DoNotDisrupt {
  const annotations = pod.metadata.annotations ?? {};
  const value = Object.hasOwn(annotations, ANNOTATIONS.doNotDisrupt)
    ? annotations[ANNOTATIONS.doNotDisrupt]
    : undefined;
  const old = Object.hasOwn(annotations, "karpenter.sh/do-not-evict")
    ? annotations["karpenter.sh/do-not-evict"]
    : undefined;
  if (value === "true" || old === "true") return { kind: "active" };
  if (value === undefined || value === "false") return { kind: "absent" };
  try {
    const start = pod.status?.startTime;
    const durationMs = parseDurationMs(value);
    if (durationMs <= 0) return { kind: "invalid", value };
    const untilMs = start === undefined ? undefined : Date.parse(start) + durationMs;
    if (untilMs === undefined) return { kind: "active" };
    return now.getTime() < untilMs ? { kind: "active", untilMs } : { kind: "elapsed" };
  } catch {
    return { kind: "invalid", value };
  }
}

/** A pod that needs a new home when its node goes: not a daemon, not a mirror, not finished; a StatefulSet's even while terminating. */
export function isReschedulable(pod: Pod): boolean {
  if (isDaemonSetPod(pod) || isMirrorPod(pod) || isTerminal(pod)) return false;
  return !isTerminating(pod) || isOwnedBy(pod, "StatefulSet");
}
