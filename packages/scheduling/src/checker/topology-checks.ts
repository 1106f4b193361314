import type { Pod } from "@nodeless/api";
import type { PlanFinding, SchedulingInput, SchedulingPlan } from "../model.ts";
import { AffinityChecks } from "./affinity-checks.ts";
import { FinalPicture } from "./final-picture.ts";
import { keyOf } from "./node-checks.ts";
import { SpreadChecks } from "./spread-checks.ts";

/** Findings about spread and pod affinity, on the final picture. */
export function checkTopology(
  input: SchedulingInput,
  plan: SchedulingPlan,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): PlanFinding[] {
  const picture = new FinalPicture(input, plan, byNode);
  const affinity = new AffinityChecks(picture);
  const spread = new SpreadChecks(picture);
  const findings: PlanFinding[] = [];
  for (const subject of picture.placed) {
    const { spec } = subject.pod;
    if (spec.affinity === undefined && spec.topologySpreadConstraints === undefined) continue;
    const problem = affinity.problemOf(subject) ?? spread.problemOf(subject);
    if (problem !== undefined)
      findings.push({ subject: keyOf(subject.pod), message: `${problem} on ${subject.host.name}` });
  }
  return findings;
}
