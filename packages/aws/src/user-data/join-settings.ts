import type { KubeletConfiguration } from "@nodeless/api";
import type { ClusterFacts } from "../cluster-facts.ts";

/** What user data tells a machine. */
export interface JoinSettings {
  readonly cluster: ClusterFacts;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly kubelet: KubeletConfiguration | undefined;
  readonly instanceStorePolicy: "RAID0" | undefined;
  /** The node class's own user data. */
  readonly custom: string | undefined;
}

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** `a=b,c=d`, by key: equal labels give equal user data. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return sortedEntries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** `key=value:Effect`, as the kubelet's flag takes it. */
export function taintText({ key, value, effect }: NodeTaint): string {
  return `${key}${value === undefined || value === "" ? "" : `=${value}`}:${effect}`;
}

export function sortedEntries<T>(record: Readonly<Record<string, T>>): [key: string, value: T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The cluster's DNS address: the tenth of the service range, unless the node class says another. */
export function clusterDnsIp({ cluster, kubelet }: Pick<JoinSettings, "cluster" | "kubelet">): string | undefined {
  const [given] = kubelet?.clusterDNS ?? [];
  if (given !== undefined) return given;
  return cluster.serviceCidr === "" ? undefined : cluster.serviceCidr.replace(/\.\d+\/\d+$/, ".10");
}
