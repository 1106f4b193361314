import type { KubernetesObject, LabelSelector } from "@nodeless/api";
import { matchesLabelSelector } from "@nodeless/api";
import { controllerOf, isControlledBy } from "./controller-ref.ts";

/** What an owner does with the objects around it. */
export interface ClaimPlan<T> {
  /** Owned and matching. */
  readonly claimed: readonly T[];
  /** Matching orphans: to be given the owner's reference. */
  readonly adopt: readonly T[];
  /** Owned but no longer matching: to lose the owner's reference. */
  readonly release: readonly T[];
}

/**
 * Sorts candidates into claimed, adopted and released. An owner that is being deleted, objects that are being deleted, and an empty selector
 * adopt nothing. Source: kubernetes pkg/controller/controller_ref_manager.go.
 */
export function planClaims<T extends KubernetesObject>(
  owner: KubernetesObject,
  selector: LabelSelector | undefined,
  candidates: readonly T[],
): ClaimPlan<T> {
  const claimed: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const ownerDeleted = owner.metadata.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const matches = matchesLabelSelector(selector, object.metadata.labels);
    if (isControlledBy(object, owner)) {
      if (matches) claimed.push(object);
      else if (!ownerDeleted) release.push(object);
    } else if (matches && !ownerDeleted && controllerOf(object) === undefined) {
      if (object.metadata.deletionTimestamp === undefined) adopt.push(object);
    }
  }
  return { claimed, adopt, release };
}
