/** Short names and categories that discovery publishes, by `group/resource`. Source: the storage registries of kubernetes/kubernetes. */
interface ResourceNames {
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

const ALL = ["all"];

const NAMES: ReadonlyMap<string, ResourceNames> = new Map<string, ResourceNames>([
  ["/pods", { shortNames: ["po"], categories: ALL }],
  ["/services", { shortNames: ["svc"], categories: ALL }],
  ["/namespaces", { shortNames: ["ns"] }],
  ["/nodes", { shortNames: ["no"] }],
  ["/configmaps", { shortNames: ["cm"] }],
  ["/serviceaccounts", { shortNames: ["sa"] }],
  ["/persistentvolumeclaims", { shortNames: ["pvc"] }],
  ["/persistentvolumes", { shortNames: ["pv"] }],
  ["/replicationcontrollers", { shortNames: ["rc"], categories: ALL }],
  ["/events", { shortNames: ["ev"] }],
  ["events.k8s.io/events", { shortNames: ["ev"] }],
  ["/endpoints", { shortNames: ["ep"] }],
  ["/limitranges", { shortNames: ["limits"] }],
  ["/resourcequotas", { shortNames: ["quota"] }],
  ["apps/deployments", { shortNames: ["deploy"], categories: ALL }],
  ["apps/replicasets", { shortNames: ["rs"], categories: ALL }],
  ["apps/statefulsets", { shortNames: ["sts"], categories: ALL }],
  ["apps/daemonsets", { shortNames: ["ds"], categories: ALL }],
  ["batch/jobs", { categories: ALL }],
  ["batch/cronjobs", { shortNames: ["cj"], categories: ALL }],
  ["autoscaling/horizontalpodautoscalers", { shortNames: ["hpa"], categories: ALL }],
  ["policy/poddisruptionbudgets", { shortNames: ["pdb"] }],
  ["networking.k8s.io/ingresses", { shortNames: ["ing"] }],
  ["networking.k8s.io/networkpolicies", { shortNames: ["netpol"] }],
  ["networking.k8s.io/ipaddresses", { shortNames: ["ip"] }],
  ["storage.k8s.io/storageclasses", { shortNames: ["sc"] }],
  ["storage.k8s.io/volumeattributesclasses", { shortNames: ["vac"] }],
  ["scheduling.k8s.io/priorityclasses", { shortNames: ["pc"] }],
  ["apiextensions.k8s.io/customresourcedefinitions", { shortNames: ["crd", "crds"], categories: ["api-extensions"] }],
  ["apiregistration.k8s.io/apiservices", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/mutatingwebhookconfigurations", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/validatingwebhookconfigurations", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/validatingadmissionpolicies", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/validatingadmissionpolicybindings", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/mutatingadmissionpolicies", { categories: ["api-extensions"] }],
  ["admissionregistration.k8s.io/mutatingadmissionpolicybindings", { categories: ["api-extensions"] }],
  ["certificates.k8s.io/certificatesigningrequests", { shortNames: ["csr"] }],
]);

/** Short names and categories of a resource; most have none. */
export function resourceNames(
  group: string,
  resource: string,
): { readonly shortNames: readonly string[]; readonly categories: readonly string[] } {
  const names = NAMES.get(`${group}/${resource}`);
  return { shortNames: names?.shortNames ?? [], categories: names?.categories ?? [] };
}

/** Resources that keep `metadata.generation`: +1 whenever anything but metadata and status changes. */
const TRACKING: ReadonlySet<string> = new Set([
  "/pods",
  "/replicationcontrollers",
  "apps/deployments",
  "apps/replicasets",
  "apps/statefulsets",
  "apps/daemonsets",
  "batch/jobs",
  "batch/cronjobs",
  "policy/poddisruptionbudgets",
  "networking.k8s.io/ingresses",
  "networking.k8s.io/ingressclasses",
  "networking.k8s.io/networkpolicies",
  "discovery.k8s.io/endpointslices",
  "storage.k8s.io/csidrivers",
  "apiextensions.k8s.io/customresourcedefinitions",
  "admissionregistration.k8s.io/mutatingwebhookconfigurations",
  "admissionregistration.k8s.io/validatingwebhookconfigurations",
  "admissionregistration.k8s.io/validatingadmissionpolicies",
  "admissionregistration.k8s.io/validatingadmissionpolicybindings",
  "flowcontrol.apiserver.k8s.io/flowschemas",
  "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations",
  "scheduling.k8s.io/priorityclasses",
]);

export function tracksGeneration(group: string, resource: string): boolean {
  return TRACKING.has(`${group}/${resource}`);
}
