import type { Affinity, NodeSelectorRequirement, PodSpec, Toleration, TopologySpreadConstraint } from "@nodeless/api";
import { isLabelValue, isQualifiedName } from "@nodeless/api";
import { checkResources } from "./check-resources.ts";
import type { Path, Report } from "./check-value.ts";

/**
 * What the fields of a pod spec must satisfy beyond their types, where placement depends on it. The shape has been checked before.
 * Source: kubernetes/kubernetes pkg/apis/core/validation (release 1.36).
 */
export function checkPodSpec(spec: PodSpec, path: Path, report: Report): void {
  if (spec.containers.length === 0) report([...path, "containers"], "a pod needs at least one container");
  checkContainers(spec, path, report);
  checkResources(spec.resources, [...path, "resources"], report);
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {}))
    checkLabel({ key, value }, [...path, "nodeSelector", key], report);
  for (const [index, toleration] of (spec.tolerations ?? []).entries())
    checkToleration(toleration, [...path, "tolerations", index], report);
  checkSpread(spec.topologySpreadConstraints ?? [], [...path, "topologySpreadConstraints"], report);
  if (spec.affinity !== undefined) checkAffinity(spec.affinity, [...path, "affinity"], report);
}

/** Labels as the API server accepts them. */
export function checkLabels(labels: Readonly<Record<string, string>> | undefined, path: Path, report: Report): void {
  for (const [key, value] of Object.entries(labels ?? {})) checkLabel({ key, value }, [...path, key], report);
}

function checkLabel(
  { key, value }: { readonly key: string; readonly value: string },
  path: Path,
  report: Report,
): void {
  if (!isQualifiedName(key)) report(path, `${JSON.stringify(key)} is not a label key; write name or domain/name`);
  if (!isLabelValue(value))
    report(path, `${JSON.stringify(value)} is not a label value; at most 63 letters, digits, "-", "_" and "."`);
}

function checkContainers(spec: PodSpec, path: Path, report: Report): void {
  const names = new Map<string, string>();
  for (const list of ["containers", "initContainers"] as const)
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const at = [...path, list, index];
      const earlier = names.get(container.name);
      if (earlier !== undefined)
        report(
          [...at, "name"],
          `${JSON.stringify(container.name)} is already the name of ${earlier}; give each container its own`,
        );
      names.set(container.name, `${list}[${index}]`);
      checkResources(container.resources, [...at, "resources"], report);
      for (const [position, { containerPort, hostPort = 0 }] of (container.ports ?? []).entries())
        for (const [field, port] of Object.entries({ containerPort, hostPort }))
          if (port !== 0 && (port < 1 || port > 65_535))
            report([...at, "ports", position, field], `${port} is not a port; write 1 to 65535`);
    }
}

function checkToleration({ key = "", operator = "Equal", value = "" }: Toleration, path: Path, report: Report): void {
  if (key === "" && operator !== "Exists")
    report(path, "a toleration without a key tolerates everything and needs operator: Exists");
  if (operator === "Exists" && value !== "")
    report([...path, "value"], "operator Exists takes no value; remove it, or write operator: Equal");
}

function checkSpread(constraints: readonly TopologySpreadConstraint[], path: Path, report: Report): void {
  const seen = new Map<string, number>();
  for (const [index, { maxSkew, minDomains, topologyKey, whenUnsatisfiable }] of constraints.entries()) {
    const at = [...path, index];
    if (maxSkew < 1) report([...at, "maxSkew"], `must be at least 1, not ${maxSkew}`);
    if (topologyKey === "")
      report([...at, "topologyKey"], "must not be empty; write topology.kubernetes.io/zone or another node label");
    if (minDomains !== undefined && minDomains < 1)
      report([...at, "minDomains"], `must be at least 1, not ${minDomains}`);
    if (minDomains !== undefined && whenUnsatisfiable !== "DoNotSchedule")
      report([...at, "minDomains"], "counts only with whenUnsatisfiable: DoNotSchedule; remove it or change that");
    const identity = `${topologyKey} ${whenUnsatisfiable}`;
    const earlier = seen.get(identity);
    if (earlier !== undefined)
      report(
        at,
        `topologyKey and whenUnsatisfiable are those of constraint ${earlier}; the API server takes each pair once`,
      );
    seen.set(identity, index);
  }
}

const WEIGHT_MAX = 100;

function checkAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: Path, report: Report): void {
  const node = [...path, "nodeAffinity"];
  const required = [...node, "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms !== undefined && terms.length === 0)
    report(required, "needs at least one term, because an empty list matches no node");
  for (const [index, { matchExpressions = [] }] of (terms ?? []).entries())
    checkExpressions(matchExpressions, [...required, index, "matchExpressions"], report);
  const preferred = [...node, "preferredDuringSchedulingIgnoredDuringExecution"];
  for (const [index, term] of (nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    checkWeight(term.weight, [...preferred, index, "weight"], report);
    const at = [...preferred, index, "preference", "matchExpressions"];
    checkExpressions(term.preference.matchExpressions ?? [], at, report);
  }
  for (const [name, affinity] of Object.entries({ podAffinity, podAntiAffinity })) {
    const hard = [...path, name, "requiredDuringSchedulingIgnoredDuringExecution"];
    for (const [index, { topologyKey }] of (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
      checkTopologyKey(topologyKey, [...hard, index, "topologyKey"], report);
    const soft = [...path, name, "preferredDuringSchedulingIgnoredDuringExecution"];
    for (const [index, term] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      checkWeight(term.weight, [...soft, index, "weight"], report);
      checkTopologyKey(term.podAffinityTerm.topologyKey, [...soft, index, "podAffinityTerm", "topologyKey"], report);
    }
  }
}

function checkTopologyKey(key: string, path: Path, report: Report): void {
  if (key === "") report(path, "must not be empty; write kubernetes.io/hostname or another node label");
}

function checkWeight(weight: number, path: Path, report: Report): void {
  if (weight < 1 || weight > WEIGHT_MAX) report(path, `must be 1 to ${WEIGHT_MAX}, not ${weight}`);
}

function checkExpressions(expressions: readonly NodeSelectorRequirement[], path: Path, report: Report): void {
  for (const [index, { key, operator, values = [] }] of expressions.entries()) {
    const at = [...path, index];
    if (!isQualifiedName(key))
      report([...at, "key"], `${JSON.stringify(key)} is not a label key; write name or domain/name`);
    if ((operator === "In" || operator === "NotIn") && values.length === 0)
      report([...at, "values"], `${operator} needs at least one value`);
    if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0)
      report([...at, "values"], `${operator} takes no values; remove them, or write In or NotIn`);
    if ((operator === "Gt" || operator === "Lt") && !(values.length === 1 && /^-?\d+$/.test(values[0] ?? "")))
      report([...at, "values"], `${operator} needs exactly one whole number as text, such as ["4"]`);
  }
}
