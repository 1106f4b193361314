/**
 * Versions of the add-ons that EKS offers, newest first; `MINOR` stands for the cluster's minor. One or two per add-on are enough to be
 * chosen from. Source: DescribeAddonVersions as published in 2026.
 */
const VERSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["vpc-cni", ["v1.20.4-eksbuild.1", "v1.19.6-eksbuild.7"]],
  ["coredns", ["v1.12.4-eksbuild.1", "v1.11.4-eksbuild.24"]],
  ["kube-proxy", ["vMINOR.0-eksbuild.2"]],
  ["metrics-server", ["v0.8.0-eksbuild.2"]],
  ["eks-pod-identity-agent", ["v1.3.9-eksbuild.3"]],
  ["aws-ebs-csi-driver", ["v1.52.1-eksbuild.1"]],
  ["aws-efs-csi-driver", ["v2.1.13-eksbuild.1"]],
]);

export function addonNames(): readonly string[] {
  return [...VERSIONS.keys()];
}

/** Newest first; empty for an unknown add-on. The first is the default. */
export function addonVersions(name: string, kubernetesVersion: string): readonly string[] {
  return (VERSIONS.get(name) ?? []).map((version) => version.replace("MINOR", kubernetesVersion));
}

/** The wanted version if it exists, the default without a wish. Undefined: not offered. */
export function addonVersion(name: string, kubernetesVersion: string, wanted: string | undefined): string | undefined {
  const offered = addonVersions(name, kubernetesVersion);
  if (wanted === undefined || wanted === "latest") return offered[0];
  return offered.includes(wanted) ? wanted : undefined;
}
