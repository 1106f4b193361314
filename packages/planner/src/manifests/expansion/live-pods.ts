import type { OwnerReference, Pod } from "@nodeless/api";
import type { Checked, ObjectSet } from "./object-set.ts";

/** What becomes of a Pod of the input. */
export type PodFate =
  | "bound"
  | "place"
  /** Finished, being deleted, or a DaemonSet's that waits for its node. */
  | "leave";

export function fateOf({ metadata, spec, status }: Pod): PodFate {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return "leave";
  if ((spec.nodeName ?? "") !== "") return "bound";
  if (metadata.deletionTimestamp !== undefined) return "leave";
  return controllerOf(metadata.ownerReferences)?.kind === "DaemonSet" ? "leave" : "place";
}

export function controllerOf(references: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return references?.find(({ controller }) => controller === true);
}

export const ownerKey = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? "default"}/${name}`;

/**
 * How many pods of the input already belong to each controller, so that a dump of a running cluster (controllers and their pods)
 * is not planned twice.
 */
export function livePodCounts(objects: ObjectSet): ReadonlyMap<string, number> {
  const ownerOf = new Map<string, string>();
  for (const { kind, object } of [...objects.of("ReplicaSet"), ...objects.of("Job")]) {
    const owner = controllerOf(object.metadata.ownerReferences);
    if (owner === undefined) continue;
    const { namespace, name } = object.metadata;
    ownerOf.set(ownerKey(kind, namespace, name), ownerKey(owner.kind, namespace, owner.name));
  }
  const counts = new Map<string, number>();
  for (const pod of objects.of("Pod"))
    for (const key of controllersOf(pod, ownerOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function controllersOf({ object }: Checked<"Pod">, ownerOf: ReadonlyMap<string, string>): readonly string[] {
  const { namespace, labels, ownerReferences, deletionTimestamp } = object.metadata;
  const owner = controllerOf(ownerReferences);
  if (owner === undefined || deletionTimestamp !== undefined || fateOf(object) === "leave") return [];
  const direct = ownerKey(owner.kind, namespace, owner.name);
  const hash = labels?.["pod-template-hash"];
  const byHash =
    owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`)
      ? ownerKey("Deployment", namespace, owner.name.slice(0, -hash.length - 1))
      : undefined;
  const indirect = ownerOf.get(direct) ?? byHash;
  return indirect === undefined ? [direct] : [direct, indirect];
}
