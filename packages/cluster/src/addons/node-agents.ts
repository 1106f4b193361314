import { nodeAgent } from "@nodeless/eks/spec";
import { type AddonDefinition, addonObject } from "./addon.ts";

/** An add-on that is one DaemonSet with its service account. */
function agentAddon(addon: "vpc-cni" | "kube-proxy", name: string): AddonDefinition {
  const namespace = "kube-system";
  return {
    name: addon,
    workload: { kind: "DaemonSet", namespace, name },
    manifests: ({ version }) => {
      const daemonSet = nodeAgent(addon, { version });
      if (daemonSet === undefined) throw new Error(`add-on ${addon} has no DaemonSet`);
      const { labels = {} } = daemonSet.metadata;
      return [addonObject("v1", "ServiceAccount", { name, namespace, labels }, {}), daemonSet];
    },
  };
}

/** The VPC CNI's DaemonSet `aws-node`. */
export const vpcCni: AddonDefinition = agentAddon("vpc-cni", "aws-node");

/** The `kube-proxy` DaemonSet. */
export const kubeProxy: AddonDefinition = agentAddon("kube-proxy", "kube-proxy");
