import type { PlanCatalog } from "../contract.ts";
import { Acceptances } from "./accept.ts";
import { FINDINGS_PER_RULE_MAX } from "./limits.ts";
import type { LintFinding, LintReport, LintRule, LintSeverity, LintSummary } from "./model.ts";
import type { LintProject } from "./project.ts";
import { LINT_RULES } from "./rules/index.ts";

export interface LintOptions {
  /** What nodes can be bought. Rules about nodes need it; without they say nothing. */
  readonly catalogOf?: (project: LintProject) => PlanCatalog | undefined;
  /** Ids of the rules to run. Default: all. */
  readonly only?: ReadonlySet<string>;
  /** Ids of rules that are not run. */
  readonly ignore?: ReadonlySet<string>;
}

/** Runs the rules. Pure: equal input gives an equal report. */
export function lint(projects: readonly LintProject[], options: LintOptions = {}): LintReport {
  const rules = LINT_RULES.filter(({ id }) => options.only?.has(id) !== false && options.ignore?.has(id) !== true);
  const tally = new Tally();
  for (const project of projects) {
    const acceptances = new Acceptances(project);
    const whole = { ...project, catalog: options.catalogOf?.(project), acceptances: acceptances.all };
    for (const rule of rules)
      for (const finding of findingsOf(rule, whole)) tally.add(finding, acceptances.accepts(rule.id, finding));
  }
  const { error: errors, warning: warnings, advice, accepted, omitted } = tally.counts;
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "LintReport",
    summary: { errors, warnings, advice, accepted, omitted, ...sizesOf(projects) },
    findings: sorted(tally.findings, projects),
  };
}

class Tally {
  readonly findings: LintFinding[] = [];
  readonly counts = { error: 0, warning: 0, advice: 0, accepted: 0, omitted: 0 };
  readonly #byRule = new Map<string, number>();

  add(finding: LintFinding, isAccepted: boolean): void {
    if (isAccepted) {
      this.counts.accepted += 1;
      return;
    }
    this.counts[finding.severity] += 1;
    const before = this.#byRule.get(finding.rule) ?? 0;
    this.#byRule.set(finding.rule, before + 1);
    if (before < FINDINGS_PER_RULE_MAX) this.findings.push(finding);
    else this.counts.omitted += 1;
  }
}

function sizesOf(projects: readonly LintProject[]): Pick<LintSummary, "files" | "objects" | "commands"> {
  const sum = (of: (project: LintProject) => number): number => projects.reduce((all, one) => all + of(one), 0);
  return {
    files: sum(({ sources }) => sources.length),
    objects: sum(({ documents }) => documents.length),
    commands: sum(({ scripts }) => scripts.reduce((all, { lines }) => all + lines.length, 0)),
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

function sorted(findings: readonly LintFinding[], projects: readonly LintProject[]): readonly LintFinding[] {
  const sources = projects.flatMap((project) => project.sources);
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
