import { createHash } from "node:crypto";
import type { NodePool } from "@nodeless/api";

/** Ours: upstream's hash function cannot be matched, and claims of other controllers are re-stamped when the version differs. */
export const NODE_POOL_HASH_VERSION = "nodeless-v1";

/**
 * Fingerprint of what makes nodes of a pool differ: spec.template without requirements, whose drift is judged by meaning. Empty values
 * count as absent and lists as sets, so that reordering a list rolls no node (karpenter.md §1.4).
 */
export function nodePoolHash(pool: Pick<NodePool, "spec">): string {
  const { metadata, spec } = pool.spec.template;
  const { requirements: _, ...rest } = spec;
  return createHash("sha256")
    .update(canonical({ metadata, spec: rest }) ?? "")
    .digest("hex")
    .slice(0, 20);
}

/** Sorted JSON; undefined for everything that counts as empty. */
function canonical(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return undefined;
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map(canonical).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : `[${items.sort().join(",")}]`;
  }
  const fields = Object.entries(value)
    .map(([key, child]) => [key, canonical(child)] as const)
    .filter(([, child]) => child !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.length === 0
    ? undefined
    : `{${fields.map(([key, child]) => `${JSON.stringify(key)}:${child}`).join(",")}}`;
}
