import { clusterDnsIp, type JoinSettings, labelsText } from "./join-settings.ts";
import { formatMime, type MimePart, parseMime } from "./mime.ts";

const NODE_CONFIG = "application/node.eks.aws";
const SHELL = 'text/x-shellscript; charset="us-ascii"';

/**
 * Amazon Linux 2023: the user's parts, then a NodeConfig with the cluster, the kubelet's settings and the labels; nodeadm merges NodeConfig
 * documents. JSON is YAML. Source: nodeadm's API node.eks.aws/v1alpha1 (karpenter.md §5.3).
 */
export function al2023UserData(settings: JoinSettings): string {
  return formatMime([...userParts(settings.custom), { contentType: NODE_CONFIG, body: nodeConfig(settings) }]);
}

/** A user's text may be multipart, a NodeConfig document, or a script. */
function userParts(custom: string | undefined): readonly MimePart[] {
  if (custom === undefined || custom.trim() === "") return [];
  const parts = parseMime(custom);
  if (parts !== undefined) return parts;
  return [{ contentType: custom.includes("node.eks.aws/") ? NODE_CONFIG : SHELL, body: custom }];
}

function nodeConfig(settings: JoinSettings): string {
  const { cluster, kubelet, taints, labels, instanceStorePolicy } = settings;
  const dns = clusterDnsIp(settings);
  const config = {
    ...kubelet,
    ...(kubelet?.clusterDNS === undefined && dns !== undefined && { clusterDNS: [dns] }),
    ...(taints.length > 0 && { registerWithTaints: taints }),
  };
  const text = labelsText(labels);
  const document = {
    apiVersion: "node.eks.aws/v1alpha1",
    kind: "NodeConfig",
    spec: {
      cluster: {
        name: cluster.name,
        apiServerEndpoint: cluster.endpoint,
        certificateAuthority: cluster.caBundle,
        cidr: cluster.serviceCidr,
      },
      ...(instanceStorePolicy === "RAID0" && { instance: { localStorage: { strategy: "RAID0" } } }),
      kubelet: { config, ...(text !== "" && { flags: [`--node-labels=${text}`] }) },
    },
  };
  return JSON.stringify(document, undefined, 2);
}
