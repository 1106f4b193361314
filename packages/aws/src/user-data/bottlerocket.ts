import type { KubeletConfiguration } from "@nodeless/api";
import { clusterDnsIp, type JoinSettings, sortedEntries } from "./join-settings.ts";

type TomlValue = string | number | boolean | readonly string[];
/** Tables by full name, each with its keys. */
type TomlTables = Map<string, Map<string, TomlValue | RawToml>>;

/** A value of the user's, kept as written. */
interface RawToml {
  readonly raw: string;
}

const RAID0_COMMANDS =
  '[["apiclient", "ephemeral-storage", "init"], ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"]]';
const KUBERNETES = "settings.kubernetes";

/** Bottlerocket: the user's settings with ours over them (karpenter.md §5.3). */
export function bottlerocketUserData(settings: JoinSettings): string {
  const tables = parseToml(settings.custom ?? "");
  const put = (table: string, key: string, value: TomlValue | RawToml | undefined): void => {
    if (value === undefined) return;
    const keys = tables.get(table) ?? new Map<string, TomlValue | RawToml>();
    tables.set(table, keys.set(key, value));
  };
  const { cluster, kubelet } = settings;
  put(KUBERNETES, "cluster-name", cluster.name);
  put(KUBERNETES, "api-server", cluster.endpoint);
  put(KUBERNETES, "cluster-certificate", cluster.caBundle === "" ? undefined : cluster.caBundle);
  put(KUBERNETES, "cluster-dns-ip", clusterDnsIp(settings));
  for (const [key, value] of sortedEntries(settings.labels)) put(`${KUBERNETES}.node-labels`, key, value);
  for (const [key, values] of taintsByKey(settings)) put(`${KUBERNETES}.node-taints`, key, values);
  putKubelet(put, kubelet);
  if (settings.instanceStorePolicy === "RAID0") {
    const table = "settings.bootstrap-commands.000-mount-instance-storage";
    // An array of arrays, which no setting of ours else needs.
    put(table, "commands", { raw: RAID0_COMMANDS });
    put(table, "mode", "always");
    put(table, "essential", true);
  }
  return formatToml(tables);
}

function taintsByKey({ taints }: JoinSettings): Map<string, string[]> {
  const byKey = new Map<string, string[]>();
  for (const { key, value, effect } of taints) byKey.set(key, [...(byKey.get(key) ?? []), `${value ?? ""}:${effect}`]);
  return byKey;
}

function putKubelet(
  put: (table: string, key: string, value: TomlValue | undefined) => void,
  kubelet: KubeletConfiguration | undefined,
): void {
  put(KUBERNETES, "max-pods", kubelet?.maxPods);
  put(KUBERNETES, "eviction-max-pod-grace-period", kubelet?.evictionMaxPodGracePeriod);
  put(KUBERNETES, "image-gc-high-threshold-percent", kubelet?.imageGCHighThresholdPercent?.toString());
  put(KUBERNETES, "image-gc-low-threshold-percent", kubelet?.imageGCLowThresholdPercent?.toString());
  put(KUBERNETES, "cpu-cfs-quota-enforced", kubelet?.cpuCFSQuota);
  const maps = {
    "kube-reserved": kubelet?.kubeReserved,
    "system-reserved": kubelet?.systemReserved,
    "eviction-hard": kubelet?.evictionHard,
    "eviction-soft": kubelet?.evictionSoft,
    "eviction-soft-grace-period": kubelet?.evictionSoftGracePeriod,
  };
  for (const [name, map] of Object.entries(maps))
    for (const [key, value] of sortedEntries(map ?? {})) put(`${KUBERNETES}.${name}`, key, value);
}

/** Tables and their key lines, with values kept as written (also over several lines); enough for Bottlerocket's settings. */
function parseToml(text: string): TomlTables {
  const tables: TomlTables = new Map();
  let keys: Map<string, TomlValue | RawToml> | undefined;
  let open: { readonly key: string; lines: string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open !== undefined) {
      open.lines.push(line);
      if (isClosed(open.lines.join("\n"))) {
        keys?.set(open.key, { raw: open.lines.join("\n") });
        open = undefined;
      }
      continue;
    }
    const header = /^\s*\[\s*([^\]]+?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (header !== undefined) {
      keys = tables.get(header) ?? new Map();
      tables.set(header, keys);
      continue;
    }
    const [, key, value] = /^\s*("[^"]*"|'[^']*'|[-\w.]+)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const name = key.replaceAll(/^["']|["']$/g, "");
    if (isClosed(value)) keys?.set(name, { raw: value });
    else open = { key: name, lines: [value] };
  }
  return tables;
}

/** An array or a multi-line string may go on on the next line. */
function isClosed(value: string): boolean {
  for (const quote of ['"""', "'''"])
    if (value.startsWith(quote)) return value.length >= 6 && value.trimEnd().endsWith(quote);
  return !value.startsWith("[") || /\]\s*(?:#.*)?$/.test(value);
}

function formatToml(tables: TomlTables): string {
  return [...tables]
    .filter(([, keys]) => keys.size > 0)
    .map(([table, keys]) =>
      [`[${table}]`, ...[...keys].map(([key, value]) => `${formatKey(key)} = ${formatValue(value)}`), ""].join("\n"),
    )
    .join("\n");
}

function formatKey(key: string): string {
  return /^[-\w]+$/.test(key) ? key : JSON.stringify(key);
}

function formatValue(value: TomlValue | RawToml): string {
  if (typeof value === "object" && "raw" in value) return value.raw;
  if (typeof value === "object") return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
  return JSON.stringify(value);
}
