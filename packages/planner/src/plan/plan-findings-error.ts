import type { PlanFinding } from "@nodeless/scheduling";

/** The checker found a plan of ours wrong. Always our bug. Caller: show it and ask for a report; the plan must not be used. */
export class PlanFindingsError extends Error {
  override readonly name = "PlanFindingsError";
  readonly findings: readonly PlanFinding[];

  constructor(findings: readonly PlanFinding[]) {
    const shown = findings.slice(0, FINDINGS_SHOWN_MAX).map(({ subject, message }) => `${subject} ${message}`);
    const more = findings.length - shown.length;
    super(
      `the plan broke its own rules, which is a bug of nodeless; please report it with the manifests: ${shown.join("; ")}${more > 0 ? ` and ${more} more` : ""}`,
    );
    this.findings = findings;
  }
}

const FINDINGS_SHOWN_MAX = 5;
