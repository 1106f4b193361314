import {
  countsText,
  InvalidManifestsError,
  LINT_RULES,
  type LintProject,
  type LintReport,
  type LintSources,
  lint,
  lintProjects,
  lintText,
  type PlanCatalog,
  readLintSources,
  rulesText,
  UnknownZoneError,
} from "@nodeless/planner";
import { CommandError, DifferenceError, UsageError } from "../exit-codes.ts";
import { formatStructured } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";
import { chosenCatalog, regionOf } from "./catalog-choice.ts";
import type { LintFlags } from "./lint.ts";
import { printNotices } from "./plan-actions.ts";
import { readSources } from "./plan-making.ts";

/** `nodeless lint`. Throws DifferenceError when there are errors or warnings. */
export async function runLint(terminal: Terminal, flags: LintFlags): Promise<void> {
  const rules = { ...ruleSet("only", flags.only), ...ruleSet("ignore", flags.ignore) };
  if (flags.rules) {
    printRules(terminal, flags.output);
    return;
  }
  if (flags.file.length === 0)
    throw new UsageError("what shall be checked? give files with -f: a file, a directory, or - for standard input");
  const { sources, notices } = await sourcesOf(terminal, flags.file);
  const pools = flags.nodepool.length === 0 ? undefined : await readSources(terminal, flags.nodepool);
  const projects = lintProjects(sources, {
    ...(pools === undefined ? {} : { poolSources: pools }),
    ...(flags.region === undefined ? {} : { region: flags.region }),
    addonDaemonSets: flags.catalog === undefined,
  });
  const catalogs = new Map<LintProject, PlanCatalog | undefined>();
  for (const project of projects) catalogs.set(project, await catalogOf(terminal, project, flags));
  const report = lint(projects, { ...rules, catalogOf: (project) => catalogs.get(project) });
  printNotices(terminal, notices);
  print(terminal, report, flags.output);
  const { errors, warnings } = report.summary;
  if (errors + warnings > 0) throw new DifferenceError(countsText({ ...report.summary, advice: 0 }));
}

/**
 * What the project's cluster can buy. A cluster of a region without prices is no mistake: then the rules about nodes say nothing. Nor does a
 * zone that cannot be used hide what else is wrong.
 */
async function catalogOf(
  terminal: Terminal,
  { input }: LintProject,
  flags: LintFlags,
): Promise<PlanCatalog | undefined> {
  const region = regionOf(terminal, flags.region ?? input?.region);
  const choice = { region, file: flags.catalog };
  try {
    const { availabilityZones } = input ?? {};
    return await chosenCatalog(terminal, { ...choice, ...(availabilityZones && { availabilityZones }) });
  } catch (error) {
    if (error instanceof CommandError && error.cause instanceof UnknownZoneError) {
      printNotices(terminal, [`${error.message}; all zones of ${region} count`]);
      return await chosenCatalog(terminal, choice);
    }
    if (flags.region !== undefined || flags.catalog !== undefined || !(error instanceof CommandError)) throw error;
    printNotices(terminal, [`rules about nodes are left out: ${error.message}`]);
    return undefined;
  }
}

async function sourcesOf(terminal: Terminal, paths: readonly string[]): Promise<LintSources> {
  const stdin = paths.includes("-") ? { stdin: await terminal.readInput() } : {};
  try {
    return readLintSources(paths, { ...stdin, directory: terminal.cwd });
  } catch (cause) {
    if (cause instanceof InvalidManifestsError) throw new CommandError(cause.message, { cause });
    throw cause;
  }
}

function ruleSet(flag: "only" | "ignore", text: string | undefined): { readonly only?: ReadonlySet<string> } {
  if (text === undefined) return {};
  const ids = new Set(text.split(",").map((id) => id.trim()));
  const known = new Set(LINT_RULES.map(({ id }) => id));
  for (const id of ids)
    if (!known.has(id))
      throw new UsageError(`--${flag}: there is no rule ${JSON.stringify(id)}; list them with nodeless lint --rules`);
  return { [flag]: ids };
}

function print(terminal: Terminal, report: LintReport, output: LintFlags["output"]): void {
  const { outputColours = false, columns } = terminal;
  if (output === "table")
    terminal.out(lintText(report, { color: outputColours, ...(columns === undefined ? {} : { width: columns }) }));
  else terminal.out(formatStructured(output, report));
}

function printRules(terminal: Terminal, output: LintFlags["output"]): void {
  const rules = LINT_RULES.map(({ id, severity, title, why, source }) => ({ id, severity, title, why, source }));
  terminal.out(output === "table" ? rulesText(LINT_RULES) : formatStructured(output, rules));
}
