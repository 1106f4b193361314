import type { NodePool } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { formatAmount, type Rejection, type SchedulingPlan } from "@nodeless/scheduling";

/** What would help pods that a pool's limits keep out. */
export type LimitRemedy = (rejection: Rejection) => string;

/**
 * Names the limit, what it is, and by how much it is too low: at least by what all pods that it keeps out ask for, and by what the
 * cheapest node for one of them has. `fromManifests`: the pools may be tried out with `nodeless plan`.
 */
export function limitRemedies(
  plan: Pick<SchedulingPlan, "unplaced">,
  { nodePools, fromManifests }: { readonly nodePools: readonly NodePool[]; readonly fromManifests: boolean },
): LimitRemedy {
  const limits = new Map(nodePools.map(({ metadata, spec }) => [metadata.name, spec.limits ?? {}]));
  const missing = missingByLimit(plan);
  return ({ candidate, limit }) => {
    if (limit === undefined) return `raise spec.limits of NodePool ${candidate}`;
    const { resource } = limit;
    const now = limits.get(candidate)?.[resource];
    const more = formatAmount(resource, missing.get(keyOf(candidate, resource)) ?? 0);
    const raise = `raise spec.limits.${resource} of NodePool ${candidate}${now === undefined ? "" : ` from ${now}`} by ${more} or more`;
    return fromManifests ? `${raise}; try it: nodeless plan -f MANIFESTS --nodepool FILE` : raise;
  };
}

const keyOf = (pool: string, resource: string): string => `${pool}/${resource}`;

function missingByLimit({ unplaced }: Pick<SchedulingPlan, "unplaced">): ReadonlyMap<string, number> {
  const missing = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const { pod, rejections } of unplaced) {
    const refusing = rejections.filter(({ limit }) => limit !== undefined);
    if (refusing.length === 0) continue;
    const requests = podRequests(pod.spec);
    for (const { candidate, limit } of refusing) {
      if (limit === undefined) continue;
      const { resource, left, needed } = limit;
      const key = keyOf(candidate, resource);
      const all = (asked.get(key) ?? 0) + (requests.get(resource) ?? 0);
      asked.set(key, all);
      missing.set(key, Math.max(missing.get(key) ?? 0, all - left, needed - left));
    }
  }
  return missing;
}
