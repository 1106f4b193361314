import type { PlanCatalog } from "../contract.ts";
import { Acceptances } from "./accept.ts";
import { FINDINGS_PER_RULE_MAX } from "./limits.ts";
import type { LintFinding, LintReport, LintRule, LintSeverity } from "./model.ts";
import type { LintProject } from "./project.ts";
import { LINT_RULES } from "./rules/index.ts";

export interface LintOptions {
  /** Rules about nodes and prices need one; without they say nothing. */
  readonly catalog?: PlanCatalog;
  /** Ids of the rules to run. Default: all. */
  readonly only?: ReadonlySet<string>;
  /** Ids of rules that are not run. */
  readonly ignore?: ReadonlySet<string>;
}

/** Runs the rules. Pure: equal input gives an equal report. */
export function lint(project: LintProject, options: LintOptions = {}): LintReport {
  const rules = LINT_RULES.filter(({ id }) => options.only?.has(id) !== false && options.ignore?.has(id) !== true);
  const acceptances = new Acceptances(project);
  const whole: LintProject = { ...project, catalog: options.catalog, acceptances: acceptances.all };
  const findings: LintFinding[] = [];
  const counts = { error: 0, warning: 0, advice: 0, accepted: 0, omitted: 0 };
  for (const rule of rules) {
    let shown = 0;
    for (const finding of findingsOf(rule, whole)) {
      if (acceptances.accepts(rule.id, finding)) {
        counts.accepted += 1;
        continue;
      }
      counts[rule.severity] += 1;
      shown += 1;
      if (shown <= FINDINGS_PER_RULE_MAX) findings.push(finding);
      else counts.omitted += 1;
    }
  }
  const { error: errors, warning: warnings, advice, accepted, omitted } = counts;
  const commands = project.scripts.reduce((sum, { lines }) => sum + lines.length, 0);
  const summary = { files: project.sources.length, objects: project.documents.length, commands };
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "LintReport",
    summary: { errors, warnings, advice, accepted, omitted, ...summary },
    findings: sorted(findings, project),
  };
}

/** The same sentence about the same place counts once. */
function findingsOf(rule: LintRule, project: LintProject): readonly LintFinding[] {
  const { id, severity } = rule;
  const findings = new Map<string, LintFinding>();
  for (const { at, object, message, remedy } of rule.check(project)) {
    const { file, line } = at;
    const key = JSON.stringify([file, line, object, message]);
    if (!findings.has(key)) findings.set(key, { rule: id, severity, object, file, line, message, remedy });
  }
  return [...findings.values()];
}

const RANK: Readonly<Record<LintSeverity, number>> = { error: 0, warning: 1, advice: 2 };
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sorted(findings: readonly LintFinding[], { sources }: LintProject): readonly LintFinding[] {
  const rank = new Map(sources.map(({ file }, index) => [file, index]));
  const place = ({ file }: LintFinding): number => rank.get(file) ?? sources.length;
  return [...findings].sort(
    (a, b) =>
      place(a) - place(b) ||
      byText(a.file, b.file) ||
      a.line - b.line ||
      RANK[a.severity] - RANK[b.severity] ||
      byText(a.rule, b.rule) ||
      byText(a.message, b.message),
  );
}
