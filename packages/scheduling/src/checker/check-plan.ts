import type { Pod } from "@nodeless/api";
import type { InstanceType, PlanFinding, SchedulingInput, SchedulingPlan } from "../model.ts";
import { checkClaim } from "./claim-checks.ts";
import { checkNode, keyOf } from "./node-checks.ts";
import { checkReservations } from "./reservation-checks.ts";
import { checkTopology } from "./topology-checks.ts";
import { TypeFacts } from "./type-facts.ts";
import { TypeLists } from "./type-lists.ts";
import { checkVolumes } from "./volume-checks.ts";

/**
 * Checks a plan against every rule, with arithmetic of its own: it shares no code with the planner, so that a mistake there
 * is found here. An empty list means that the plan may be executed; a finding is always our bug, never the user's.
 */
export function checkPlan(input: SchedulingInput, plan: SchedulingPlan): readonly PlanFinding[] {
  const planned = new Set(input.pods.map(keyOf));
  const byNode = podsByNode(input, plan);
  const lists = new TypeLists();
  const findings = [...checkCompleteness(input, plan), ...checkLimits(input, plan, lists)];
  const facts = new TypeFacts(input, lists);
  for (const claim of plan.claims) findings.push(...checkClaim(claim, input, facts));
  for (const node of input.existingNodes) {
    const added = byNode.get(node.name) ?? [];
    if (added.length > 0) findings.push(...checkNode(node, added, planned));
  }
  findings.push(...checkVolumes(input, plan, byNode), ...checkReservations(input, plan));
  findings.push(...checkTopology(input, plan, byNode));
  return findings;
}

function podsByNode(input: SchedulingInput, plan: SchedulingPlan): ReadonlyMap<string, readonly Pod[]> {
  const pods = new Map(input.pods.map((pod) => [keyOf(pod), pod]));
  const byNode = new Map<string, Pod[]>();
  for (const [key, node] of plan.onExistingNodes) {
    const pod = pods.get(key);
    if (pod === undefined) continue;
    const list = byNode.get(node);
    if (list === undefined) byNode.set(node, [pod]);
    else list.push(pod);
  }
  return byNode;
}

/** Every pod stands in exactly one place, nothing else stands anywhere, ids and nodes exist, refusals have reasons. */
function checkCompleteness(input: SchedulingInput, plan: SchedulingPlan): PlanFinding[] {
  const findings: PlanFinding[] = [];
  const places = new Map(input.pods.map((pod) => [keyOf(pod), 0]));
  const seen = (key: string): void => {
    const times = places.get(key);
    if (times === undefined) findings.push({ subject: key, message: "is not a pod of the input" });
    else places.set(key, times + 1);
  };
  for (const { pods } of plan.claims) for (const pod of pods) seen(keyOf(pod));
  for (const key of plan.onExistingNodes.keys()) seen(key);
  for (const { pod, rejections } of plan.unplaced) {
    seen(keyOf(pod));
    if (rejections.length === 0) findings.push({ subject: keyOf(pod), message: "is refused without a reason" });
  }
  for (const [key, times] of places)
    if (times !== 1) findings.push({ subject: key, message: `stands in the plan ${times} times` });
  const names = new Set(input.existingNodes.map(({ name }) => name));
  for (const node of new Set(plan.onExistingNodes.values()))
    if (!names.has(node)) findings.push({ subject: node, message: "is not an existing node" });
  const ids = new Set(plan.claims.map(({ id }) => id));
  if (ids.size !== plan.claims.length) findings.push({ subject: "plan", message: "two claims have the same id" });
  return findings;
}

/** Even if the cloud picks the largest type of every claim, no pool goes beyond its limits. */
function checkLimits(input: SchedulingInput, plan: SchedulingPlan, lists: TypeLists): PlanFinding[] {
  const findings: PlanFinding[] = [];
  for (const { name, remainingLimits } of input.nodePools) {
    const claims = plan.claims.filter(({ nodePool }) => nodePool === name);
    for (const [resource, room] of claims.length > 0 ? remainingLimits : []) {
      const largest = new Map<readonly InstanceType[], number>();
      let worst = 0;
      for (const { instanceTypes } of claims) {
        const types = lists.canonical(instanceTypes);
        const known =
          largest.get(types) ??
          (resource === "nodes" ? 1 : Math.max(...types.map(({ capacity }) => capacity.get(resource) ?? 0)));
        largest.set(types, known);
        worst += known;
      }
      if (worst > 0 && worst > room)
        findings.push({ subject: name, message: `claims may use ${worst} ${resource}, the limits leave ${room}` });
    }
  }
  return findings;
}
