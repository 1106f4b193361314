import type {
  AutoscalingV2HorizontalPodAutoscaler,
  CertificateSigningRequest,
  ConfigMap,
  Lease,
  MetricSpec,
  MetricStatus,
  Namespace,
  PodDisruptionBudget,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
  Secret,
  ServiceAccount,
} from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { humanDuration } from "./age.ts";
import { AGE, column, count, NAME, NONE } from "./plain.ts";

/** Source of all columns here: kubernetes/kubernetes pkg/printers/internalversion/printers.go (release 1.36). */
export const NAMESPACE_COLUMNS: readonly ColumnRule<Namespace>[] = [
  NAME,
  column("Status", ({ status }) => status?.phase ?? ""),
  AGE,
];

export const CONFIG_MAP_COLUMNS: readonly ColumnRule<ConfigMap>[] = [
  NAME,
  column("Data", ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length),
  AGE,
];

export const SECRET_COLUMNS: readonly ColumnRule<Secret>[] = [
  NAME,
  column("Type", ({ type }) => type ?? ""),
  column("Data", ({ data = {} }) => Object.keys(data).length),
  AGE,
];

export const SERVICE_ACCOUNT_COLUMNS: readonly ColumnRule<ServiceAccount>[] = [
  NAME,
  column("Secrets", ({ secrets = [] }) => secrets.length),
  AGE,
];

export const LEASE_COLUMNS: readonly ColumnRule<Lease>[] = [
  NAME,
  column("Holder", ({ spec }) => spec?.holderIdentity ?? ""),
  AGE,
];

export const PDB_COLUMNS: readonly ColumnRule<PodDisruptionBudget>[] = [
  NAME,
  column("Min Available", ({ spec }) => `${spec?.minAvailable ?? "N/A"}`),
  column("Max Unavailable", ({ spec }) => `${spec?.maxUnavailable ?? "N/A"}`),
  count("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed),
  AGE,
];

export const PRIORITY_CLASS_COLUMNS: readonly ColumnRule<PriorityClass>[] = [
  NAME,
  column("Value", ({ value }) => value, { type: "integer", format: "int32" }),
  column("Global-Default", ({ globalDefault = false }) => globalDefault, { type: "boolean" }),
  AGE,
  column("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? "PreemptLowerPriority"),
];

export const RUNTIME_CLASS_COLUMNS: readonly ColumnRule<RuntimeClass>[] = [
  NAME,
  column("Handler", ({ handler }) => handler),
  AGE,
];

export const RESOURCE_QUOTA_COLUMNS: readonly ColumnRule<ResourceQuota>[] = [
  NAME,
  column("Request", (quota) => quotaText(quota, (name) => !name.startsWith("limits."))),
  column("Limit", (quota) => quotaText(quota, (name) => name.startsWith("limits."))),
  AGE,
];

function quotaText({ spec, status }: ResourceQuota, wanted: (name: string) => boolean): string {
  const hard = status?.hard ?? spec?.hard ?? {};
  return Object.keys(hard)
    .filter(wanted)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? "0"}/${hard[name]}`)
    .join(", ");
}

export const CERTIFICATE_SIGNING_REQUEST_COLUMNS: readonly ColumnRule<CertificateSigningRequest>[] = [
  NAME,
  AGE,
  column("SignerName", ({ spec }) => spec.signerName),
  column("Requestor", ({ spec }) => spec.username ?? ""),
  column("RequestedDuration", ({ spec }) =>
    spec.expirationSeconds === undefined ? NONE : humanDuration(spec.expirationSeconds * 1000),
  ),
  column("Condition", certificateCondition),
];

function certificateCondition({ status }: CertificateSigningRequest): string {
  const types = (status?.conditions ?? []).map(({ type }) => type);
  const parts = ["Approved", "Denied", "Failed"].filter((type) => types.includes(type));
  if (parts.length === 0) parts.push("Pending");
  if (status?.certificate !== undefined && status.certificate !== "") parts.push("Issued");
  return parts.join(",");
}

export const AUTOSCALER_COLUMNS: readonly ColumnRule<AutoscalingV2HorizontalPodAutoscaler>[] = [
  NAME,
  column("Reference", ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
  column("Targets", ({ spec, status }) => targetsText(spec.metrics ?? [], status?.currentMetrics ?? [])),
  column("MinPods", ({ spec }) => `${spec.minReplicas ?? "<unset>"}`),
  count("MaxPods", ({ spec }) => spec.maxReplicas),
  count("Replicas", ({ status }) => status?.currentReplicas),
  AGE,
];

/** Metrics shown before the rest is only counted. */
const METRICS_SHOWN_MAX = 2;

function targetsText(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return NONE;
  const texts = specs.map((spec, index) => metricText(spec, statuses[index]));
  const shown = texts.slice(0, METRICS_SHOWN_MAX).join(", ");
  return texts.length > METRICS_SHOWN_MAX ? `${shown} + ${texts.length - METRICS_SHOWN_MAX} more...` : shown;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  const resource = spec.resource ?? spec.containerResource;
  if (resource !== undefined) {
    const current = status?.resource?.current ?? status?.containerResource?.current;
    const { averageValue, averageUtilization } = resource.target;
    if (averageValue !== undefined) return `${resource.name}: ${current?.averageValue ?? "<unknown>"}/${averageValue}`;
    const now = current?.averageUtilization === undefined ? "<unknown>" : `${current.averageUtilization}%`;
    return `${resource.name}: ${now}/${averageUtilization === undefined ? "<auto>" : `${averageUtilization}%`}`;
  }
  const source = spec.external ?? spec.object ?? spec.pods;
  const current = (status?.external ?? status?.object ?? status?.pods)?.current;
  const { averageValue, value } = source?.target ?? {};
  return averageValue === undefined
    ? `${current?.value ?? "<unknown>"}/${value ?? "<unknown>"}`
    : `${current?.averageValue ?? "<unknown>"}/${averageValue}${spec.pods === undefined ? " (avg)" : ""}`;
}
