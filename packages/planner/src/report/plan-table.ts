import type { PlanDocument } from "../contract.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { millicoresOf } from "./amounts.ts";
import { fargateSection } from "./fargate-section.ts";
import { nodeSection } from "./node-section.ts";
import { podGroups } from "./pod-groups.ts";
import { podSection } from "./pod-section.ts";
import { refusalSection } from "./refusal-section.ts";
import { type TableOptions, type TableStyle, tableStyle, wrapped } from "./table-style.ts";
import { hasEstimates, knobSection, totalsSection } from "./totals-section.ts";

/** The plan as a person reads it: pods, nodes, Fargate's roundings, refusals, totals with their bound, and what the prices are. */
export function planTable(outcome: PlanOutcome, options: TableOptions = {}): string {
  const style = tableStyle(options);
  const groups = podGroups(outcome);
  return [
    podSection(groups, style),
    nodeSection(outcome.document, style),
    fargateSection(groups, outcome, style),
    refusalSection(outcome, style),
    knobSection(outcome.document, style),
    totalsSection(outcome, style),
    footNotes(outcome, style),
  ]
    .filter((section) => section !== "")
    .join("\n");
}

function footNotes({ document, catalog }: PlanOutcome, style: TableStyle): string {
  const { date, region, source, zones } = document.catalog;
  const estimates = hasEstimates(document);
  const note = (text: string): string => style.paint("dim", wrapped(text, { rest: "  ", width: style.width }));
  return [
    ...addonNotes(document).map(note),
    note(`prices: ${source} catalogue of ${date}, ${region}${zonesText(region, zones)}, USD, 730 hours a month`),
    ...(estimates ? [note("~ an estimate, not a published price")] : []),
    ...(estimates || style.wide ? catalog.exactness.map(note) : []),
  ].join("");
}

/** Nobody wrote them down, so the plan says that they are counted. */
function addonNotes({ addonDaemonSets, nodes }: PlanDocument): readonly string[] {
  if (addonDaemonSets.length === 0 || !nodes.some(({ daemonOverhead }) => daemonOverhead["pods"] !== undefined))
    return [];
  let millicores = 0;
  for (const { requested } of addonDaemonSets) millicores += millicoresOf(requested);
  const names = addonDaemonSets.map(({ daemonSet }) => daemonSet.slice(daemonSet.indexOf("/") + 1));
  const take = `${names.join(" and ")} of the cluster's add-ons ${names.length === 1 ? "takes" : "take"}`;
  return [
    `${take} ${millicores}m cpu of each node; --no-addon-daemonsets leaves ${names.length === 1 ? "it" : "them"} out`,
  ];
}

/** More would fill a line that nobody reads: they are in the JSON. */
const ZONES_SHOWN_MAX = 6;

/** ` zones a, c`: without the region's name where they start with it. */
function zonesText(region: string, zones: readonly string[]): string {
  if (zones.length === 0) return "";
  const short = zones.map((zone) => (zone.startsWith(region) && zone !== region ? zone.slice(region.length) : zone));
  if (zones.length > ZONES_SHOWN_MAX) return `, ${zones.length} zones`;
  return ` ${zones.length === 1 ? "zone" : "zones"} ${short.join(", ")}`;
}
