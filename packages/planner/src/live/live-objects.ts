import type {
  AWSNodeTemplate,
  CSINode,
  DaemonSet,
  EC2NodeClass,
  Event,
  Namespace,
  Node,
  NodeClaim,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Provisioner,
  StorageClass,
} from "@nodeless/api";
import type { FargateProfile } from "@nodeless/fargate";

/** A running cluster as its API shows it, all of it at about one moment. */
export interface LiveObjects {
  /** How the cluster is called in explanations. */
  readonly cluster: string;
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly nodeClaims: readonly NodeClaim[];
  readonly nodePools: readonly NodePool[];
  readonly provisioners: readonly Provisioner[];
  readonly nodeClasses: readonly EC2NodeClass[];
  readonly awsNodeTemplates: readonly AWSNodeTemplate[];
  readonly daemonSets: readonly DaemonSet[];
  readonly namespaces: readonly Namespace[];
  readonly persistentVolumeClaims: readonly PersistentVolumeClaim[];
  readonly persistentVolumes: readonly PersistentVolume[];
  readonly storageClasses: readonly StorageClass[];
  /** How many volumes nodes may attach. */
  readonly csiNodes: readonly CSINode[];
  readonly fargateProfiles: readonly FargateProfile[];
  readonly events: readonly Event[];
}

/** What the provisioner's pods are told about what other pods only prefer: their PREFERENCE_POLICY. */
export function preferencePolicyOf({ pods }: Pick<LiveObjects, "pods">): "Respect" | "Ignore" {
  const told = pods
    .filter(({ metadata: { labels = {} } }) => labels["app.kubernetes.io/name"] === "karpenter")
    .filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp === undefined)
    .flatMap(({ spec: { containers } }) => containers.flatMap(({ env = [] }) => env))
    .find(({ name }) => name === "PREFERENCE_POLICY");
  return told?.value?.toLowerCase() === "ignore" ? "Ignore" : "Respect";
}

/** `Succeeded` or `Failed`: it needs nothing any more. */
export function isFinished({ status }: Pick<Pod, "status">): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** A DaemonSet's pod belongs to its node. */
export function isDaemonSetPod({ metadata }: Pick<Pod, "metadata">): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === "DaemonSet" && controller !== false);
}

/** The node that a pod is bound to. */
export function nodeNameOf({ spec }: Pick<Pod, "spec">): string | undefined {
  return spec.nodeName === undefined || spec.nodeName === "" ? undefined : spec.nodeName;
}
