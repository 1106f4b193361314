import type { Container, PodSpec, Toleration, TopologySpreadConstraint, Volume } from "@nodeless/api";
import type { FieldErrors } from "../field-errors.ts";
import { validateAffinity } from "./affinity.ts";
import { isPort, validateContainer, validateMounts } from "./container.ts";
import { dnsLabelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems } from "./names.ts";
import { validateLabels } from "./object-meta.ts";
import { validateResources } from "./resources.ts";

const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
const PREEMPTION_POLICIES = ["Never", "PreemptLowerPriority"];
const DEADLINE_SECONDS_MAX = 2_147_483_647;

/** Rules of pods and pod templates. Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpec. */
export function validatePodSpec(spec: PodSpec, path: string, errors: FieldErrors): void {
  const volumes = validateVolumes(spec.volumes ?? [], `${path}.volumes`, errors);
  validateContainers(spec, path, volumes, errors);
  errors.oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  errors.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  if (spec.preemptionPolicy !== undefined)
    errors.oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES);
  errors.nonNegative(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > DEADLINE_SECONDS_MAX))
    errors.invalid(`${path}.activeDeadlineSeconds`, deadline, "must be between 1 and 2147483647, inclusive");
  validateNames(spec, path, errors);
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, errors);
  validateResources(spec.resources, `${path}.resources`, errors);
  for (const [index, toleration] of (spec.tolerations ?? []).entries())
    validateToleration(toleration, `${path}.tolerations[${index}]`, errors);
  validateSpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`, errors);
  validateAffinity(spec.affinity, `${path}.affinity`, errors);
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries())
    errors.invalidAll(`${path}.schedulingGates[${index}]`, name, qualifiedNameProblems(name));
}

function validateNames(spec: PodSpec, path: string, errors: FieldErrors): void {
  const { hostname = "", subdomain = "", serviceAccountName = "", nodeName = "", schedulerName = "" } = spec;
  if (hostname !== "") errors.invalidAll(`${path}.hostname`, hostname, dnsLabelProblems(hostname));
  if (subdomain !== "") errors.invalidAll(`${path}.subdomain`, subdomain, dnsLabelProblems(subdomain));
  if (serviceAccountName !== "")
    errors.invalidAll(`${path}.serviceAccountName`, serviceAccountName, subdomainProblems(serviceAccountName));
  if (nodeName !== "") errors.invalidAll(`${path}.nodeName`, nodeName, subdomainProblems(nodeName));
  if (schedulerName === "") errors.required(`${path}.schedulerName`);
  if (spec.priorityClassName !== undefined && spec.priorityClassName !== "")
    errors.invalidAll(`${path}.priorityClassName`, spec.priorityClassName, subdomainProblems(spec.priorityClassName));
  for (const [index, { name = "" }] of (spec.imagePullSecrets ?? []).entries())
    if (name === "") errors.required(`${path}.imagePullSecrets[${index}].name`);
}

function validateContainers(spec: PodSpec, path: string, volumes: ReadonlySet<string>, errors: FieldErrors): void {
  if (spec.containers.length === 0) errors.required(`${path}.containers`);
  const names = new Set<string>();
  for (const list of ["containers", "initContainers", "ephemeralContainers"] as const)
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const field = `${path}.${list}[${index}]`;
      validateContainer(container as Container, field, errors);
      validateMounts(container.volumeMounts ?? [], volumes, `${field}.volumeMounts`, errors);
      if (names.has(container.name)) errors.duplicate(`${field}.name`, container.name);
      names.add(container.name);
    }
  validateInitContainers(spec, path, errors);
  validateHostPorts(spec, path, errors);
}

function validateInitContainers({ initContainers = [] }: PodSpec, path: string, errors: FieldErrors): void {
  for (const [index, container] of initContainers.entries()) {
    const field = `${path}.initContainers[${index}]`;
    if (container.restartPolicy === "Always") continue;
    for (const probe of ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const)
      if (container[probe] !== undefined)
        errors.forbidden(`${field}.${probe}`, "may not be set for init containers without restartPolicy=Always");
  }
}

function validateHostPorts({ hostNetwork, containers }: PodSpec, path: string, errors: FieldErrors): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries())
    for (const [portIndex, { hostPort, containerPort, hostIP = "", protocol }] of (container.ports ?? []).entries()) {
      if (hostPort === undefined || hostPort === 0 || !isPort(hostPort)) continue;
      const field = `${path}.containers[${index}].ports[${portIndex}]`;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.duplicate(`${field}.hostPort`, key);
      taken.add(key);
      if (hostNetwork === true && hostPort !== containerPort)
        errors.invalid(`${field}.containerPort`, containerPort, "must match `hostPort` when `hostNetwork` is true");
    }
}

function validateVolumes(volumes: readonly Volume[], path: string, errors: FieldErrors): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const field = `${path}[${index}]`;
    const { name = "", ...sources } = volume;
    if (name === "") errors.required(`${field}.name`);
    else errors.invalidAll(`${field}.name`, name, dnsLabelProblems(name));
    if (names.has(name)) errors.duplicate(`${field}.name`, name);
    names.add(name);
    const given = Object.entries(sources).filter(([, source]) => source !== undefined);
    if (given.length === 0) errors.required(field, "must specify a volume type");
    for (const [type] of given.slice(1))
      errors.forbidden(`${field}.${type}`, "may not specify more than 1 volume type");
    if (volume.secret !== undefined && (volume.secret.secretName ?? "") === "")
      errors.required(`${field}.secret.secretName`);
    if (volume.configMap !== undefined && (volume.configMap.name ?? "") === "")
      errors.required(`${field}.configMap.name`);
    if (volume.hostPath !== undefined && (volume.hostPath.path ?? "") === "") errors.required(`${field}.hostPath.path`);
    if (volume.persistentVolumeClaim !== undefined && (volume.persistentVolumeClaim.claimName ?? "") === "")
      errors.required(`${field}.persistentVolumeClaim.claimName`);
  }
  return names;
}

const OPERATORS = ["Equal", "Exists", "Gt", "Lt"];
const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

function validateToleration(toleration: Toleration, path: string, errors: FieldErrors): void {
  const { key = "", operator = "Equal", value = "", effect = "", tolerationSeconds } = toleration;
  if (key !== "") errors.invalidAll(`${path}.key`, key, qualifiedNameProblems(key));
  if (key === "" && operator !== "Exists")
    errors.invalid(
      `${path}.operator`,
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  if (!OPERATORS.includes(operator)) errors.notSupported(`${path}.operator`, operator, OPERATORS.slice(0, 2));
  if (operator === "Exists" && value !== "")
    errors.invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
  if (operator === "Equal") errors.invalidAll(`${path}.operator`, value, labelValueProblems(value));
  if (effect !== "" && !EFFECTS.includes(effect)) errors.notSupported(`${path}.effect`, effect, EFFECTS);
  if (tolerationSeconds !== undefined && effect !== "NoExecute")
    errors.invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
}

const WHEN_UNSATISFIABLE = ["DoNotSchedule", "ScheduleAnyway"];

function validateSpread(constraints: readonly TopologySpreadConstraint[], path: string, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { maxSkew, topologyKey = "", whenUnsatisfiable, minDomains }] of constraints.entries()) {
    const field = `${path}[${index}]`;
    if (!(maxSkew > 0)) errors.invalid(`${field}.maxSkew`, maxSkew ?? 0, "must be greater than zero");
    if (topologyKey === "") errors.required(`${field}.topologyKey`, "can not be empty");
    else errors.invalidAll(`${field}.topologyKey`, topologyKey, qualifiedNameProblems(topologyKey));
    if (!WHEN_UNSATISFIABLE.includes(whenUnsatisfiable))
      errors.notSupported(`${field}.whenUnsatisfiable`, whenUnsatisfiable ?? "", WHEN_UNSATISFIABLE);
    if (minDomains !== undefined && minDomains <= 0)
      errors.invalid(`${field}.minDomains`, minDomains, "must be greater than zero");
    if (minDomains !== undefined && whenUnsatisfiable !== "DoNotSchedule")
      errors.invalid(
        `${field}.minDomains`,
        minDomains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
      );
    const identity = `${topologyKey}/${whenUnsatisfiable}`;
    if (seen.has(identity))
      errors.duplicate(`${field}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`);
    seen.add(identity);
  }
}
