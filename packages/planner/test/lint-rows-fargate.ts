import { config, join, object, onFargate, onNodes, PROFILES, type Row, service } from "./lint-rows.ts";

const FARGATE_PODS: readonly Row[] = [
  {
    rule: "fargate-node-selector",
    bad: onFargate({ spec: "os: { name: windows } <<" }),
    good: onFargate({ spec: "os: { name: linux }" }),
  },
  {
    rule: "fargate-privileged",
    bad: onFargate({ container: "securityContext:\n  privileged: true <<" }),
    good: onFargate({ container: "securityContext:\n  privileged: false" }),
  },
  {
    rule: "fargate-capability",
    bad: onFargate({ container: "securityContext:\n  capabilities:\n    add: [SYS_PTRACE] <<" }),
    good: onFargate({ container: "securityContext:\n  capabilities:\n    add: [NET_BIND_SERVICE]" }),
  },
  {
    rule: "fargate-host-access",
    bad: onFargate({ spec: "hostNetwork: true <<" }),
    good: onNodes({ spec: "hostNetwork: true" }),
  },
  {
    rule: "fargate-host-access",
    bad: onFargate({ container: "ports: [{ containerPort: 80, hostPort: 80 }] <<" }),
    good: onFargate({ container: "ports: [{ containerPort: 80 }]" }),
  },
  {
    rule: "fargate-volume",
    bad: onFargate({
      spec: "volumes:\n  - { name: a, emptyDir: {} }\n  - { name: logs, hostPath: { path: /var/log } } <<",
    }),
    good: onFargate({ spec: "volumes:\n  - { name: logs, emptyDir: {} }" }),
  },
  {
    rule: "fargate-volume",
    bad: onFargate({ spec: "volumes:\n  - { name: data, persistentVolumeClaim: { claimName: data } } <<" }),
    good: join(
      onFargate({ spec: "volumes:\n  - { name: data, persistentVolumeClaim: { claimName: data } }" }),
      object(
        "v1",
        "PersistentVolumeClaim",
        "apps/data",
        "spec: { storageClassName: efs, accessModes: [ReadWriteMany], resources: { requests: { storage: 1Gi } } }",
      ),
      object(
        "v1",
        "PersistentVolume",
        "data",
        "spec: { storageClassName: efs, accessModes: [ReadWriteMany], capacity: { storage: 1Gi }, csi: { driver: efs.csi.aws.com, volumeHandle: fs-1 } }",
      ),
    ),
  },
  {
    rule: "fargate-resource",
    bad: onFargate({ resources: "{ limits: { nvidia.com/gpu: 1, cpu: 1, memory: 1Gi } } <<" }),
    good: onFargate({}),
  },
  {
    rule: "fargate-size",
    bad: onFargate({ resources: "{ requests: { cpu: 20, memory: 8Gi } } <<" }),
    good: onFargate({ resources: "{ requests: { cpu: 16, memory: 64Gi } }" }),
  },
  {
    rule: "fargate-node-selector",
    bad: onFargate({ spec: "nodeSelector: { kubernetes.io/arch: arm64 } <<" }),
    good: onFargate({ spec: "nodeSelector: { topology.kubernetes.io/zone: ap-northeast-2a }" }),
  },
  {
    rule: "fargate-kubelet-port",
    bad: onFargate({ container: "ports:\n  - containerPort: 10250 <<" }),
    good: onFargate({ container: "args: [--secure-port=10251]\nports:\n  - containerPort: 10251" }),
  },
];

