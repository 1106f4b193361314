import { type EC2NodeClass, LABELS } from "@nodeless/api";

/** Our own tag on instances: finds what an earlier call with the same claim has launched. */
export const CLAIM_UID_TAG = "nodeless.dev/nodeclaim-uid";
export const NODE_CLAIM_TAG = "karpenter.sh/nodeclaim";
export const CLUSTER_TAG = "eks:eks-cluster-name";
export const NODE_CLASS_TAG: string = LABELS.ec2NodeClass;
export const NODE_POOL_TAG: string = LABELS.nodePool;

/** Tags of everything made for a node class: the user's, and those that say whose it is (karpenter.md §5.4). */
export function nodeClassTags(
  clusterName: string,
  nodeClass: Pick<EC2NodeClass, "metadata" | "spec">,
): Map<string, string> {
  return new Map([
    ...Object.entries(nodeClass.spec.tags ?? {}),
    [`kubernetes.io/cluster/${clusterName}`, "owned"],
    [CLUSTER_TAG, clusterName],
    [NODE_CLASS_TAG, nodeClass.metadata.name],
  ]);
}

/** Tags of an instance and its volumes. */
export function instanceTags(
  clusterName: string,
  nodeClass: Pick<EC2NodeClass, "metadata" | "spec">,
  claim: { readonly claimUid: string; readonly nodePool: string },
): Map<string, string> {
  return nodeClassTags(clusterName, nodeClass).set(NODE_POOL_TAG, claim.nodePool).set(CLAIM_UID_TAG, claim.claimUid);
}
