import type { Pod } from "@nodeless/api";
import type {
  ExistingNode,
  PlanFinding,
  PlannedClaim,
  Requirements,
  SchedulingInput,
  SchedulingPlan,
} from "../model.ts";
import { keyOf, labelsOf } from "./node-checks.ts";
import { admits, insists, staysInside } from "./plain-rules.ts";

/** Findings about volumes: pods stand where their volumes can be, and no node attaches more than it may. */
export function checkVolumes(
  input: SchedulingInput,
  plan: SchedulingPlan,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): PlanFinding[] {
  if (input.volumes === undefined) return [];
  const findings: PlanFinding[] = [];
  for (const claim of plan.claims)
    for (const pod of claim.pods) findings.push(...placementFindings(pod, input, (one) => claimMeets(claim, one)));
  for (const node of input.existingNodes) {
    const added = byNode.get(node.name) ?? [];
    for (const pod of added) findings.push(...placementFindings(pod, input, (one) => nodeMeets(node, one)));
    findings.push(...attachmentFindings(node, added, input));
  }
  return findings;
}

function placementFindings(
  pod: Pod,
  { volumes }: SchedulingInput,
  meets: (alternative: Requirements) => boolean,
): PlanFinding[] {
  const subject = keyOf(pod);
  const asked = volumes?.get(subject);
  if (asked === undefined) return [];
  if (asked.unusable !== undefined) return [{ subject, message: "is placed although a volume of it is unusable" }];
  if (asked.alternatives.length === 0 || asked.alternatives.some(meets)) return [];
  return [{ subject, message: "is placed where its volumes cannot be" }];
}

function claimMeets({ requirements }: PlannedClaim, alternative: Requirements): boolean {
  return [...alternative.values()].every((one) => {
    const own = requirements.get(one.key);
    return own === undefined ? !insists(one) : staysInside(own, one);
  });
}

function nodeMeets(node: ExistingNode, alternative: Requirements): boolean {
  const labels = labelsOf(node);
  return [...alternative.values()].every((one) => {
    const value = labels.get(one.key);
    return value === undefined ? !insists(one) : admits(one, value);
  });
}

function attachmentFindings(node: ExistingNode, added: readonly Pod[], { volumes }: SchedulingInput): PlanFinding[] {
  const findings: PlanFinding[] = [];
  for (const [driver, limit] of node.attachLimits ?? []) {
    const attached = new Set(node.attachedVolumes?.get(driver));
    const before = attached.size;
    for (const pod of added)
      for (const name of volumes?.get(keyOf(pod))?.attachments.get(driver) ?? []) attached.add(name);
    if (attached.size > limit && attached.size > before)
      findings.push({
        subject: node.name,
        message: `${attached.size} volumes of ${driver} attached, ${limit} possible`,
      });
  }
  return findings;
}
