/** Label keys, annotation keys and taint keys that the whole house uses. Sources: Kubernetes, Karpenter v1 and EKS documents. */
export const LABELS = {
  hostname: "kubernetes.io/hostname",
  os: "kubernetes.io/os",
  arch: "kubernetes.io/arch",
  zone: "topology.kubernetes.io/zone",
  region: "topology.kubernetes.io/region",
  zoneId: "topology.k8s.aws/zone-id",
  instanceType: "node.kubernetes.io/instance-type",
  capacityType: "karpenter.sh/capacity-type",
  nodePool: "karpenter.sh/nodepool",
  nodeRegistered: "karpenter.sh/registered",
  nodeInitialized: "karpenter.sh/initialized",
  doNotSyncTaints: "karpenter.sh/do-not-sync-taints",
  ec2NodeClass: "karpenter.k8s.aws/ec2nodeclass",
  provisionerName: "karpenter.sh/provisioner-name",
  fargateProfile: "eks.amazonaws.com/fargate-profile",
  computeType: "eks.amazonaws.com/compute-type",
} as const;

export const ANNOTATIONS = {
  computeType: "eks.amazonaws.com/compute-type",
  capacityProvisioned: "CapacityProvisioned",
  fargateLogging: "Logging",
  doNotDisrupt: "karpenter.sh/do-not-disrupt",
  nodePoolHash: "karpenter.sh/nodepool-hash",
  nodePoolHashVersion: "karpenter.sh/nodepool-hash-version",
  roleArn: "eks.amazonaws.com/role-arn",
} as const;

export const TAINTS = {
  notReady: "node.kubernetes.io/not-ready",
  unreachable: "node.kubernetes.io/unreachable",
  unschedulable: "node.kubernetes.io/unschedulable",
  unregistered: "karpenter.sh/unregistered",
  disrupted: "karpenter.sh/disrupted",
  fargate: "eks.amazonaws.com/compute-type",
} as const;

export const FINALIZERS = {
  termination: "karpenter.sh/termination",
  ec2NodeClass: "karpenter.k8s.aws/termination",
} as const;

/** Names of schedulers that write `spec.nodeName`. */
export const DEFAULT_SCHEDULER = "default-scheduler";
export const FARGATE_SCHEDULER = "fargate-scheduler";
