import type { Rejection, UnplacedPod } from "@nodeless/scheduling";
import type { Readiness } from "../state/effective-pools.ts";

/** Pools that could not be asked, and why. */
export type UnusablePools = ReadonlyMap<string, Readiness>;

/** More pools than this are counted: the event has 1,024 characters. */
const POOLS_SHOWN_MAX = 5;

/**
 * The text of FailedScheduling: rules of the pod itself first, then each pool with its rule and numbers, then how many existing nodes
 * failed by which rule.
 */
export function unplacedText(
  { rejections }: UnplacedPod,
  pools: { readonly names: ReadonlySet<string>; readonly unusable: UnusablePools },
): string {
  const parts = [
    ...rejections.filter(({ candidate }) => candidate === "pod").map(({ message }) => message),
    ...poolParts(rejections, pools),
    ...nodeParts(rejections.filter(({ candidate }) => candidate !== "pod" && !pools.names.has(candidate))),
  ];
  if (pools.names.size === 0 && pools.unusable.size === 0)
    parts.push("there is no NodePool; create one so that nodes can be launched");
  return parts.length === 0 ? "no NodePool and no node accepts the pod" : parts.join("; ");
}

function poolParts(
  rejections: readonly Rejection[],
  { names, unusable }: { readonly names: ReadonlySet<string>; readonly unusable: UnusablePools },
): readonly string[] {
  const asked = rejections.filter(({ candidate }) => names.has(candidate));
  const say = ({ candidate, message }: Rejection): string => `NodePool ${JSON.stringify(candidate)}: ${message}`;
  const all = [
    ...asked.filter(({ rule }) => !isForeign(rule)).map(say),
    ...[...unusable].map(([name, { message }]) => `NodePool ${JSON.stringify(name)} is not ready: ${message}`),
    ...asked.filter(({ rule }) => rule === "taints").map(say),
    ...asked.filter(({ rule }) => rule === "requirements").map(say),
  ];
  const more = all.length - POOLS_SHOWN_MAX;
  return more > 0 ? [...all.slice(0, POOLS_SHOWN_MAX), `${more} more NodePools do not fit either`] : all;
}

/** A pool meant for other pods has the least to say: it comes last, and so is the one that is only counted. */
function isForeign(rule: Rejection["rule"]): boolean {
  return rule === "taints" || rule === "requirements";
}

function nodeParts(rejections: readonly Rejection[]): readonly string[] {
  const countByRule = new Map<string, number>();
  for (const { rule } of rejections) countByRule.set(rule, (countByRule.get(rule) ?? 0) + 1);
  if (countByRule.size === 0) return [];
  const byRule = [...countByRule].sort(([, a], [, b]) => b - a).map(([rule, count]) => `${count} by ${rule}`);
  return [`existing nodes do not fit: ${byRule.join(", ")}`];
}
