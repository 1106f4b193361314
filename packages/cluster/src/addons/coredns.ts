import type { Fresh, KubernetesObject } from "@nodeless/api";
import { type AddonContext, type AddonDefinition, addonObject } from "./addon.ts";

const NAMESPACE = "kube-system";
const LABELS = { "k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns" };
const DEFAULT_RESOURCES = { requests: { cpu: "100m", memory: "70Mi" }, limits: { memory: "170Mi" } };

/** Cluster DNS: two replicas; `computeType` and `resources` are taken from the configuration values, as the EKS add-on does. */
export const coredns: AddonDefinition = {
  name: "coredns",
  workload: { kind: "Deployment", namespace: NAMESPACE, name: "coredns" },
  manifests: (context) => [
    addonObject("v1", "ServiceAccount", { name: "coredns", namespace: NAMESPACE, labels: LABELS }, {}),
    addonObject(
      "v1",
      "ConfigMap",
      { name: "coredns", namespace: NAMESPACE, labels: LABELS },
      { data: { Corefile: COREFILE } },
    ),
    addonObject(
      "v1",
      "Service",
      {
        name: "kube-dns",
        namespace: NAMESPACE,
        labels: { ...LABELS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      },
      {
        spec: {
          clusterIP: context.dnsClusterIp,
          selector: { "k8s-app": "kube-dns" },
          ports: [
            { name: "dns", port: 53, protocol: "UDP" },
            { name: "dns-tcp", port: 53, protocol: "TCP" },
            { name: "metrics", port: 9153, protocol: "TCP" },
          ],
        },
      },
    ),
    addonObject(
      "policy/v1",
      "PodDisruptionBudget",
      { name: "coredns", namespace: NAMESPACE, labels: LABELS },
      { spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } } },
    ),
    deployment(context),
  ],
};

const COREFILE = [
  ".:53 {",
  "    errors",
  "    health",
  "    ready",
  "    kubernetes cluster.local in-addr.arpa ip6.arpa",
  "    prometheus :9153",
  "    forward . /etc/resolv.conf",
  "    cache 30",
  "    loop",
  "    reload",
  "    loadbalance",
  "}",
  "",
].join("\n");

function deployment({ version, configurationValues }: AddonContext): Fresh<KubernetesObject> {
  const { computeType, replicaCount, resources } = configurationValues;
  const annotations =
    typeof computeType === "string"
      ? { annotations: { "eks.amazonaws.com/compute-type": computeType.toLowerCase() } }
      : {};
  const container = {
    name: "coredns",
    image: `602401143452.dkr.ecr.local.amazonaws.com/eks/coredns:${version}`,
    imagePullPolicy: "IfNotPresent",
    args: ["-conf", "/etc/coredns/Corefile"],
    ports: [
      { containerPort: 53, name: "dns", protocol: "UDP" },
      { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
      { containerPort: 9153, name: "metrics", protocol: "TCP" },
    ],
    resources: resources ?? DEFAULT_RESOURCES,
    volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
  };
  const spec = {
    serviceAccountName: "coredns",
    priorityClassName: "system-cluster-critical",
    tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
    dnsPolicy: "Default",
    containers: [container],
    volumes: [
      { name: "config-volume", configMap: { name: "coredns", items: [{ key: "Corefile", path: "Corefile" }] } },
    ],
  };
  return addonObject(
    "apps/v1",
    "Deployment",
    { name: "coredns", namespace: NAMESPACE, labels: LABELS },
    {
      spec: {
        replicas: typeof replicaCount === "number" ? replicaCount : 2,
        selector: { matchLabels: LABELS },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
        template: { metadata: { labels: LABELS, ...annotations }, spec },
      },
    },
  );
}
