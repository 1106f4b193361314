import type { NodeSelectorRequirement, NodeSelectorTerm, Pod, Taint } from "@nodeless/api";
import type { InstanceType, Offering, Requirement, Requirements } from "../model.ts";

/**
 * The rules of placement written a second time, as plainly as possible: by trying values one by one instead of an algebra.
 * The checker must not share code with the planner, or both would be wrong together.
 */

const OLD_NAMES: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
  "topology.ebs.csi.aws.com/zone": "topology.kubernetes.io/zone",
};

export const HOSTNAME = "kubernetes.io/hostname";
export const ZONE = "topology.kubernetes.io/zone";
export const ZONE_ID = "topology.k8s.aws/zone-id";
export const CAPACITY_TYPE = "karpenter.sh/capacity-type";

/** A label key under today's name. */
export function currentName(key: string): string {
  return Object.hasOwn(OLD_NAMES, key) ? (OLD_NAMES[key] ?? key) : key;
}

/** A node's labels under today's names. */
export function currentLabels(labels: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const renamed = new Map(Object.entries(labels).map(([key, value]) => [currentName(key), value]));
  for (const [key, value] of Object.entries(labels)) renamed.set(key, value);
  return renamed;
}

/** Does this value, or the label's absence, satisfy one expression of a selector? */
export function expressionHolds(expression: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = expression.values ?? [];
  const number = (): number => (value !== undefined && /^-?\d+$/.test(value) ? Number(value) : Number.NaN);
  switch (expression.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return number() > Number(values[0]);
    case "Lt":
      return number() < Number(values[0]);
    case "Gte":
      return number() >= Number(values[0]);
    case "Lte":
      return number() <= Number(values[0]);
    default:
      return false;
  }
}

/** Does the requirement of a claim, a pool or a type admit this value? */
export function admits({ complement, values, gte, lte }: Requirement, value: string): boolean {
  if (complement === values.has(value)) return false;
  if (gte === undefined && lte === undefined) return true;
  if (!/^-?\d+$/.test(value)) return false;
  return Number(value) >= (gte ?? Number.NEGATIVE_INFINITY) && Number(value) <= (lte ?? Number.POSITIVE_INFINITY);
}

/** Is a node without the label excluded? */
export function insists({ complement, values, gte, lte }: Requirement): boolean {
  return complement ? values.size === 0 || gte !== undefined || lte !== undefined : values.size > 0;
}

/**
 * Values worth trying for a label: every value that anybody names, the integers next to every bound, and one that nobody
 * names. If none of these satisfies a set of requirements, no value does.
 */
function candidateValues(requirements: readonly Requirement[]): readonly string[] {
  const values = new Set<string>(["\u0000nobody names this"]);
  for (const { values: named, gte, lte } of requirements) {
    for (const value of named) values.add(value);
    for (const bound of [gte, lte]) {
      if (bound === undefined) continue;
      for (let step = -named.size - 1; step <= named.size + 1; step += 1) values.add(String(bound + step));
    }
  }
  return [...values];
}

/** Can one label state (a value or absence) satisfy all of these requirements on one key? */
export function satisfiableTogether(requirements: readonly Requirement[]): boolean {
  if (requirements.every((one) => !insists(one))) return true;
  return candidateValues(requirements).some((value) => requirements.every((one) => admits(one, value)));
}

/** Is everything that `narrow` admits also admitted by `wide`? Judged on the values that either of them names. */
export function staysInside(narrow: Requirement | undefined, wide: Requirement): boolean {
  if (narrow === undefined) return false;
  if (!narrow.complement)
    return [...narrow.values].every((value) => satisfiableTogether([wide, only(narrow.key, value)]));
  if (!wide.complement) return false;
  const lower = wide.gte === undefined || (narrow.gte ?? Number.NEGATIVE_INFINITY) >= wide.gte;
  const upper = wide.lte === undefined || (narrow.lte ?? Number.POSITIVE_INFINITY) <= wide.lte;
  return lower && upper && [...wide.values].every((value) => !satisfiableTogether([narrow, only(narrow.key, value)]));
}

const only = (key: string, value: string): Requirement => ({ key, complement: false, values: new Set([value]) });

/** Does every label state that `narrow` admits satisfy the expression? */
function implies(narrow: Requirement, expression: NodeSelectorRequirement): boolean {
  if (!narrow.complement && narrow.values.size === 0) return expressionHolds(expression, undefined);
  const bounds = (expression.values ?? []).map(
    (value): Requirement => ({
      key: narrow.key,
      complement: true,
      values: new Set([value]),
      ...(/^-?\d+$/.test(value) ? { gte: Number(value), lte: Number(value) } : {}),
    }),
  );
  const tried = candidateValues([narrow, ...bounds]);
  const present = tried.every((value) => !admits(narrow, value) || expressionHolds(expression, value));
  return present && (insists(narrow) || expressionHolds(expression, undefined) || narrow.complement);
}

/** Does every label state of the claim satisfy the term? A missing key satisfies only NotIn and DoesNotExist. */
export function claimImpliesExpressions(
  claim: Requirements,
  expressions: readonly NodeSelectorRequirement[],
): NodeSelectorRequirement | undefined {
  return expressions.find((expression) => {
    const narrow = claim.get(currentName(expression.key));
    return narrow === undefined ? !expressionHolds(expression, undefined) : !implies(narrow, expression);
  });
}

