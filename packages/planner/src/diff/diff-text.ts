import { counted, monthly, percentText } from "../report/amounts.ts";
import { type Column, formatColumns } from "../report/columns.ts";
import { type TableOptions, type TableStyle, tableStyle, wrapped } from "../report/table-style.ts";
import type { PlanDiff, WorkloadChange, WorkloadState } from "./plan-diff.ts";

/** The difference as a person reads it in a terminal. */
export function planDiffTable(diff: PlanDiff, options: TableOptions = {}): string {
  const style = tableStyle(options);
  const shown = diff.workloads.filter((one) => style.wide || isOwnChange(one));
  const columns: readonly Column[] = [
    { header: "" },
    { header: "WORKLOAD", shrinks: true },
    { header: "WHAT CHANGES", shrinks: true },
    { header: "BEFORE", align: "right" },
    { header: "AFTER", align: "right" },
    { header: "$/MONTH", align: "right" },
  ];
  const rows = shown.map((one) => [
    { text: MARKS[one.change], format: COLORS[one.change] },
    `${one.namespace}/${nameOf(one)}`,
    whatChanges(one, arrow(style)),
    priceOf(one.before),
    priceOf(one.after),
    signed(one.usdPerHourChange, style),
  ]);
  const table = rows.length === 0 ? "no workload changes\n" : formatColumns(columns, rows, style);
  const others = style.wide ? "" : othersLine(diff, style);
  return `${table}${others}\n${totalLines(diff, style).join("\n")}\n`;
}

/** The difference as a table for a pull request. */
export function planDiffMarkdown(diff: PlanDiff): string {
  const style = tableStyle({ unicode: true });
  const shown = diff.workloads.filter(isOwnChange);
  const rows = shown.map((one) => [
    `\`${one.namespace}/${nameOf(one)}\``,
    whatChanges(one, "→"),
    priceOf(one.before),
    priceOf(one.after),
    signed(one.usdPerHourChange, style),
  ]);
  const others = otherChange(diff);
  if (others.count > 0)
    rows.push([
      `${counted(others.count, "unchanged workload")}`,
      "nodes or prices around it",
      "",
      "",
      signed(others.usdPerHour, style),
    ]);
  rows.push([
    "**total**",
    nodesText(diff, "→"),
    `**${monthly(diff.before.usdPerHour)}**`,
    `**${monthly(diff.after.usdPerHour)}**`,
    `**${signed(diff.usdPerHourChange, style)}**${ratioText(diff, style)}`,
  ]);
  const header = ["workload", "what changes", "before $/month", "after $/month", "change"];
  const lines = [header, ["---", "---", "---:", "---:", "---:"], ...rows].map(
    (row) => `| ${row.map(escaped).join(" | ")} |`,
  );
  return `${lines.join("\n")}\n\n${boundLine(diff, "→")}${[...refusedLines(diff), ...estimateLines(diff)]
    .map((line) => `\n${line}`)
    .join("")}\n`;
}

const MARKS = { added: "+", removed: "-", changed: "~", shared: " ", unchanged: " " } as const;
const COLORS = { added: "green", removed: "red", changed: "yellow", shared: "dim", unchanged: "dim" } as const;

/** A bar in a cell would end it. */
const escaped = (cell: string): string => cell.replaceAll("|", "\\|");
const arrow = ({ times }: TableStyle): string => (times === "x" ? "->" : "→");
const isOwnChange = ({ change }: WorkloadChange): boolean =>
  change === "added" || change === "removed" || change === "changed";
const nameOf = ({ workload }: WorkloadChange): string => workload.slice(workload.indexOf("/") + 1);

/** A month's price of one side; `~` before an estimate. */
const priceOf = (state: WorkloadState | undefined): string =>
  state === undefined ? "" : monthly(state.usdPerHour, state.priceIsEstimate);

/** What `~` means, if it stands somewhere. */
function estimateLines({ workloads }: PlanDiff): readonly string[] {
  const estimated = workloads.some(({ before, after }) =>
    [before, after].some((state) => state?.priceIsEstimate === true),
  );
  return estimated ? ["~ an estimate, not a published price; the totals contain it"] : [];
}

