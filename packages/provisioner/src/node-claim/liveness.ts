import type { NodeClaim } from "@nodeless/api";
import { findCondition, isConditionTrue } from "@nodeless/runtime";
import { formatDuration } from "../settings/duration.ts";

export interface LivenessTimeouts {
  readonly launchTimeoutMs: number;
  readonly registrationTimeoutMs: number;
}

/** Whether a claim that does not come up is given up now, or when to look again (karpenter.md §4.4). */
export type Liveness =
  | { readonly kind: "alive" }
  | { readonly kind: "waiting"; readonly remainingMs: number }
  | { readonly kind: "dead"; readonly reason: "launch_timeout" | "registration_timeout"; readonly message: string };

/** Counts from the condition's last transition, and from creation while there is none. */
export function judgeLiveness(claim: NodeClaim, timeouts: LivenessTimeouts, now: Date): Liveness {
  const { conditions } = claim.status ?? {};
  if (isConditionTrue(conditions, "Registered")) return { kind: "alive" };
  const isLaunched = isConditionTrue(conditions, "Launched");
  const [type, timeoutMs] = isLaunched
    ? (["Registered", timeouts.registrationTimeoutMs] as const)
    : (["Launched", timeouts.launchTimeoutMs] as const);
  const since = findCondition(conditions, type)?.lastTransitionTime ?? claim.metadata.creationTimestamp;
  const remainingMs = Date.parse(since) + timeoutMs - now.getTime();
  if (remainingMs > 0) return { kind: "waiting", remainingMs };
  const why = findCondition(conditions, type)?.message;
  const what = isLaunched ? "registered" : "launched";
  return {
    kind: "dead",
    reason: isLaunched ? "registration_timeout" : "launch_timeout",
    message: `not ${what} within ${formatDuration(timeoutMs)}${why === undefined || why === "" ? "" : `: ${why}`}`,
  };
}
