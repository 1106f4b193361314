import type { AnyBehaviour } from "./behaviour.ts";
import { behaviour } from "./behaviour.ts";
import { CONTROLLER_REVISION_COLUMNS } from "./columns/workloads.ts";
import { EVENT, EVENT_V1, NAMESPACE, NODE } from "./core/cluster.ts";
import { CONFIG_MAP, SECRET, SERVICE_ACCOUNT } from "./core/configuration.ts";
import { ENDPOINT_SLICE, ENDPOINTS, INGRESS, INGRESS_CLASS, NETWORK_POLICY } from "./core/network.ts";
import { POD } from "./core/pod.ts";
import { SERVICE } from "./core/service.ts";
import { CSI_DRIVER, CSI_NODE, STORAGE_CLASS } from "./core/storage-class.ts";
import { PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM } from "./core/volume-claims.ts";
import {
  API_SERVICE,
  CLUSTER_ROLE,
  CLUSTER_ROLE_BINDING,
  ROLE,
  ROLE_BINDING,
  WEBHOOK_CONFIGURATION,
} from "./policy/access.ts";
import { CUSTOM_RESOURCE_DEFINITION } from "./policy/custom-resource-definition.ts";
import {
  CERTIFICATE_SIGNING_REQUEST,
  HORIZONTAL_POD_AUTOSCALER,
  HORIZONTAL_POD_AUTOSCALER_V1,
  LEASE,
  POD_DISRUPTION_BUDGET,
  PRIORITY_CLASS,
  RESOURCE_QUOTA,
  RUNTIME_CLASS,
} from "./policy/policy.ts";
import { DAEMON_SET, DEPLOYMENT, REPLICA_SET, REPLICATION_CONTROLLER } from "./workloads/apps.ts";
import { CRON_JOB, JOB } from "./workloads/jobs.ts";
import { STATEFUL_SET } from "./workloads/stateful-set.ts";

/** Behaviours by `groupVersion/Kind`; kinds that are missing here are plain. */
export const BEHAVIOURS: ReadonlyMap<string, AnyBehaviour> = new Map<string, AnyBehaviour>([
  ["v1/Pod", POD],
  ["v1/Namespace", NAMESPACE],
  ["v1/Node", NODE],
  ["v1/Event", EVENT],
  ["events.k8s.io/v1/Event", EVENT_V1],
  ["v1/ConfigMap", CONFIG_MAP],
  ["v1/Secret", SECRET],
  ["v1/ServiceAccount", SERVICE_ACCOUNT],
  ["v1/Service", SERVICE],
  ["v1/Endpoints", ENDPOINTS],
  ["v1/PersistentVolumeClaim", PERSISTENT_VOLUME_CLAIM],
  ["v1/PersistentVolume", PERSISTENT_VOLUME],
  ["v1/ReplicationController", REPLICATION_CONTROLLER],
  ["v1/ResourceQuota", RESOURCE_QUOTA],
  ["apps/v1/Deployment", DEPLOYMENT],
  ["apps/v1/ReplicaSet", REPLICA_SET],
  ["apps/v1/DaemonSet", DAEMON_SET],
  ["apps/v1/StatefulSet", STATEFUL_SET],
  ["apps/v1/ControllerRevision", behaviour({ columns: CONTROLLER_REVISION_COLUMNS })],
  ["batch/v1/Job", JOB],
  ["batch/v1/CronJob", CRON_JOB],
  ["autoscaling/v1/HorizontalPodAutoscaler", HORIZONTAL_POD_AUTOSCALER_V1],
  ["autoscaling/v2/HorizontalPodAutoscaler", HORIZONTAL_POD_AUTOSCALER],
  ["policy/v1/PodDisruptionBudget", POD_DISRUPTION_BUDGET],
  ["scheduling.k8s.io/v1/PriorityClass", PRIORITY_CLASS],
  ["node.k8s.io/v1/RuntimeClass", RUNTIME_CLASS],
  ["coordination.k8s.io/v1/Lease", LEASE],
  ["discovery.k8s.io/v1/EndpointSlice", ENDPOINT_SLICE],
  ["networking.k8s.io/v1/Ingress", INGRESS],
  ["networking.k8s.io/v1/IngressClass", INGRESS_CLASS],
  ["networking.k8s.io/v1/NetworkPolicy", NETWORK_POLICY],
  ["storage.k8s.io/v1/StorageClass", STORAGE_CLASS],
  ["storage.k8s.io/v1/CSINode", CSI_NODE],
  ["storage.k8s.io/v1/CSIDriver", CSI_DRIVER],
  ["rbac.authorization.k8s.io/v1/Role", ROLE],
  ["rbac.authorization.k8s.io/v1/ClusterRole", CLUSTER_ROLE],
  ["rbac.authorization.k8s.io/v1/RoleBinding", ROLE_BINDING],
  ["rbac.authorization.k8s.io/v1/ClusterRoleBinding", CLUSTER_ROLE_BINDING],
  ["certificates.k8s.io/v1/CertificateSigningRequest", CERTIFICATE_SIGNING_REQUEST],
  ["admissionregistration.k8s.io/v1/MutatingWebhookConfiguration", WEBHOOK_CONFIGURATION],
  ["admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration", WEBHOOK_CONFIGURATION],
  ["apiextensions.k8s.io/v1/CustomResourceDefinition", CUSTOM_RESOURCE_DEFINITION],
  ["apiregistration.k8s.io/v1/APIService", API_SERVICE],
]);
