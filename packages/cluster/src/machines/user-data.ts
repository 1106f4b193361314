import type { Taint } from "@nodeless/api";
import { parseAllDocuments } from "yaml";

/** What a machine is told to do at its first boot. */
export interface JoinInstructions {
  readonly clusterName: string;
  readonly apiServerEndpoint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly maxPods: number | undefined;
}

/**
 * Reads the user data of the image families EKS offers: AL2023 (NodeConfig documents in MIME parts), AL2 (bootstrap.sh) and
 * Bottlerocket (TOML). Undefined: it names no cluster, so the machine boots and never joins, as in reality.
 */
export function parseUserData(userData: string): JoinInstructions | undefined {
  return parseNodeConfig(userData) ?? parseBootstrapScript(userData) ?? parseBottlerocket(userData);
}

interface NodeConfig {
  readonly kind?: string;
  readonly spec?: {
    readonly cluster?: { readonly name?: string; readonly apiServerEndpoint?: string };
    readonly kubelet?: {
      readonly config?: { readonly registerWithTaints?: readonly Taint[]; readonly maxPods?: number };
      readonly flags?: readonly string[];
    };
  };
}

function parseNodeConfig(userData: string): JoinInstructions | undefined {
  const configs = mimeParts(userData).flatMap((part) =>
    part.includes("NodeConfig") ? yamlObjects(part) : [],
  ) as readonly NodeConfig[];
  const found = configs.filter(({ kind }) => kind === "NodeConfig").map(({ spec }) => spec);
  const cluster = found.find((spec) => spec?.cluster?.name !== undefined)?.cluster;
  if (cluster?.name === undefined) return undefined;
  const flags = found.flatMap((spec) => spec?.kubelet?.flags ?? []);
  const maxPods = found.map((spec) => spec?.kubelet?.config?.maxPods).find((value) => value !== undefined);
  return {
    clusterName: cluster.name,
    apiServerEndpoint: cluster.apiServerEndpoint ?? "",
    labels: parseLabels(flagValue(flags.join(" "), "node-labels")),
    taints: found.flatMap((spec) => spec?.kubelet?.config?.registerWithTaints ?? []),
    maxPods,
  };
}

/** The bodies of a multipart text, or the text itself. */
function mimeParts(text: string): readonly string[] {
  const boundary = /boundary="?([^"\s;]+)"?/i.exec(text)?.[1];
  if (boundary === undefined) return [text];
  return text
    .split(`--${boundary}`)
    .slice(1)
    .map((part) => part.replace(/^[\s\S]*?\r?\n\r?\n/, ""));
}

function yamlObjects(text: string): readonly unknown[] {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents)
    ? documents.filter(({ errors }) => errors.length === 0).map((document) => document.toJS() as unknown)
    : [];
}

function parseBootstrapScript(userData: string): JoinInstructions | undefined {
  const command = /\/etc\/eks\/bootstrap\.sh\s+((?:\\\r?\n|.)*)/.exec(userData)?.[1]?.replace(/\\\r?\n/g, " ");
  if (command === undefined) return undefined;
  const clusterName = /^\s*['"]?([-\w]+)['"]?/.exec(command)?.[1];
  if (clusterName === undefined) return undefined;
  const maxPods = flagValue(command, "max-pods");
  return {
    clusterName,
    apiServerEndpoint: flagValue(command, "apiserver-endpoint"),
    labels: parseLabels(flagValue(command, "node-labels")),
    taints: parseTaints(flagValue(command, "register-with-taints")),
    maxPods: maxPods === "" ? undefined : Number(maxPods),
  };
}

/** `--name=value`, `--name value`, with or without quotes; empty when absent. */
function flagValue(command: string, name: string): string {
  return new RegExp(`--${name}[= ]['"]?([^\\s'"]+)`).exec(command)?.[1] ?? "";
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split(",")
      .filter((pair) => pair.includes("="))
      .map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** `key=value:Effect,key:Effect` */
function parseTaints(text: string): readonly Taint[] {
  return text
    .split(",")
    .map((item) => /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(item))
    .filter((match) => match !== null)
    .map(([, key = "", value, effect = ""]) => ({
      key,
      effect,
      ...(value === undefined || value === "" ? {} : { value }),
    }));
}

function parseBottlerocket(userData: string): JoinInstructions | undefined {
  let table = "";
  const values = new Map<string, string>();
  for (const line of userData.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) table = header.replaceAll('"', "");
    const pair = /^\s*(?:"([^"]+)"|'([^']+)'|([-\w.]+))\s*=\s*(.+?)\s*$/.exec(line);
    if (pair !== null)
      values.set(`${table}.${pair[1] ?? pair[2] ?? pair[3] ?? ""}`, (pair[4] ?? "").replace(/^["'[]+|["'\]]+$/g, ""));
  }
  const clusterName = values.get("settings.kubernetes.cluster-name");
  if (clusterName === undefined) return undefined;
  const below = (prefix: string): [string, string][] =>
    [...values].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]);
  const maxPods = values.get("settings.kubernetes.max-pods");
  return {
    clusterName,
    apiServerEndpoint: values.get("settings.kubernetes.api-server") ?? "",
    labels: Object.fromEntries(below("settings.kubernetes.node-labels.")),
    taints: below("settings.kubernetes.node-taints.").flatMap(([key, value]) => parseTaints(`${key}=${value}`)),
    maxPods: maxPods === undefined ? undefined : Number(maxPods),
  };
}