const FARGATE_SETTINGS: readonly Row[] = [
  {
    rule: "fargate-vpa-mode",
    bad: join(
      onFargate({}),
      object(
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "apps/web",
        "spec:\n  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }\n  updatePolicy:\n    updateMode: Initial <<",
      ),
    ),
    good: join(
      onFargate({}),
      object(
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "apps/web",
        "spec:\n  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }\n  updatePolicy:\n    updateMode: Recreate",
      ),
    ),
  },
  {
    rule: "fargate-rounding",
    bad: onFargate({ resources: "{ requests: { cpu: 500m, memory: 1Gi } } <<" }),
    good: onFargate({ resources: "{ requests: { cpu: 500m, memory: 768Mi } }" }),
  },
  {
    rule: "fargate-limit-too-high",
    bad: onFargate({
      container: "resources:\n  requests: { cpu: 250m, memory: 256Mi }\n  limits:\n    memory: 1Gi <<",
      resources: "",
    }),
    good: onFargate({
      container: "resources:\n  requests: { cpu: 250m, memory: 256Mi }\n  limits:\n    memory: 256Mi",
      resources: "",
    }),
  },
  {
    rule: "fargate-limits-differ",
    bad: onFargate({
      container: "resources:\n  requests: { cpu: 250m, memory: 128Mi }\n  limits:\n    memory: 256Mi <<",
      resources: "",
    }),
    good: onNodes({ resources: "{ requests: { cpu: 250m, memory: 128Mi }, limits: { memory: 256Mi } }" }),
  },
  {
    rule: "fargate-job-ttl",
    bad: onFargate({ kind: "Job" }).replace("spec:\n  completions", "spec: <<\n  completions"),
    good: onFargate({ kind: "Job" }).replace(
      "spec:\n  completions",
      "spec:\n  ttlSecondsAfterFinished: 60\n  completions",
    ),
  },
  {
    rule: "fargate-spread-ignored",
    bad: onFargate({
      spec: "topologySpreadConstraints: <<\n  - { maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }",
    }),
    good: onNodes({
      spec: "topologySpreadConstraints:\n  - { maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }",
    }),
  },
  {
    rule: "fargate-wish",
    bad: onNodes({ spec: "tolerations:\n  - { key: eks.amazonaws.com/compute-type, operator: Exists } <<" }),
    good: onFargate({ spec: "tolerations:\n  - { key: eks.amazonaws.com/compute-type, operator: Exists }" }),
  },
  {
    rule: "fargate-profile-label",
    bad: onFargate({ labels: ", eks.amazonaws.com/fargate-profile: systen" }).replace("systen }", "systen } <<"),
    good: onFargate({ labels: ", eks.amazonaws.com/fargate-profile: system" }),
  },
  {
    rule: "fargate-scheduler-name",
    bad: onNodes({ spec: "schedulerName: fargate-scheduler <<" }),
    good: onFargate({ spec: "schedulerName: fargate-scheduler" }),
  },
  {
    rule: "compute-type-value",
    bad: onFargate({ annotations: "eks.amazonaws.com/compute-type: EC2 <<" }),
    good: onFargate({ annotations: "eks.amazonaws.com/compute-type: ec2" }),
  },
  {
    rule: "capacity-annotated",
    bad: onFargate({ annotations: "CapacityProvisioned: 1vCPU 2GB <<" }),
    good: onFargate({}),
  },
  {
    rule: "requests-missing",
    bad: onNodes({ resources: "{ requests: { cpu: 100m } } <<" }),
    good: onNodes({ resources: "{ limits: { cpu: 100m, memory: 128Mi } }" }),
  },
  {
    rule: "requests-missing",
    bad: onNodes({ resources: "{} <<" }),
    good: join(
      onNodes({ resources: "" }),
      object(
        "v1",
        "LimitRange",
        "shop/defaults",
        "spec: { limits: [{ type: Container, defaultRequest: { cpu: 100m, memory: 64Mi } }] }",
      ),
    ),
  },
];

const NOT_FARGATE =
  "affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: eks.amazonaws.com/compute-type, operator: NotIn, values: [fargate] }] }] } } }";
const LB_LABELS = { namespace: "apps", name: "lb", labels: ", app.kubernetes.io/name: aws-load-balancer-controller" };
const KARPENTER = { namespace: "karpenter", name: "karpenter", labels: ", app.kubernetes.io/name: karpenter" };
const CORE_DNS = { namespace: "kube-system", name: "coredns", labels: ", k8s-app: kube-dns" };

