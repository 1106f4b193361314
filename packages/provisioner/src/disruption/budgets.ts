import { type DisruptionReason, InvalidScheduleError, type NodePoolBudget, nextRun, parseCron } from "@nodeless/api";
import { parseDurationMs } from "../settings/duration.ts";

/** What a pool without budgets gets. Source: karpenter.md §1.4. */
const DEFAULT_BUDGETS: readonly NodePoolBudget[] = [{ nodes: "10%" }];

/** The state of one pool's nodes that budgets count. */
export interface BudgetState {
  /** Managed, initialized, and their instance not already ending. */
  readonly nodes: number;
  /** Of those, the ones being disrupted or NotReady. */
  readonly disrupting: number;
  readonly reason: DisruptionReason;
  readonly now: Date;
}

/**
 * How many more nodes may be disrupted now: the least of the active budgets for this reason, percentages rounded up, minus what is
 * disrupted already. A budget that cannot be read allows nothing (karpenter.md §1.4).
 */
export function remainingBudget(budgets: readonly NodePoolBudget[] | undefined, state: BudgetState): number {
  let allowed = Number.POSITIVE_INFINITY;
  for (const budget of budgets ?? DEFAULT_BUDGETS) {
    if (budget.reasons !== undefined && budget.reasons.length > 0 && !budget.reasons.includes(state.reason)) continue;
    allowed = Math.min(allowed, allowedBy(budget, state));
  }
  return Math.max(0, allowed - state.disrupting);
}

function allowedBy({ nodes, schedule, duration }: NodePoolBudget, state: BudgetState): number {
  if (schedule === undefined) return allowedNodes(nodes, state.nodes);
  if (duration === undefined) return 0;
  try {
    const sinceMs = Math.max(0, state.now.getTime() - parseDurationMs(duration));
    const opened = nextRun(parseCron(schedule), new Date(sinceMs));
    const isActive = opened !== undefined && opened <= state.now;
    return isActive ? allowedNodes(nodes, state.nodes) : Number.POSITIVE_INFINITY;
  } catch (error) {
    if (error instanceof InvalidScheduleError || error instanceof RangeError) return 0;
    throw error;
  }
}

function allowedNodes(text: string, nodes: number): number {
  const percent = /^(\d+)%$/.exec(text);
  if (percent !== null) return Math.ceil((nodes * Number(percent[1])) / 100);
  return /^\d+$/.test(text) ? Number(text) : 0;
}
