import { type ManifestSource, type PlanInput, planDiff, planDiffMarkdown, planDiffTable } from "@nodeless/planner";
import { CommandError, UsageError } from "../exit-codes.ts";
import { formatStructured } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";
import { manifestsAtRevision } from "./git-manifests.ts";
import { printNotices, refuseOverBudget } from "./plan-actions.ts";
import { overBudget, type PlanDiffFlags, parseBudget } from "./plan-flags.ts";
import { inputOf, makePlan, planRequest, readSources, tableOptions } from "./plan-making.ts";

interface Sides {
  readonly old: string;
  readonly fresh: string | undefined;
}

/** `nodeless plan diff`: OLD and NEW are paths, or with -f revisions of that path. */
export async function runPlanDiff(terminal: Terminal, sides: Sides, flags: PlanDiffFlags): Promise<void> {
  const budget = parseBudget(flags.budget);
  const request = planRequest(flags);
  const sources = await sourcesOf(terminal, sides, flags.file);
  if (sources.fresh.length === 0)
    throw new CommandError(`${sides.fresh} has no manifests at ${flags.file.join(", ")}: check the path given with -f`);
  const after = await inputOf(terminal, sources.fresh, flags);
  const before = sources.old.length === 0 ? withoutWorkloads(after) : await inputOf(terminal, sources.old, flags);
  const outcomes = [await makePlan(terminal, before, request), await makePlan(terminal, after, request)] as const;
  const diff = planDiff(...outcomes);
  const { output } = flags;
  if (output === "json" || output === "yaml") terminal.out(formatStructured(output, diff));
  else {
    printNotices(terminal, outcomes[1].document.notices);
    terminal.out(output === "markdown" ? planDiffMarkdown(diff) : planDiffTable(diff, tableOptions(terminal, output)));
  }
  refuseOverBudget(overBudget(budget, diff.after));
}

interface Sources {
  /** Empty when the revision does not have the path yet. */
  readonly old: readonly ManifestSource[];
  readonly fresh: readonly ManifestSource[];
}

async function sourcesOf(terminal: Terminal, { old, fresh }: Sides, paths: readonly string[]): Promise<Sources> {
  if (paths.length === 0) {
    if (fresh === undefined)
      throw new UsageError("what is NEW? give two files or directories, or with -f one or two git revisions");
    return { old: await readSources(terminal, [old]), fresh: await readSources(terminal, [fresh]) };
  }
  if (paths.includes("-")) throw new UsageError("-f - has no revisions: give a path of the git repository");
  return {
    old: await atRevision(terminal, old, paths),
    fresh: fresh === undefined ? await readSources(terminal, paths) : await atRevision(terminal, fresh, paths),
  };
}

async function atRevision(
  terminal: Terminal,
  revision: string,
  paths: readonly string[],
): Promise<readonly ManifestSource[]> {
  const files = await manifestsAtRevision(terminal, { revision, paths });
  return files.map(({ file, text }) => ({ file, text, found: true }));
}

/** What the cluster is without anything to run: the side of a path that did not exist yet. */
function withoutWorkloads(input: PlanInput): PlanInput {
  return { ...input, pods: [], daemonSets: [], notices: [] };
}
