import type { PlanDocument, PlanKnob, PlanNode } from "../contract.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { HOURS_PER_MONTH } from "../plan/plan-document.ts";
import { counted, hourly, monthly, percentText } from "./amounts.ts";
import { formatColumns } from "./columns.ts";
import { type TableStyle, wrapped } from "./table-style.ts";

/** What it costs, what nothing could cost less than, and what lies between. */
export function totalsSection(
  { document, progress }: Pick<PlanOutcome, "document" | "progress">,
  style: TableStyle,
): string {
  const { totals } = document;
  const line = (title: string, text: string): string => {
    const lines = wrapped(text, { rest: " ".repeat(TITLE_WIDTH), width: style.width - TITLE_WIDTH });
    return `${style.paint("bold", title.padEnd(TITLE_WIDTH))}${lines}`;
  };
  const tilde = hasEstimates(document) ? "~" : "";
  const bound = `no placement of these pods costs less than $${hourly(totals.lowerBoundUsdPerHour)} an hour, $${monthly(totals.lowerBoundUsdPerHour)} a month`;
  return [
    line(
      "TOTAL",
      `${tilde}$${hourly(totals.usdPerHour)} an hour, ${tilde}$${monthly(totals.usdPerHour)} a month for ${counted(totals.pods - totals.unplacedPods, "pod")}: ${partsText(document)}`,
    ),
    line("BOUND", bound),
    line("GAP", gapText(document)),
    ...preferenceText(document).map((text) => line("PREFER", text)),
    ...searchText(progress).map((text) => line("SEARCH", text)),
    ...(totals.unplacedPods === 0
      ? []
      : [line("REFUSED", `${counted(totals.unplacedPods, "pod")} would stay Pending and cost nothing here`)]),
  ].join("");
}

const TITLE_WIDTH = 9;
const CENT = 0.01;

/** True if some price is not a published one. */
export function hasEstimates({ nodes, fargate }: PlanDocument): boolean {
  return [...nodes, ...fargate].some(({ priceIsEstimate }) => priceIsEstimate);
}

function partsText({ nodes, fargate, totals }: PlanDocument): string {
  const existing = nodes.filter((node) => node.existing && node.pods.length > 0).length;
  const parts = [
    ...(totals.nodes > 0 ? [`${counted(totals.nodes, "new node")} ${priceOf(nodes)}`] : []),
    ...(existing > 0 ? [`${counted(existing, "existing node")}, paid already`] : []),
    ...(totals.fargatePods > 0 ? [`${counted(totals.fargatePods, "Fargate pod")} ${priceOf(fargate)}`] : []),
  ];
  return parts.length === 0 ? "nothing to run" : parts.join("; ");
}

/** A month of all of them, `~` if some price is not a published one. */
function priceOf(parts: readonly Pick<PlanNode, "usdPerHour" | "priceIsEstimate">[]): string {
  let usdPerHour = 0;
  for (const part of parts) usdPerHour += part.usdPerHour;
  return `${parts.some(({ priceIsEstimate }) => priceIsEstimate) ? "~" : ""}$${monthly(usdPerHour)}`;
}

function gapText({ totals, preferences }: PlanDocument): string {
  const { gapRatio, usdPerHour, lowerBoundUsdPerHour, gear, pods, unplacedPods } = totals;
  if (pods === unplacedPods) return pods === 0 ? "0 %: there is nothing to run" : "none: no pod is placed";
  if (gapRatio === null) return "the bound is 0: existing nodes might hold everything";
  const left = usdPerHour - lowerBoundUsdPerHour;
  if (left * HOURS_PER_MONTH < CENT / 2) return "0 %: this is the cheapest there is";
  const isExplained = (left - preferences.costsUsdPerHour) * HOURS_PER_MONTH < CENT;
  const search = gear === "fast" && !isExplained ? "; --optimize looks for a cheaper one" : "";
  return `${percentText(gapRatio)}: any other placement saves at most $${monthly(left)} a month${search}`;
}

/** Wishes are not in the bound: what they cost would else look like waste. */
function preferenceText({ preferences: { pods, costsUsdPerHour } }: PlanDocument): readonly string[] {
  if (costsUsdPerHour * HOURS_PER_MONTH < CENT / 2) return [];
  return [
    `what ${counted(pods, "pod")} only ${pods === 1 ? "prefers" : "prefer"} (affinity, spread) costs $${monthly(costsUsdPerHour)} a month of it; --preference-policy Ignore plans without`,
  ];
}

/** What the search was good for. */
function searchText(progress: PlanOutcome["progress"]): readonly string[] {
  const first = progress[0];
  const last = progress.at(-1);
  if (first === undefined || last === undefined) return [];
  const time = `${(last.ms / 1000).toFixed(2)} s`;
  return first.costUsdPerHour - last.costUsdPerHour > 0
    ? [`took ${time} from $${hourly(first.costUsdPerHour)} to $${hourly(last.costUsdPerHour)} an hour for the nodes`]
    : [`found nothing cheaper than the provisioner's plan in ${time}`];
}

/** What the restrictions cost. */
export function knobSection({ knobs }: PlanDocument, style: TableStyle): string {
  if (knobs.length === 0) return "";
  const rows = knobs.map((knob) => {
    const { without, with: restricted } = bounds(knob);
    const ratio = without === 0 ? 0 : restricted / without - 1;
    return [
      knob.name,
      knob.inForce ? "in force" : "",
      monthly(without),
      monthly(restricted),
      `${ratio < 0 ? "" : "+"}${percentText(ratio)}`,
    ];
  });
  return formatColumns(
    [
      { header: "RESTRICTION", shrinks: true },
      { header: "" },
      { header: "BOUND WITHOUT", align: "right" },
      { header: "WITH", align: "right" },
      { header: "COSTS", align: "right" },
    ],
    rows,
    style,
  );
}

/** The bound on both sides of a restriction. */
function bounds({ inForce, lowerBoundUsdPerHour, changeRatio }: PlanKnob): {
  readonly without: number;
  readonly with: number;
} {
  const own = lowerBoundUsdPerHour / (1 + changeRatio);
  return inForce ? { without: lowerBoundUsdPerHour, with: own } : { without: own, with: lowerBoundUsdPerHour };
}
