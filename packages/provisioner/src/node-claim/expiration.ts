import type { NodeClaim } from "@nodeless/api";
import { parseDurationOrNever } from "../settings/duration.ts";

/** Looked at again at least this often: a month is more than a timer can count, and wall clocks are set. */
const LOOK_AGAIN_MS_MAX = 3_600_000;

/** How long a claim still has, or that its time is up. */
export type Expiration =
  | { readonly kind: "never" }
  | { readonly kind: "expired" }
  /** When to look again; not more than an hour, whatever is left. */
  | { readonly kind: "later"; readonly lookAgainMs: number };

/**
 * A claim expires `expireAfter` after its creation, whatever runs on it: budgets do not hold it, its drain still keeps disruption budgets of
 * pods (karpenter.md §4.6).
 */
export function judgeExpiration({ metadata, spec }: NodeClaim, now: Date): Expiration {
  const lifetimeMs = parseDurationOrNever(spec.expireAfter ?? "Never");
  if (lifetimeMs === undefined) return { kind: "never" };
  const leftMs = Date.parse(metadata.creationTimestamp) + lifetimeMs - now.getTime();
  return leftMs <= 0 ? { kind: "expired" } : { kind: "later", lookAgainMs: Math.min(leftMs, LOOK_AGAIN_MS_MAX) };
}
