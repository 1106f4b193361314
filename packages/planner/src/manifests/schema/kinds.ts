import { closest } from "@nodeless/eks/spec";

/**
 * Kinds by API version; `*` after a kind that has no namespace. Source: the resources of Kubernetes 1.36, eksctl v1alpha5, Karpenter 1.14 and
 * its first generation.
 */
const KINDS_BY_VERSION: Readonly<Record<string, string>> = {
  v1: "Binding ComponentStatus* ConfigMap Endpoints Event LimitRange Namespace* Node* PersistentVolume* PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
  "admissionregistration.k8s.io/v1":
    "MutatingAdmissionPolicy* MutatingAdmissionPolicyBinding* MutatingWebhookConfiguration* ValidatingAdmissionPolicy* ValidatingAdmissionPolicyBinding* ValidatingWebhookConfiguration*",
  "apiextensions.k8s.io/v1": "CustomResourceDefinition*",
  "apiregistration.k8s.io/v1": "APIService*",
  "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
  "autoscaling/v1": "HorizontalPodAutoscaler",
  "autoscaling/v2": "HorizontalPodAutoscaler",
  "batch/v1": "CronJob Job",
  "certificates.k8s.io/v1": "CertificateSigningRequest* ClusterTrustBundle*",
  "coordination.k8s.io/v1": "Lease",
  "discovery.k8s.io/v1": "EndpointSlice",
  "events.k8s.io/v1": "Event",
  "flowcontrol.apiserver.k8s.io/v1": "FlowSchema* PriorityLevelConfiguration*",
  "networking.k8s.io/v1": "Ingress IngressClass* IPAddress* NetworkPolicy ServiceCIDR*",
  "node.k8s.io/v1": "RuntimeClass*",
  "policy/v1": "PodDisruptionBudget PodSecurityPolicy*",
  "rbac.authorization.k8s.io/v1": "ClusterRole* ClusterRoleBinding* Role RoleBinding",
  "resource.k8s.io/v1": "DeviceClass* ResourceClaim ResourceClaimTemplate ResourceSlice*",
  "scheduling.k8s.io/v1": "PriorityClass*",
  "storage.k8s.io/v1": "CSIDriver* CSINode* CSIStorageCapacity StorageClass* VolumeAttachment* VolumeAttributesClass*",
  "karpenter.sh/v1": "NodeClaim* NodePool*",
  "karpenter.sh/v1alpha5": "Machine* Provisioner*",
  "karpenter.k8s.aws/v1": "EC2NodeClass*",
  "karpenter.k8s.aws/v1alpha1": "AWSNodeTemplate*",
  "eksctl.io/v1alpha5": "ClusterConfig*",
};

/** What the planner reads; everything else of the table says nothing about where pods run. */
const READ_KINDS = [
  "AWSNodeTemplate",
  "CSINode",
  "ClusterConfig",
  "CronJob",
  "DaemonSet",
  "Deployment",
  "EC2NodeClass",
  "HorizontalPodAutoscaler",
  "Job",
  "LimitRange",
  "Namespace",
  "Node",
  "NodePool",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodDisruptionBudget",
  "PriorityClass",
  "Provisioner",
  "ReplicaSet",
  "ReplicationController",
  "RuntimeClass",
  "Service",
  "StatefulSet",
  "StorageClass",
] as const;

export type ReadKind = (typeof READ_KINDS)[number];

const isReadKind = (kind: string): kind is ReadKind => (READ_KINDS as readonly string[]).includes(kind);

interface KnownKind {
  readonly kind: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
}

const KINDS: ReadonlyMap<string, KnownKind> = knownKinds();

function knownKinds(): ReadonlyMap<string, KnownKind> {
  const kinds = new Map<string, KnownKind>();
  for (const [version, text] of Object.entries(KINDS_BY_VERSION))
    for (const word of text.split(" ")) {
      const kind = word.replace("*", "");
      const versions = [...(kinds.get(kind)?.versions ?? []), version];
      kinds.set(kind, { kind, versions, namespaced: !word.endsWith("*") });
    }
  return kinds;
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
const GROUPS: ReadonlySet<string> = new Set([...Object.keys(KINDS_BY_VERSION).map(groupOf), "extensions"]);

/** What an apiVersion and kind mean to the planner. */
export type KindVerdict =
  | { readonly verdict: "read"; readonly kind: ReadKind; readonly namespaced: boolean }
  | { readonly verdict: "silent"; readonly namespaced: boolean }
  /** A custom resource, or a kind newer than the table. */
  | { readonly verdict: "unknown" }
  | { readonly verdict: "wrong"; readonly field: "apiVersion" | "kind"; readonly message: string };

/** Pure table lookup. A kind under a version that is not served is wrong, because the API server would refuse it. */
export function judgeKind(apiVersion: string, kind: string): KindVerdict {
  const known = KINDS.get(kind);
  if (known?.versions.includes(apiVersion) === true) return judged(known);
  const group = groupOf(apiVersion);
  if (!GROUPS.has(group)) return { verdict: "unknown" };
  if (known === undefined) return misspelled(apiVersion, kind);
  if (!isReadKind(kind)) return judged(known);
  const served = known.versions.at(-1) ?? "";
  const gone =
    groupOf(served) === group
      ? `${kind} is no longer served as ${apiVersion}`
      : `${kind} does not exist in ${apiVersion}`;
  return { verdict: "wrong", field: "apiVersion", message: `${gone}; write ${served}` };
}

function judged({ kind, namespaced }: KnownKind): KindVerdict {
  return isReadKind(kind) ? { verdict: "read", kind, namespaced } : { verdict: "silent", namespaced };
}

function misspelled(apiVersion: string, kind: string): KindVerdict {
  const group = groupOf(apiVersion);
  const inGroup = [...KINDS.values()].filter(({ versions }) => versions.some((version) => groupOf(version) === group));
  const near =
    closest(
      kind,
      inGroup.map((one) => one.kind),
    ) ?? closest(kind, [...KINDS.keys()]);
  if (near === undefined) return { verdict: "unknown" };
  return { verdict: "wrong", field: "kind", message: `unknown kind ${JSON.stringify(kind)}; did you mean ${near}?` };
}
