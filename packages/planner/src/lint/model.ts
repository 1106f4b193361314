import type { SourceLocation } from "../contract.ts";
import type { LintProject } from "./project.ts";

/**
 * `error`: it does not work, or does nothing. `warning`: it works until something happens, or costs more than it has to.
 * `advice`: worth knowing; a clean input may have some.
 */
export type LintSeverity = "error" | "warning" | "advice";

/** What a rule finds at one place. */
export interface LintHit {
  readonly at: SourceLocation;
  /** `Deployment default/web`, `eksctl create cluster`; undefined where a line of text is meant. */
  readonly object: string | undefined;
  /** What is wrong, with the values; lower case, no full stop. */
  readonly message: string;
  /** What to write instead; lower case, no full stop. */
  readonly remedy: string;
}

/** One rule of the table that `nodeless lint --rules` prints. */
export interface LintRule {
  /** Stable; what `--only`, `--ignore` and `nodeless.dev/lint-ignore` name. */
  readonly id: string;
  readonly severity: LintSeverity;
  /** What is wrong, in a few words. */
  readonly title: string;
  /** What happens then. */
  readonly why: string;
  /** Where the fact comes from. */
  readonly source: string;
  /** Pure; hits in any order. */
  readonly check: (project: LintProject) => Iterable<LintHit>;
}

/** A hit of a rule. */
export interface LintFinding {
  readonly rule: string;
  readonly severity: LintSeverity;
  readonly object: string | undefined;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** Everything `nodeless lint` says; `-o json` prints it as it stands. Fields are only ever added. */
export interface LintReport {
  readonly apiVersion: "nodeless.dev/v1alpha1";
  readonly kind: "LintReport";
  readonly summary: LintSummary;
  /** By file in input order, then line, severity and rule. */
  readonly findings: readonly LintFinding[];
}

export interface LintSummary {
  readonly errors: number;
  readonly warnings: number;
  readonly advice: number;
  /** Findings accepted in the files (`nodeless.dev/lint-ignore`); they are in no other number. */
  readonly accepted: number;
  /** Findings beyond what is listed; counted in `errors`, `warnings` and `advice`. */
  readonly omitted: number;
  readonly files: number;
  readonly objects: number;
  readonly commands: number;
}