/** nodeSelector as expressions. */
export function selectorExpressions(pod: Pod): readonly NodeSelectorRequirement[] {
  return Object.entries(pod.spec.nodeSelector ?? {}).map(([key, value]) => ({ key, operator: "In", values: [value] }));
}

/** Required OR-terms; a pod without any has one empty alternative. */
export function alternatives(pod: Pod): readonly NodeSelectorTerm[] {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
}

/** The first NoSchedule or NoExecute taint that the pod does not tolerate. */
export function unbearableTaint(pod: Pod, taints: readonly Taint[]): Taint | undefined {
  for (const taint of taints) {
    if (taint.effect === "PreferNoSchedule") continue;
    let tolerated = false;
    for (const { key, operator, value, effect } of pod.spec.tolerations ?? []) {
      const rightEffect = effect === undefined || effect === "" || effect === taint.effect;
      const rightKey = key === undefined || key === "" ? operator === "Exists" : key === taint.key;
      const anyValue = operator === "Exists";
      const equal =
        (operator === undefined || operator === "" || operator === "Equal") && (value ?? "") === (taint.value ?? "");
      const above = operator === "Gt" && Number(taint.value) > Number(value);
      const below = operator === "Lt" && Number(taint.value) < Number(value);
      if (rightEffect && rightKey && (anyValue || equal || above || below)) tolerated = true;
    }
    if (!tolerated) return taint;
  }
  return undefined;
}

/** Offerings that are available and inside the claim's zone, zone id and capacity type. */
export function openOfferings(type: InstanceType, claim: Requirements): readonly Offering[] {
  return type.offerings.filter((offering) => {
    const zone = claim.get(ZONE);
    const capacityType = claim.get(CAPACITY_TYPE);
    const zoneId = claim.get(ZONE_ID);
    const reservation = claim.get("karpenter.k8s.aws/capacity-reservation-id");
    return (
      offering.available &&
      (zone === undefined || admits(zone, offering.zone)) &&
      (capacityType === undefined || admits(capacityType, offering.capacityType)) &&
      (reservation === undefined ||
        (offering.reservationId === undefined ? !insists(reservation) : admits(reservation, offering.reservationId))) &&
      (zoneId === undefined || offering.zoneId === undefined || admits(zoneId, offering.zoneId))
    );
  });
}

/** Host ports as `ip|protocol|port`. */
export function takenPorts(pod: Pod): readonly { readonly ip: string; readonly slot: string }[] {
  const running = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always"),
  ];
  const ports: { readonly ip: string; readonly slot: string }[] = [];
  for (const container of running)
    for (const port of container.ports ?? []) {
      const number = port.hostPort || (pod.spec.hostNetwork === true ? port.containerPort : 0);
      if (number > 0) ports.push({ ip: port.hostIP || "0.0.0.0", slot: `${port.protocol ?? "TCP"}|${number}` });
    }
  return ports;
}

/** A port that two pods on one node would both take. */
export function portClash(pods: readonly Pod[]): string | undefined {
  const bySlot = new Map<string, Set<string>>();
  for (const pod of pods)
    for (const { ip, slot } of takenPorts(pod)) {
      const present = bySlot.get(slot) ?? new Set<string>();
      if (present.has(ip) || present.has("0.0.0.0") || (ip === "0.0.0.0" && present.size > 0)) return slot;
      bySlot.set(slot, present.add(ip));
    }
  return undefined;
}

/** Labels that any new node may get although neither pool nor type names them. */
const OPEN_KEYS: readonly string[] = [
  ZONE,
  ZONE_ID,
  CAPACITY_TYPE,
  "karpenter.sh/nodepool",
  "karpenter.sh/provisioner-name",
  "topology.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "node.kubernetes.io/windows-build",
  "kubernetes.io/arch",
  "kubernetes.io/os",
];

/** May a new node whose pool and type do not name the key still satisfy the expression? */
export function mayBeUnnamed({ key, operator }: NodeSelectorRequirement): boolean {
  if (operator === "NotIn" || operator === "DoesNotExist") return true;
  const name = currentName(key);
  const prefix = "karpenter.k8s.aws/";
  return (
    OPEN_KEYS.includes(name) ||
    (name.startsWith(prefix) &&
      /^(nitro-sandbox|capacity-reservation-|placement-group-)/.test(name.slice(prefix.length)))
  );
}

/** An expression in the form of a requirement. */
export function asRequirement(key: string, { operator, values = [] }: NodeSelectorRequirement): Requirement {
  const bound = Number(values[0]);
  const open = { key, complement: true, values: new Set<string>() };
  switch (operator) {
    case "In":
      return { key, complement: false, values: new Set(values) };
    case "NotIn":
      return { key, complement: true, values: new Set(values) };
    case "DoesNotExist":
      return { key, complement: false, values: new Set() };
    case "Gt":
      return { ...open, gte: bound + 1 };
    case "Gte":
      return { ...open, gte: bound };
    case "Lt":
      return { ...open, lte: bound - 1 };
    case "Lte":
      return { ...open, lte: bound };
    default:
      return open;
  }
}
