import type { ControllerRevision, Fresh, KubernetesObject, PodTemplateSpec } from "@nodeless/api";
import { controllerRef } from "../workload/controller-ref.ts";
import { semanticallyEqual, templateHash } from "../workload/template-hash.ts";

/** How a template stands in the history of its owner. */
export type HistoryPlan =
  | { readonly kind: "current"; readonly revision: ControllerRevision }
  /** An old template is wanted again: its revision becomes the newest. */
  | { readonly kind: "renumber"; readonly revision: ControllerRevision; readonly number: number }
  | { readonly kind: "create"; readonly revision: Fresh<ControllerRevision> };

/** An owner with a pod template. */
export interface TemplateOwner extends KubernetesObject {
  readonly spec: { readonly template: PodTemplateSpec };
  readonly status?: { readonly collisionCount?: number };
}

/** What `kubectl rollout undo` merges back: the whole template. Source: kubernetes daemon getPatch, statefulset getPatch. */
function revisionData(template: PodTemplateSpec): unknown {
  return { spec: { template: { ...template, $patch: "replace" } } };
}

/** Finds or plans the revision of the owner's present template. Pure. */
export function planHistory(
  owner: TemplateOwner,
  revisions: readonly ControllerRevision[],
  hashLabel: string,
): HistoryPlan {
  const data = revisionData(owner.spec.template);
  const ordered = byRevision(revisions);
  const equal = ordered.findLast((one) => semanticallyEqual(one.data, data));
  const newest = ordered.at(-1);
  if (equal !== undefined && equal === newest) return { kind: "current", revision: equal };
  const number = (newest?.revision ?? 0) + 1;
  if (equal !== undefined) return { kind: "renumber", revision: equal, number };
  const hash = templateHash(data, owner.status?.collisionCount ?? 0);
  const { namespace, name } = owner.metadata;
  return {
    kind: "create",
    revision: {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...owner.spec.template.metadata?.labels, [hashLabel]: hash },
        ownerReferences: [controllerRef(owner)],
      },
      data,
      revision: number,
    },
  };
}

/** Revisions beyond the limit that nothing uses, oldest first. `live` are names in use; they do not count towards the limit. */
export function superfluousRevisions(
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): readonly ControllerRevision[] {
  const unused = byRevision(revisions).filter(({ metadata }) => !live.has(metadata.name));
  return unused.slice(0, Math.max(0, unused.length - limit));
}

function byRevision(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  return [...revisions].sort(
    (left, right) => left.revision - right.revision || (left.metadata.name < right.metadata.name ? -1 : 1),
  );
}
