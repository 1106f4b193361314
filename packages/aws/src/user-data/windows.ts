import { clusterDnsIp, type JoinSettings, labelsText, taintText } from "./join-settings.ts";

/** Windows: PowerShell, the user's commands first, then EKS's bootstrap script (karpenter.md §5.3). */
export function windowsUserData(settings: JoinSettings): string {
  const { cluster, labels, taints, kubelet, custom } = settings;
  const dns = clusterDnsIp(settings);
  const flags = [
    ...(Object.keys(labels).length === 0 ? [] : [`--node-labels=${labelsText(labels)}`]),
    ...(taints.length === 0 ? [] : [`--register-with-taints=${taints.map(taintText).join(",")}`]),
    ...(kubelet?.maxPods === undefined ? [] : [`--max-pods=${kubelet.maxPods}`]),
  ];
  const options = [
    `-EKSClusterName ${quoted(cluster.name)}`,
    `-APIServerEndpoint ${quoted(cluster.endpoint)}`,
    `-Base64ClusterCA ${quoted(cluster.caBundle)}`,
    ...(dns === undefined ? [] : [`-DNSClusterIP ${quoted(dns)}`]),
    ...(flags.length === 0 ? [] : [`-KubeletExtraArgs ${quoted(flags.join(" "))}`]),
  ];
  const own = (custom ?? "").replaceAll(/<\/?powershell>/gi, "").trim();
  return [
    "<powershell>",
    ...(own === "" ? [] : [own]),
    '[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"',
    `& $EKSBootstrapScriptFile ${options.join(" ")}`,
    "</powershell>",
    "",
  ].join("\n");
}

/** A single-quoted PowerShell word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
