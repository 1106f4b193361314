import type { NodeSelectorTerm, Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import type { ExistingNode, PlanFinding } from "../model.ts";
import {
  alternatives,
  currentLabels,
  currentName,
  expressionHolds,
  HOSTNAME,
  portClash,
  selectorExpressions,
  takenPorts,
  unbearableTaint,
} from "./plain-rules.ts";

/** Findings about one existing node and the pods that the plan adds to it. */
export function checkNode(node: ExistingNode, added: readonly Pod[], planned: ReadonlySet<string>): PlanFinding[] {
  const findings: PlanFinding[] = [];
  const finding = (message: string): void => void findings.push({ subject: node.name, message });
  const labels = labelsOf(node);
  for (const pod of added) {
    const taint = unbearableTaint(pod, node.taints);
    if (taint !== undefined) finding(`${pod.metadata.name} does not tolerate taint ${taint.key}`);
    const holds = (list: ReturnType<typeof selectorExpressions>): boolean =>
      list.every((one) => expressionHolds(one, labels.get(one.key) ?? labels.get(currentName(one.key))));
    if (!holds(selectorExpressions(pod))) finding(`${pod.metadata.name} has another node selector`);
    const isNamed = ({ matchFields }: NodeSelectorTerm): boolean =>
      (matchFields ?? []).every((one) => expressionHolds(one, node.name));
    if (!alternatives(pod).some((term) => isNamed(term) && holds(term.matchExpressions ?? [])))
      finding(`no required node affinity term of ${pod.metadata.name} holds`);
  }
  const bound = node.pods.filter((pod) => !planned.has(keyOf(pod)));
  for (const [resource, total] of demandOn(node, [...bound, ...added])) {
    const asked = added.some((pod) => resource === "pods" || (podRequests(pod.spec).get(resource) ?? 0) > 0);
    if (asked && total > (node.allocatable.get(resource) ?? 0))
      finding(`${total} ${resource} requested, ${node.allocatable.get(resource) ?? 0} allocatable`);
  }
  // Pods that are bound already may clash among each other; that is not the plan's doing.
  const clash = added.some((pod) => takenPorts(pod).length > 0) ? portClash([...bound, ...added]) : undefined;
  if (clash !== undefined && portClash(bound) === undefined) finding(`host port ${clash} is taken twice`);
  return findings;
}

/** Labels under today's names; the name stands in for a missing hostname. */
export function labelsOf(node: ExistingNode): ReadonlyMap<string, string> {
  const labels = new Map(currentLabels(node.labels));
  if (!labels.has(HOSTNAME)) labels.set(HOSTNAME, node.name);
  return labels;
}

/** `namespace/name`. */
export function keyOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

function demandOn(node: ExistingNode, pods: readonly Pod[]): ReadonlyMap<string, number> {
  const demand = new Map(node.pendingDaemonRequests);
  for (const pod of pods) {
    for (const [resource, amount] of podRequests(pod.spec)) {
      if (resource === "pods") continue;
      demand.set(resource, (demand.get(resource) ?? 0) + amount);
    }
    demand.set("pods", (demand.get("pods") ?? 0) + 1);
  }
  return demand;
}
