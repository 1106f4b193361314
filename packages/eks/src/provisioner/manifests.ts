import type { Fresh, KubernetesObject } from "@nodeless/api";
import { ANNOTATIONS, karpenterCrds, LABELS } from "@nodeless/api";

export interface ProvisionerManifestOptions {
  readonly namespace: string;
  readonly replicas: number;
  readonly image: string;
  readonly controllerRoleArn: string;
  /** CLUSTER_NAME and the like. */
  readonly environment: Readonly<Record<string, string>>;
}

const NAME = "karpenter";
const POD_LABELS = { "app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME };

/** The kinds that the provisioner works on. */
export function provisionerApiManifests(): readonly Fresh<KubernetesObject>[] {
  return karpenterCrds().map((crd) => ({
    ...crd,
    metadata: { ...crd.metadata, labels: { "app.kubernetes.io/managed-by": "nodeless" } },
  }));
}

/** Everything else the provisioner needs in a cluster, in the order in which it must be applied. */
export function provisionerManifests(options: ProvisionerManifestOptions): readonly Fresh<KubernetesObject>[] {
  const { namespace } = options;
  return [
    manifest("v1", "Namespace", { name: namespace }, {}),
    manifest(
      "v1",
      "ServiceAccount",
      { name: NAME, namespace, labels: POD_LABELS, annotations: { [ANNOTATIONS.roleArn]: options.controllerRoleArn } },
      {},
    ),
    manifest("rbac.authorization.k8s.io/v1", "ClusterRole", { name: NAME, labels: POD_LABELS }, { rules: RULES }),
    manifest(
      "rbac.authorization.k8s.io/v1",
      "ClusterRoleBinding",
      { name: NAME, labels: POD_LABELS },
      {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: NAME },
        subjects: [{ kind: "ServiceAccount", name: NAME, namespace }],
      },
    ),
    manifest(
      "policy/v1",
      "PodDisruptionBudget",
      { name: NAME, namespace, labels: POD_LABELS },
      { spec: { maxUnavailable: 1, selector: { matchLabels: POD_LABELS } } },
    ),
    deployment(options),
  ];
}

function manifest(
  apiVersion: string,
  kind: string,
  metadata: Fresh<KubernetesObject>["metadata"],
  rest: object,
): Fresh<KubernetesObject> {
  return { apiVersion, kind, metadata, ...rest };
}

/** What the controllers read and write; nothing in it lets them read Secrets. */
const RULES = [
  {
    apiGroups: ["karpenter.sh", "karpenter.k8s.aws"],
    resources: ["*"],
    verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
  },
  {
    apiGroups: [""],
    resources: [
      "pods",
      "nodes",
      "namespaces",
      "persistentvolumes",
      "persistentvolumeclaims",
      "replicationcontrollers",
      "services",
    ],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: [""], resources: ["nodes", "nodes/status"], verbs: ["create", "update", "patch", "delete"] },
  { apiGroups: [""], resources: ["pods", "pods/status"], verbs: ["patch", "delete"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  {
    apiGroups: ["apps"],
    resources: ["daemonsets", "deployments", "replicasets", "statefulsets"],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["get", "list", "watch"] },
  {
    apiGroups: ["storage.k8s.io"],
    resources: ["storageclasses", "csinodes", "volumeattachments"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
  },
];

function deployment({ namespace, replicas, image, environment }: ProvisionerManifestOptions): Fresh<KubernetesObject> {
  const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
  const container = {
    name: "controller",
    image,
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    ports: [
      { name: "http-metrics", containerPort: 8080, protocol: "TCP" },
      { name: "http", containerPort: 8081, protocol: "TCP" },
    ],
    livenessProbe: { httpGet: { path: "/healthz", port: "http" }, initialDelaySeconds: 30, timeoutSeconds: 30 },
    readinessProbe: { httpGet: { path: "/readyz", port: "http" }, initialDelaySeconds: 5, timeoutSeconds: 30 },
    resources,
  };
  // Never on a node it launched itself: if Fargate fails, losing that node would strand the cluster.
  const awayFromOwnNodes = { key: LABELS.nodePool, operator: "DoesNotExist" };
  const spec = {
    serviceAccountName: NAME,
    priorityClassName: "system-cluster-critical",
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [awayFromOwnNodes] }],
        },
      },
    },
    tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
    // It must start before CoreDNS does.
    dnsPolicy: "Default",
    containers: [container],
  };
  return manifest(
    "apps/v1",
    "Deployment",
    { name: NAME, namespace, labels: POD_LABELS },
    {
      spec: {
        replicas,
        revisionHistoryLimit: 10,
        selector: { matchLabels: POD_LABELS },
        template: { metadata: { labels: POD_LABELS }, spec },
      },
    },
  );
}
