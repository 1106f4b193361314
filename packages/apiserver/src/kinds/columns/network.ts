import type {
  EndpointSlice,
  Endpoints,
  Ingress,
  IngressClass,
  NetworkPolicy,
  Service,
  ServicePort,
} from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { AGE, column, NAME, NONE, wide } from "./plain.ts";
import { labelsText, selectorText } from "./workloads.ts";

/** Long lists show this many elements. Source of all columns here: pkg/printers/internalversion/printers.go (release 1.36). */
const SHOWN_MAX = 3;

export const SERVICE_COLUMNS: readonly ColumnRule<Service>[] = [
  NAME,
  column("Type", ({ spec }) => spec.type ?? ""),
  column("Cluster-IP", ({ spec }) => spec.clusterIPs?.[0] ?? (spec.clusterIP || NONE)),
  column("External-IP", externalIp),
  column("Port(s)", ({ spec }) => (spec.ports ?? []).map(portText).join(",") || NONE),
  AGE,
  wide("Selector", ({ spec }) => labelsText(spec.selector)),
];

function portText({ port, nodePort, protocol = "TCP" }: ServicePort): string {
  return nodePort === undefined || nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`;
}

function externalIp({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  if (spec.type === "ExternalName") return spec.externalName ?? "";
  if (spec.type !== "LoadBalancer") return own.join(",") || NONE;
  const balancers = addresses(status?.loadBalancer?.ingress);
  return [...balancers, ...own].join(",") || "<pending>";
}

function addresses(
  ingress: readonly { readonly ip?: string; readonly hostname?: string }[] | undefined,
): readonly string[] {
  return [
    ...new Set((ingress ?? []).map(({ ip, hostname }) => ip || hostname || "").filter((text) => text !== "")),
  ].sort();
}

export const INGRESS_COLUMNS: readonly ColumnRule<Ingress>[] = [
  NAME,
  column("Class", ({ spec }) => spec.ingressClassName || NONE),
  column("Hosts", ({ spec }) => hostsText((spec.rules ?? []).map(({ host }) => host ?? ""))),
  column("Address", ({ status }) => addresses(status?.loadBalancer?.ingress).join(",")),
  column("Ports", ({ spec }) => ((spec.tls ?? []).length > 0 ? "80, 443" : "80")),
  AGE,
];

function hostsText(hosts: readonly string[]): string {
  const named = hosts.filter((host) => host !== "");
  if (named.length === 0) return "*";
  const shown = named.slice(0, SHOWN_MAX).join(",");
  return named.length > SHOWN_MAX ? `${shown} + ${named.length - SHOWN_MAX} more...` : shown;
}

export const INGRESS_CLASS_COLUMNS: readonly ColumnRule<IngressClass>[] = [
  NAME,
  column("Controller", ({ spec }) => spec?.controller ?? ""),
  column("Parameters", ({ spec }) => {
    const parameters = spec?.parameters;
    if (parameters === undefined) return NONE;
    const group = parameters.apiGroup ?? "";
    return `${parameters.kind}${group === "" ? "" : `.${group}`}/${parameters.name}`;
  }),
  AGE,
];

export const NETWORK_POLICY_COLUMNS: readonly ColumnRule<NetworkPolicy>[] = [
  NAME,
  column("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector)),
  AGE,
];

function shortened(items: readonly string[]): string {
  if (items.length === 0) return NONE;
  const shown = items.slice(0, SHOWN_MAX).join(",");
  return items.length > SHOWN_MAX ? `${shown} + ${items.length - SHOWN_MAX} more...` : shown;
}

export const ENDPOINTS_COLUMNS: readonly ColumnRule<Endpoints>[] = [
  NAME,
  column("Endpoints", ({ subsets = [] }) =>
    shortened(
      subsets.flatMap(({ addresses: ready = [], ports = [] }) =>
        ports.length === 0
          ? ready.map(({ ip }) => ip)
          : ports.flatMap(({ port }) =>
              ready.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)),
            ),
      ),
    ),
  ),
  AGE,
];

export const ENDPOINT_SLICE_COLUMNS: readonly ColumnRule<EndpointSlice>[] = [
  NAME,
  column("AddressType", ({ addressType }) => addressType),
  column("Ports", ({ ports = [] }) =>
    ports.length === 0
      ? "<unset>"
      : shortened(ports.map(({ port, name }) => (port === undefined ? (name ?? "*") : `${port}`))),
  ),
  column("Endpoints", ({ endpoints = [] }) => {
    const all = endpoints.flatMap((endpoint) => endpoint.addresses);
    return all.length === 0 ? "<unset>" : shortened(all);
  }),
  AGE,
];
