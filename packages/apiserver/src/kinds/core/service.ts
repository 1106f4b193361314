import type { Draft, Service, ServicePort } from "@nodeless/api";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { SERVICE_COLUMNS } from "../columns/network.ts";
import type { FieldErrors } from "../field-errors.ts";
import { isPort, PORT_TEXT, portNameProblems } from "../validation/container.ts";
import { DNS_1035_NAME, dnsLabelProblems, subdomainProblems } from "../validation/names.ts";
import { validateLabels } from "../validation/object-meta.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const SESSION_TIMEOUT_SECONDS = 10_800;

const opensToOutside = (type: string | undefined): boolean => type === "NodePort" || type === "LoadBalancer";

/** Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go and pkg/apis/core/validation, ValidateService (release 1.36). */
export const SERVICE: AnyBehaviour = behaviour<Service>({
  nameRule: DNS_1035_NAME,
  applyDefaults(draft) {
    draft.spec ??= {};
    const { spec } = draft;
    spec.sessionAffinity ??= "None";
    if (spec.sessionAffinity === "ClientIP")
      spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: SESSION_TIMEOUT_SECONDS } };
    if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
    spec.type ??= "ClusterIP";
    for (const port of spec.ports ?? []) {
      port.protocol ??= "TCP";
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
    }
    if (spec.type !== "ExternalName") {
      spec.internalTrafficPolicy ??= "Cluster";
      spec.ipFamilyPolicy ??= "SingleStack";
      spec.ipFamilies ??= ["IPv4"];
    }
    if (opensToOutside(spec.type)) spec.externalTrafficPolicy ??= "Cluster";
    if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
    syncClusterIps(spec);
  },
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  prepareForUpdate(draft, old) {
    // A client that leaves the address out keeps the one it has, unless the type has none.
    if (draft.spec.type === "ExternalName" || old.spec.type === "ExternalName") return;
    if (draft.spec.clusterIP === undefined && old.spec.clusterIP !== undefined) {
      draft.spec.clusterIP = old.spec.clusterIP;
      draft.spec.clusterIPs = [...(old.spec.clusterIPs ?? [old.spec.clusterIP])];
    }
    if (opensToOutside(draft.spec.type)) keepNodePorts(draft.spec.ports ?? [], old.spec.ports ?? []);
  },
  validate: validateService,
  validateUpdate({ spec }, { spec: old }, errors) {
    const [now, before] = [spec.clusterIP ?? "", old.clusterIP ?? ""];
    if (old.type !== "ExternalName" && spec.type !== "ExternalName" && before !== "" && now !== before)
      errors.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [now], "may not change once set");
  },
  columns: SERVICE_COLUMNS,
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
    "spec.type": ({ spec }) => spec.type ?? "",
  },
});

function syncClusterIps(spec: Draft<Service>["spec"]): void {
  if (spec.type === "ExternalName") return;
  if (spec.clusterIP !== undefined && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP];
  const first = spec.clusterIPs?.[0];
  if (spec.clusterIP === undefined && first !== undefined) spec.clusterIP = first;
}

function keepNodePorts(ports: Draft<ServicePort>[], old: readonly ServicePort[]): void {
  for (const port of ports) {
    if (port.nodePort !== undefined && port.nodePort !== 0) continue;
    const before = old.find((one) => one.port === port.port && one.protocol === port.protocol);
    if (before?.nodePort !== undefined) port.nodePort = before.nodePort;
  }
}

function validateService({ spec }: Service, errors: FieldErrors): void {
  errors.oneOf("spec.type", spec.type, TYPES);
  errors.oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  validateLabels(spec.selector, "spec.selector", errors);
  const isHeadless = spec.clusterIP === "None";
  if (spec.type === "ExternalName") {
    if ((spec.externalName ?? "") === "") errors.required("spec.externalName");
    else
      errors.invalidAll(
        "spec.externalName",
        spec.externalName,
        subdomainProblems((spec.externalName ?? "").toLowerCase()),
      );
    if (spec.clusterIP !== undefined) errors.forbidden("spec.clusterIPs", "may not be set for ExternalName services");
  } else if ((spec.ports ?? []).length === 0 && !isHeadless) errors.required("spec.ports");
  if (isHeadless && opensToOutside(spec.type))
    errors.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services");
  if (opensToOutside(spec.type))
    errors.oneOf("spec.externalTrafficPolicy", spec.externalTrafficPolicy, ["Cluster", "Local"]);
  validatePorts(spec, errors);
}

function validatePorts({ ports = [], type }: Service["spec"], errors: FieldErrors): void {
  const names = new Set<string>();
  const taken = new Set<string>();
  for (const [index, { name = "", port, protocol, targetPort, nodePort }] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    if (name === "" && ports.length > 1) errors.required(`${field}.name`);
    if (name !== "") errors.invalidAll(`${field}.name`, name, dnsLabelProblems(name));
    if (name !== "" && names.has(name)) errors.duplicate(`${field}.name`, name);
    names.add(name);
    if (!isPort(port)) errors.invalid(`${field}.port`, port ?? 0, PORT_TEXT);
    errors.oneOf(`${field}.protocol`, protocol, PROTOCOLS);
    if (typeof targetPort === "string")
      errors.invalidAll(`${field}.targetPort`, targetPort, portNameProblems(targetPort));
    else if (targetPort !== undefined && !isPort(targetPort))
      errors.invalid(`${field}.targetPort`, targetPort, PORT_TEXT);
    if (nodePort !== undefined && nodePort !== 0 && !opensToOutside(type))
      errors.forbidden(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'");
    const key = `${protocol}/${port}`;
    if (taken.has(key)) errors.duplicate(field, { port, protocol });
    taken.add(key);
  }
}