const SYSTEMS: readonly Row[] = [
  {
    rule: "daemonset-fargate",
    bad: onFargate({ kind: "DaemonSet" }).replace("spec:\n      restart", "spec: <<\n      restart"),
    good: onFargate({ kind: "DaemonSet", spec: NOT_FARGATE }),
  },
  {
    rule: "daemonset-fargate",
    bad: onNodes({ kind: "DaemonSet", spec: "tolerations: [{ operator: Exists }]" }).replace(
      "spec:\n      restart",
      "spec: <<\n      restart",
    ),
    good: onNodes({ kind: "DaemonSet" }),
  },
  {
    rule: "lb-controller-metadata",
    bad: onFargate({ ...LB_LABELS, container: "args: [--cluster-name=demo] <<" }),
    good: onFargate({
      ...LB_LABELS,
      container: "args: [--cluster-name=demo, --aws-region=ap-northeast-2, --aws-vpc-id=vpc-1]",
    }),
  },
  {
    rule: "karpenter-role",
    bad: join(
      onFargate({ ...KARPENTER, spec: "serviceAccountName: karpenter" }),
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: <<\n  name: karpenter\n  namespace: karpenter\n",
    ),
    good: join(
      onFargate({ ...KARPENTER, spec: "serviceAccountName: karpenter" }),
      "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: karpenter\n  namespace: karpenter\n  annotations: { eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/k }\n",
    ),
  },
  {
    rule: "karpenter-on-own-nodes",
    bad: onNodes({ ...KARPENTER, namespace: "shop" }).replace("spec:\n      restart", "spec: <<\n      restart"),
    good: onFargate(KARPENTER),
  },
  {
    rule: "coredns-compute-type",
    bad: onFargate({ ...CORE_DNS, annotations: "eks.amazonaws.com/compute-type: ec2 <<" }),
    good: onFargate({ ...CORE_DNS, annotations: "eks.amazonaws.com/compute-type: fargate" }),
  },
  {
    rule: "coredns-compute-type",
    bad: config(`${PROFILES}addons:\n  - name: coredns\n    configurationValues: '{"computeType":"ec2"}' <<\n`),
    good: config(`${PROFILES}addons:\n  - name: coredns\n    configurationValues: '{"computeType":"Fargate"}'\n`),
  },
  {
    rule: "fargate-profile-annotated",
    bad: onFargate({ annotations: "eks.amazonaws.com/fargate-profile: system <<" }),
    good: onFargate({ labels: ", eks.amazonaws.com/fargate-profile: system" }),
  },
  {
    rule: "fargate-profile-annotated",
    format: "shell",
    bad: `kubectl patch deployment lb --type=json -p='[{"op": "add", "path": "/spec/template/metadata/annotations/eks.amazonaws.com~1fargate-profile", "value": "x"}]' <<`,
    good: `kubectl patch deployment lb --type=json -p='[{"op": "add", "path": "/spec/template/metadata/labels/eks.amazonaws.com~1fargate-profile", "value": "x"}]'`,
  },
  {
    rule: "aws-auth-fargate-row",
    bad: object(
      "v1",
      "ConfigMap",
      "kube-system/aws-auth",
      "data:\n  mapRoles: | <<\n    - groups: [system:nodes]\n      rolearn: arn:aws:iam::111122223333:role/node\n",
    ),
    good: object(
      "v1",
      "ConfigMap",
      "kube-system/aws-auth",
      "data:\n  mapRoles: |\n    - groups: [system:bootstrappers, system:nodes, system:node-proxier]\n      rolearn: arn:aws:iam::111122223333:role/fargate\n",
    ),
  },
];

const NETWORK: readonly Row[] = [
  {
    rule: "fargate-node-port",
    bad: join(onFargate({}), service("  type: NodePort <<\n")),
    good: join(onFargate({}), service("  type: ClusterIP\n")),
  },
  {
    rule: "fargate-load-balancer",
    bad: join(onFargate({}), service("  type: LoadBalancer <<\n")),
    good: join(
      onFargate({}),
      service(
        "  type: LoadBalancer\n",
        "  annotations:\n    service.beta.kubernetes.io/aws-load-balancer-type: external\n    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip\n",
      ),
    ),
  },
  {
    rule: "fargate-ingress-target",
    bad: join(
      onFargate({}),
      service(""),
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: <<\n  name: web\n  namespace: apps\nspec:\n  ingressClassName: alb\n  rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]\n",
    ),
    good: join(
      onFargate({}),
      service(""),
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: apps\n  annotations: { alb.ingress.kubernetes.io/target-type: ip }\nspec:\n  ingressClassName: alb\n  rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]\n",
    ),
  },
  {
    rule: "fargate-network-policy",
    bad: join(
      onFargate({}),
      object("networking.k8s.io/v1", "NetworkPolicy", "apps/web", "spec:\n  podSelector: {} <<\n"),
    ),
    good: join(onNodes({}), object("networking.k8s.io/v1", "NetworkPolicy", "shop/web", "spec:\n  podSelector: {}\n")),
  },
  {
    rule: "fargate-logging",
    bad: object(
      "v1",
      "ConfigMap",
      "aws-observability/aws-logging",
      "data:\n  output.conf: | <<\n    [SERVICE]\n    [OUTPUT]\n",
    ),
    good: object(
      "v1",
      "ConfigMap",
      "aws-observability/aws-logging",
      "data:\n  output.conf: |\n    [OUTPUT]\n        Name cloudwatch_logs\n        Match *\n",
    ),
  },
];

export const FARGATE_ROWS: readonly Row[] = [...FARGATE_PODS, ...FARGATE_SETTINGS, ...SYSTEMS, ...NETWORK];
