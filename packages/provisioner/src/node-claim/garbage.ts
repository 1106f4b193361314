import type { Node, NodeClaim } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { CloudInstance } from "@nodeless/cloud";
import { isConditionTrue } from "@nodeless/runtime";

/** Both sides as they are now. */
export interface GarbageInput {
  readonly claims: readonly NodeClaim[];
  readonly nodes: readonly Node[];
  readonly instances: readonly CloudInstance[];
  readonly now: Date;
  readonly orphanAgeMs: number;
}

/** What only one side knows (karpenter.md §4.4). */
export interface Garbage {
  /** Registered claims whose instance vanished. */
  readonly claims: readonly NodeClaim[];
  /** Instances that no claim owns. */
  readonly instances: readonly CloudInstance[];
  /** Our nodes with neither claim nor instance. */
  readonly nodes: readonly Node[];
}

/** Compares the cloud with the cluster. A Ready node vouches for its instance: lists may be incomplete for a moment. */
export function findGarbage({ claims, nodes, instances, now, orphanAgeMs }: GarbageInput): Garbage {
  const known = new Set(instances.map(({ providerId }) => providerId));
  const owned = new Set(claims.map((claim) => claim.status?.providerID ?? ""));
  const ready = new Set(nodes.filter(isReady).map((node) => node.spec?.providerID ?? ""));
  const isUnlaunched = (claim: NodeClaim): boolean => (claim.status?.providerID ?? "") === "";
  const namesBeingLaunched = new Set(claims.filter(isUnlaunched).map(({ metadata }) => metadata.name));
  return {
    claims: claims.filter((claim) => {
      const providerId = claim.status?.providerID ?? "";
      const isRegistered = isConditionTrue(claim.status?.conditions, "Registered");
      return (
        isRegistered &&
        claim.metadata.deletionTimestamp === undefined &&
        !known.has(providerId) &&
        !ready.has(providerId)
      );
    }),
    instances: instances.filter(
      ({ providerId, launchTime, state, tags }) =>
        !owned.has(providerId) &&
        state !== "shutting-down" &&
        state !== "terminated" &&
        !namesBeingLaunched.has(tags.get("karpenter.sh/nodeclaim") ?? "") &&
        now.getTime() - launchTime.getTime() >= orphanAgeMs,
    ),
    nodes: nodes.filter((node) => {
      const providerId = node.spec?.providerID ?? "";
      const isOurs = node.metadata.labels?.[LABELS.nodePool] !== undefined;
      return (
        isOurs &&
        providerId !== "" &&
        node.metadata.deletionTimestamp === undefined &&
        !known.has(providerId) &&
        !owned.has(providerId) &&
        !isReady(node)
      );
    }),
  };
}

function isReady(node: Node): boolean {
  return isConditionTrue(node.status?.conditions, "Ready");
}
