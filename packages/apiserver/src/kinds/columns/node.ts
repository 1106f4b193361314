import type { Node } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { AGE, column, NAME, NONE, wide } from "./plain.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";
const UNKNOWN = "<unknown>";

export const NODE_COLUMNS: readonly ColumnRule<Node>[] = [
  NAME,
  column("Status", statusText),
  column("Roles", rolesText),
  AGE,
  column("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
  wide("Internal-IP", (node) => address(node, "InternalIP")),
  wide("External-IP", (node) => address(node, "ExternalIP")),
  wide("OS-Image", ({ status }) => status?.nodeInfo?.osImage || UNKNOWN),
  wide("Kernel-Version", ({ status }) => status?.nodeInfo?.kernelVersion || UNKNOWN),
  wide("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion || UNKNOWN),
];

function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

function rolesText({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === ROLE_LABEL && value !== "") roles.add(value);
  }
  return roles.size === 0 ? NONE : [...roles].sort().join(",");
}

function address({ status }: Node, wanted: string): string {
  return status?.addresses?.find(({ type }) => type === wanted)?.address ?? NONE;
}
