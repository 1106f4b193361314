import type { KubernetesObject, OwnerReference } from "@nodeless/api";

export const FOREGROUND_FINALIZER = "foregroundDeletion";
export const ORPHAN_FINALIZER = "orphan";

/** What became of an owner: there, gone, or waiting in foreground deletion for its dependents. */
export type OwnerState = "present" | "absent" | "waiting";

/** What the collector does with one object. */
export type DependentPlan =
  | { readonly kind: "keep" }
  | { readonly kind: "delete"; readonly propagationPolicy: "Background" | "Foreground" | "Orphan" }
  /** Some owners are gone but others live: only the dead references go. */
  | { readonly kind: "disown"; readonly ownerReferences: readonly OwnerReference[] };

/**
 * Decides about an object by the state of each of its owners. Source: kubernetes pkg/controller/garbagecollector attemptToDeleteItem.
 */
export function planDependent(
  object: KubernetesObject,
  stateOf: (reference: OwnerReference) => OwnerState,
  hasDependents: boolean,
): DependentPlan {
  const references = object.metadata.ownerReferences ?? [];
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  if (references.length === 0 || (isDeleting && !isWaiting(object))) return { kind: "keep" };
  const solid = references.filter((reference) => stateOf(reference) === "present");
  if (solid.length === references.length) return { kind: "keep" };
  if (solid.length > 0) return { kind: "disown", ownerReferences: solid };
  if (isDeleting) return { kind: "keep" };
  // An owner that waits must see this one's own dependents go first.
  const ownerWaits = references.some((reference) => stateOf(reference) === "waiting");
  if (ownerWaits && hasDependents) return { kind: "delete", propagationPolicy: "Foreground" };
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN_FINALIZER)) return { kind: "delete", propagationPolicy: "Orphan" };
  if (finalizers.includes(FOREGROUND_FINALIZER)) return { kind: "delete", propagationPolicy: "Foreground" };
  return { kind: "delete", propagationPolicy: "Background" };
}

/** In foreground deletion: it goes when its blocking dependents are gone. */
export function isWaiting({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FOREGROUND_FINALIZER) === true;
}

/** Being deleted, and its dependents are to be let go. */
export function isOrphaning({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(ORPHAN_FINALIZER) === true;
}

/** True if the dependent keeps this owner from going in foreground deletion. */
export function blocksOwner(dependent: KubernetesObject, ownerUid: string): boolean {
  return (
    dependent.metadata.ownerReferences?.some(
      ({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true,
    ) === true
  );
}
