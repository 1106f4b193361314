import type { DaemonSet, Fresh } from "@nodeless/api";

const NAMESPACE = "kube-system";

interface Agent {
  readonly name: string;
  readonly image: string;
  readonly cpu: string;
}

/** By add-on: what of it runs on every EC2 node. */
const AGENTS: ReadonlyMap<string, Agent> = new Map([
  ["vpc-cni", { name: "aws-node", image: "amazon-k8s-cni", cpu: "25m" }],
  ["kube-proxy", { name: "kube-proxy", image: "eks/kube-proxy", cpu: "100m" }],
]);

/** Add-on agents run on every EC2 node and never on Fargate. */
const NOT_ON_FARGATE = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
            { key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] },
            { key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate", "hybrid", "auto"] },
          ],
        },
      ],
    },
  },
};

/**
 * The DaemonSet that an EKS add-on puts on every EC2 node: `aws-node` of `vpc-cni`, `kube-proxy`. Undefined for add-ons without one.
 * What local mode installs, and what a plan counts for a cluster that has the add-on.
 */
export function nodeAgent(addon: string, { version }: { readonly version: string }): Fresh<DaemonSet> | undefined {
  const agent = AGENTS.get(addon);
  if (agent === undefined) return undefined;
  const { name, image, cpu } = agent;
  const labels = { "k8s-app": name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          affinity: NOT_ON_FARGATE,
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name,
              image: `602401143452.dkr.ecr.local.amazonaws.com/${image}:${version}`,
              imagePullPolicy: "IfNotPresent",
              resources: { requests: { cpu } },
            },
          ],
        },
      },
    },
  };
}
