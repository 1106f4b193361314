import { planTable } from "@nodeless/planner";
import { DifferenceError, UsageError } from "../exit-codes.ts";
import { formatStructured } from "../output/structured.ts";
import { styled, type Terminal } from "../terminal.ts";
import { overBudget, type PlanFlags, parseBudget } from "./plan-flags.ts";
import { inputOf, makePlan, planRequest, readSources, tableOptions } from "./plan-making.ts";

/** `nodeless plan` */
export async function runPlan(terminal: Terminal, flags: PlanFlags): Promise<void> {
  if (flags.file.length === 0)
    throw new UsageError("what shall be planned? give manifests with -f: a file, a directory, or - for standard input");
  const { output } = flags;
  const budget = parseBudget(flags.budget);
  const request = planRequest(flags, { priceFamilies: output === "wide" });
  const input = await inputOf(terminal, await readSources(terminal, flags.file), flags);
  const outcome = await makePlan(terminal, input, request);
  const { document } = outcome;
  if (output === "json" || output === "yaml") terminal.out(formatStructured(output, document));
  else {
    printNotices(terminal, document.notices);
    terminal.out(planTable(outcome, tableOptions(terminal, output)));
  }
  refuseOverBudget(overBudget(budget, document.totals));
}

/** Notices are no data: they go where progress goes. */
export function printNotices(terminal: Terminal, notices: readonly string[]): void {
  for (const notice of notices) terminal.err(`${styled(terminal, "yellow", "!")} ${notice}\n`);
}

/** Throws DifferenceError when there is something to say. */
export function refuseOverBudget(message: string | undefined): void {
  if (message !== undefined) throw new DifferenceError(message);
}
