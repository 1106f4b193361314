import type { KubeletConfiguration } from "@nodeless/api";
import { clusterDnsIp, type JoinSettings, labelsText, sortedEntries, taintText } from "./join-settings.ts";
import { formatMime, type MimePart, parseMime } from "./mime.ts";

const SHELL = 'text/x-shellscript; charset="us-ascii"';

/** Amazon Linux 2: the user's parts first, then a script that calls the image's bootstrap script (karpenter.md §5.3). */
export function al2UserData(settings: JoinSettings): string {
  return formatMime([...userParts(settings.custom), { contentType: SHELL, body: bootstrapScript(settings) }]);
}

function userParts(custom: string | undefined): readonly MimePart[] {
  if (custom === undefined || custom.trim() === "") return [];
  return parseMime(custom) ?? [{ contentType: SHELL, body: custom }];
}

function bootstrapScript(settings: JoinSettings): string {
  const { cluster, kubelet, instanceStorePolicy } = settings;
  const dns = clusterDnsIp(settings);
  const options = [
    quoted(cluster.name),
    `--apiserver-endpoint ${quoted(cluster.endpoint)}`,
    `--b64-cluster-ca ${quoted(cluster.caBundle)}`,
    ...(dns === undefined ? [] : [`--dns-cluster-ip ${quoted(dns)}`]),
    ...(kubelet?.maxPods === undefined ? [] : ["--use-max-pods false"]),
    ...(instanceStorePolicy === "RAID0" ? ["--local-disks raid0"] : []),
    ...extraArguments(settings),
  ];
  return [
    "#!/bin/bash -xe",
    "exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1",
    `/etc/eks/bootstrap.sh ${options.join(" \\\n  ")}`,
  ].join("\n");
}

/** A single-quoted shell word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function extraArguments({ labels, taints, kubelet }: JoinSettings): string[] {
  const flags = [
    ...(Object.keys(labels).length === 0 ? [] : [`--node-labels="${labelsText(labels)}"`]),
    ...(taints.length === 0 ? [] : [`--register-with-taints="${taints.map(taintText).join(",")}"`]),
    ...kubeletFlags(kubelet),
  ];
  return flags.length === 0 ? [] : [`--kubelet-extra-args ${quoted(flags.join(" "))}`];
}

function kubeletFlags(kubelet: KubeletConfiguration | undefined): string[] {
  if (kubelet === undefined) return [];
  const plain = (name: string, value: number | boolean | undefined): string[] =>
    value === undefined ? [] : [`--${name}=${value}`];
  const map = (name: string, value: Readonly<Record<string, string>> | undefined, separator = "="): string[] => {
    const entries = sortedEntries(value ?? {});
    return entries.length === 0 ? [] : [`--${name}="${entries.map((entry) => entry.join(separator)).join(",")}"`];
  };
  return [
    ...plain("max-pods", kubelet.maxPods),
    ...plain("pods-per-core", kubelet.podsPerCore),
    ...map("system-reserved", kubelet.systemReserved),
    ...map("kube-reserved", kubelet.kubeReserved),
    ...map("eviction-hard", kubelet.evictionHard, "<"),
    ...map("eviction-soft", kubelet.evictionSoft, "<"),
    ...map("eviction-soft-grace-period", kubelet.evictionSoftGracePeriod),
    ...plain("eviction-max-pod-grace-period", kubelet.evictionMaxPodGracePeriod),
    ...plain("image-gc-high-threshold", kubelet.imageGCHighThresholdPercent),
    ...plain("image-gc-low-threshold", kubelet.imageGCLowThresholdPercent),
    ...plain("cpu-cfs-quota", kubelet.cpuCFSQuota),
  ];
}
