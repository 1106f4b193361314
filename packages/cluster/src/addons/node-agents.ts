import type { Fresh, KubernetesObject } from "@nodeless/api";
import { type AddonDefinition, addonObject, NOT_ON_FARGATE } from "./addon.ts";

const NAMESPACE = "kube-system";

interface Agent {
  readonly addon: string;
  readonly name: string;
  readonly image: string;
  readonly cpu: string;
}

function agent({ addon, name, image, cpu }: Agent): AddonDefinition {
  const labels = { "k8s-app": name };
  return {
    name: addon,
    workload: { kind: "DaemonSet", namespace: NAMESPACE, name },
    manifests: ({ version }): readonly Fresh<KubernetesObject>[] => [
      addonObject("v1", "ServiceAccount", { name, namespace: NAMESPACE, labels }, {}),
      addonObject(
        "apps/v1",
        "DaemonSet",
        { name, namespace: NAMESPACE, labels },
        {
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
        },
      ),
    ],
  };
}

/** The VPC CNI's DaemonSet `aws-node`. */
export const vpcCni: AddonDefinition = agent({
  addon: "vpc-cni",
  name: "aws-node",
  image: "amazon-k8s-cni",
  cpu: "25m",
});

/** The `kube-proxy` DaemonSet. */
export const kubeProxy: AddonDefinition = agent({
  addon: "kube-proxy",
  name: "kube-proxy",
  image: "eks/kube-proxy",
  cpu: "100m",
});
