import type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  ControllerRevision,
  CSINode,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  Job,
  Lease,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PriorityClass,
  ReplicaSet,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
  VolumeAttachment,
} from "./generated/kubernetes.ts";
import type { KubernetesObject } from "./objects.ts";

/** Where a kind lives in the API. `T` is the TypeScript type of its objects. */
export interface ResourceType<T extends KubernetesObject = KubernetesObject> {
  /** API group, empty for core. */
  readonly group: string;
  readonly version: string;
  /** Plural resource name as it stands in the URL. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries T at compile time only; never set. */
  readonly _object?: T;
}

/** Declares where a kind lives; `groupVersion` is `v1` for core or `group/version`. */
export function resourceType<T extends KubernetesObject>(
  groupVersion: string,
  resource: string,
  kind: string,
  scope: "Namespaced" | "Cluster",
): ResourceType<T> {
  const slash = groupVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    resource,
    kind,
    namespaced: scope === "Namespaced",
  };
}

/** `v1` or `group/version`. */
export function groupVersionOf(type: Pick<ResourceType, "group" | "version">): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

export const PODS: ResourceType<Pod> = resourceType("v1", "pods", "Pod", "Namespaced");
export const NODES: ResourceType<Node> = resourceType("v1", "nodes", "Node", "Cluster");
export const NAMESPACES: ResourceType<Namespace> = resourceType("v1", "namespaces", "Namespace", "Cluster");
export const SERVICES: ResourceType<Service> = resourceType("v1", "services", "Service", "Namespaced");
export const ENDPOINTS: ResourceType<Endpoints> = resourceType("v1", "endpoints", "Endpoints", "Namespaced");
export const EVENTS: ResourceType<Event> = resourceType("v1", "events", "Event", "Namespaced");
export const CONFIG_MAPS: ResourceType<ConfigMap> = resourceType("v1", "configmaps", "ConfigMap", "Namespaced");
export const SECRETS: ResourceType<Secret> = resourceType("v1", "secrets", "Secret", "Namespaced");
export const SERVICE_ACCOUNTS: ResourceType<ServiceAccount> = resourceType(
  "v1",
  "serviceaccounts",
  "ServiceAccount",
  "Namespaced",
);
export const PERSISTENT_VOLUMES: ResourceType<PersistentVolume> = resourceType(
  "v1",
  "persistentvolumes",
  "PersistentVolume",
  "Cluster",
);
export const PERSISTENT_VOLUME_CLAIMS: ResourceType<PersistentVolumeClaim> = resourceType(
  "v1",
  "persistentvolumeclaims",
  "PersistentVolumeClaim",
  "Namespaced",
);
export const DEPLOYMENTS: ResourceType<Deployment> = resourceType("apps/v1", "deployments", "Deployment", "Namespaced");
export const REPLICA_SETS: ResourceType<ReplicaSet> = resourceType(
  "apps/v1",
  "replicasets",
  "ReplicaSet",
  "Namespaced",
);
export const STATEFUL_SETS: ResourceType<StatefulSet> = resourceType(
  "apps/v1",
  "statefulsets",
  "StatefulSet",
  "Namespaced",
);
export const DAEMON_SETS: ResourceType<DaemonSet> = resourceType("apps/v1", "daemonsets", "DaemonSet", "Namespaced");
export const CONTROLLER_REVISIONS: ResourceType<ControllerRevision> = resourceType(
  "apps/v1",
  "controllerrevisions",
  "ControllerRevision",
  "Namespaced",
);
export const JOBS: ResourceType<Job> = resourceType("batch/v1", "jobs", "Job", "Namespaced");
export const POD_DISRUPTION_BUDGETS: ResourceType<PodDisruptionBudget> = resourceType(
  "policy/v1",
  "poddisruptionbudgets",
  "PodDisruptionBudget",
  "Namespaced",
);
export const LEASES: ResourceType<Lease> = resourceType("coordination.k8s.io/v1", "leases", "Lease", "Namespaced");
export const ENDPOINT_SLICES: ResourceType<EndpointSlice> = resourceType(
  "discovery.k8s.io/v1",
  "endpointslices",
  "EndpointSlice",
  "Namespaced",
);
export const STORAGE_CLASSES: ResourceType<StorageClass> = resourceType(
  "storage.k8s.io/v1",
  "storageclasses",
  "StorageClass",
  "Cluster",
);
export const CSI_NODES: ResourceType<CSINode> = resourceType("storage.k8s.io/v1", "csinodes", "CSINode", "Cluster");
export const VOLUME_ATTACHMENTS: ResourceType<VolumeAttachment> = resourceType(
  "storage.k8s.io/v1",
  "volumeattachments",
  "VolumeAttachment",
  "Cluster",
);
export const PRIORITY_CLASSES: ResourceType<PriorityClass> = resourceType(
  "scheduling.k8s.io/v1",
  "priorityclasses",
  "PriorityClass",
  "Cluster",
);
export const CLUSTER_ROLES: ResourceType<ClusterRole> = resourceType(
  "rbac.authorization.k8s.io/v1",
  "clusterroles",
  "ClusterRole",
  "Cluster",
);
export const CLUSTER_ROLE_BINDINGS: ResourceType<ClusterRoleBinding> = resourceType(
  "rbac.authorization.k8s.io/v1",
  "clusterrolebindings",
  "ClusterRoleBinding",
  "Cluster",
);
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceType<CustomResourceDefinition> = resourceType(
  "apiextensions.k8s.io/v1",
  "customresourcedefinitions",
  "CustomResourceDefinition",
  "Cluster",
);