function whatChanges({ before, after, change }: WorkloadChange, to: string): string {
  if (after === undefined) return `removed: ${stateText(before)}`;
  if (before === undefined) return `added: ${stateText(after)}`;
  const parts: string[] = [];
  const add = (what: string, old: string, fresh: string): void => {
    if (old !== fresh) parts.push(`${what}${old} ${to} ${fresh}`);
  };
  add("pods ", String(before.pods), String(after.pods));
  add("", before.requests.join(" / "), after.requests.join(" / "));
  add("", before.runsOn.join(", ") || "nowhere", after.runsOn.join(", ") || "nowhere");
  add("refused ", String(before.unplacedPods), String(after.unplacedPods));
  return parts.length > 0 ? parts.join(", ") : change === "shared" ? "nodes or prices around it" : "";
}

function stateText(state: WorkloadState | undefined): string {
  if (state === undefined) return "";
  const { pods, requests, runsOn, unplacedPods } = state;
  const refused = unplacedPods === 0 ? [] : [`${unplacedPods} refused`];
  return [counted(pods, "pod"), ...requests, ...runsOn, ...refused].join(", ");
}

/** `+12.30` or `−12.30` a month. */
function signed(usdPerHour: number, { minus }: TableStyle): string {
  const text = monthly(Math.abs(usdPerHour));
  return text === "0.00" ? "0.00" : `${usdPerHour < 0 ? minus : "+"}${text}`;
}

function otherChange({ workloads }: PlanDiff): { readonly count: number; readonly usdPerHour: number } {
  const shared = workloads.filter(({ change }) => change === "shared");
  let usdPerHour = 0;
  for (const { usdPerHourChange } of shared) usdPerHour += usdPerHourChange;
  return { count: shared.length, usdPerHour };
}

function othersLine(diff: PlanDiff, style: TableStyle): string {
  const { count, usdPerHour } = otherChange(diff);
  if (count === 0) return "";
  const text = `${counted(count, "unchanged workload")}: ${signed(usdPerHour, style)} a month, for nodes or prices changed around ${count === 1 ? "it" : "them"} (-o wide lists all)`;
  return wrapped(text, { rest: "  ", width: style.width });
}

function totalLines(diff: PlanDiff, style: TableStyle): readonly string[] {
  const to = arrow(style);
  const { before, after } = diff;
  const change = `${signed(diff.usdPerHourChange, style)} a month${ratioText(diff, style)}`;
  return [
    `${style.paint("bold", "TOTAL")}  $${monthly(before.usdPerHour)} ${to} $${monthly(after.usdPerHour)} a month: ${style.paint(diff.usdPerHourChange > 0 ? "red" : "green", change)}`,
    `       ${nodesText(diff, to)}`,
    `${style.paint("bold", "BOUND")}  ${boundLine(diff, to)}`,
    ...refusedLines(diff).map((line) => style.paint("red", line)),
    ...estimateLines(diff).map((line) => style.paint("dim", line)),
  ];
}

function ratioText({ changeRatio }: PlanDiff, { minus }: TableStyle): string {
  if (changeRatio === null || changeRatio === 0) return "";
  return ` (${changeRatio > 0 ? "+" : minus}${percentText(Math.abs(changeRatio))})`;
}

function nodesText({ before, after }: PlanDiff, to: string): string {
  const each = (what: string, old: number, fresh: number): string =>
    old === fresh ? counted(fresh, what) : `${old} ${to} ${counted(fresh, what)}`;
  return [
    each("pod", before.pods, after.pods),
    each("new node", before.nodes, after.nodes),
    each("Fargate pod", before.fargatePods, after.fargatePods),
  ].join(", ");
}

function boundLine({ before, after }: PlanDiff, to: string): string {
  return `nothing costs less than $${monthly(before.lowerBoundUsdPerHour)} ${to} $${monthly(after.lowerBoundUsdPerHour)} a month`;
}

function refusedLines({ before, after }: PlanDiff): readonly string[] {
  if (after.unplacedPods === 0) return [];
  const more = after.unplacedPods - before.unplacedPods;
  return [
    `${counted(after.unplacedPods, "pod")} would stay Pending${more > 0 ? ` (${more} more than before)` : ""}: \`nodeless plan\` says why`,
  ];
}
