import type { Fresh, KubernetesObject } from "@nodeless/api";

/** The pool of a cluster whose file brings none: on-demand Linux nodes of the general families, removed soon after they are empty. */
export function defaultPool(options: {
  readonly clusterName: string;
  readonly nodeRoleName: string;
  readonly consolidateAfter: string;
}): readonly Fresh<KubernetesObject>[] {
  const discovery = [{ tags: { "karpenter.sh/discovery": options.clusterName } }];
  const requirement = (key: string, operator: string, ...values: string[]): object => ({ key, operator, values });
  const nodeClass = {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: "default" },
    spec: {
      role: options.nodeRoleName,
      amiSelectorTerms: [{ alias: "al2023@latest" }],
      subnetSelectorTerms: discovery,
      securityGroupSelectorTerms: discovery,
    },
  };
  const pool = {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "default" },
    spec: {
      template: {
        spec: {
          requirements: [
            requirement("kubernetes.io/arch", "In", "amd64"),
            requirement("kubernetes.io/os", "In", "linux"),
            requirement("karpenter.sh/capacity-type", "In", "on-demand"),
            requirement("karpenter.k8s.aws/instance-category", "In", "c", "m", "r"),
            requirement("karpenter.k8s.aws/instance-generation", "Gt", "2"),
          ],
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          expireAfter: "720h",
        },
      },
      limits: { cpu: "1000" },
      disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: options.consolidateAfter },
    },
  };
  return [nodeClass, pool];
}
