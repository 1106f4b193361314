import { styleText } from "node:util";
import { counted } from "../report/amounts.ts";
import { wrapped } from "../report/table-style.ts";
import type { LintFinding, LintReport, LintRule, LintSeverity, LintSummary } from "./model.ts";

/** How findings are printed. */
export interface LintTextOptions {
  /** ANSI colours. Default false. */
  readonly color?: boolean;
  /** Columns of the terminal. Default: lines are not broken. */
  readonly width?: number;
}

const COLORS: Readonly<Record<LintSeverity, Parameters<typeof styleText>[0]>> = {
  error: "red",
  warning: "yellow",
  advice: "cyan",
};

/** Findings in the order of the report: place, severity, rule and object, then what is wrong and what to do; at the end the numbers. */
export function lintText({ findings, summary }: LintReport, options: LintTextOptions = {}): string {
  return `${findings.map((finding) => findingText(finding, options)).join("")}${findings.length === 0 ? "" : "\n"}${summaryText(summary)}\n`;
}

function findingText(
  { file, line, severity, rule, object, message, remedy }: LintFinding,
  options: LintTextOptions,
): string {
  const { color = false, width = Number.POSITIVE_INFINITY } = options;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const subject = object === undefined ? "" : `  ${object}`;
  return [
    `${paint("bold", `${file}:${line}`)}  ${paint(COLORS[severity], severity)}  ${paint("dim", rule)}${subject}\n`,
    wrapped(message, { first: "  ", rest: "    ", width }),
    wrapped(`remedy: ${remedy}`, { first: "  ", rest: "    ", width }),
  ].join("");
}

/** `2 errors, 1 warning, no advice in 4 files (12 objects, 30 commands); 1 finding accepted` */
function summaryText(summary: LintSummary): string {
  const { errors, warnings, advice, accepted, omitted, files, objects, commands } = summary;
  const counts = countsText(summary);
  const found = errors + warnings + advice === 0 ? "no findings" : counts;
  const rest = [
    ...(accepted === 0 ? [] : [`${counted(accepted, "finding")} accepted`]),
    ...(omitted === 0 ? [] : [`${counted(omitted, "finding")} not shown`]),
  ];
  const looked = `${counted(files, "file")} (${counted(objects, "object")}, ${counted(commands, "command")})`;
  return [`${found} in ${looked}`, ...rest].join("; ");
}

/** `2 errors, 1 warning, 3 pieces of advice`; what there is none of is left out. */
export function countsText({ errors, warnings, advice }: LintSummary): string {
  return [
    ...(errors === 0 ? [] : [counted(errors, "error")]),
    ...(warnings === 0 ? [] : [counted(warnings, "warning")]),
    ...(advice === 0 ? [] : [counted(advice, "piece of advice", "pieces of advice")]),
  ].join(", ");
}

/** The table of rules: id, severity, title. */
export function rulesText(rules: readonly LintRule[]): string {
  const width = Math.max(...rules.map(({ id }) => id.length));
  const rows = rules.map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity.padEnd(8)}  ${title}\n`);
  return `${"RULE".padEnd(width)}  SEVERITY  WHAT IS WRONG\n${rows.join("")}`;
}
