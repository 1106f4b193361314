import { type TableOptions, type TableStyle, tableStyle, wrapped } from "../report/table-style.ts";
import { candidateSection } from "./candidate-section.ts";
import { choiceSection } from "./choice-section.ts";
import type { Explanation, NodeExplanation, PodExplanation } from "./explanation.ts";
import { liveSection } from "./live-section.ts";
import { nodeSummary, podSummary } from "./summary-section.ts";

/** An explanation as a person reads it: what is, why, what else was possible and at what price. */
export function explanationText(explanation: Explanation, options: TableOptions = {}): string {
  const style = tableStyle(options);
  const sections =
    explanation.kind === "PodExplanation" ? podSections(explanation, style) : nodeSections(explanation, style);
  return [...sections, footNote(explanation, style)].filter((section) => section !== "").join("\n");
}

function podSections(explanation: PodExplanation, style: TableStyle): readonly string[] {
  return [
    podSummary(explanation, style),
    liveSection(explanation.live, style),
    candidateSection(explanation, style),
    choiceSection(explanation.choice, style),
  ];
}

function nodeSections(explanation: NodeExplanation, style: TableStyle): readonly string[] {
  return [
    nodeSummary(explanation, style),
    liveSection(explanation.live, style),
    choiceSection(explanation.choice, style),
  ];
}

function footNote({ catalog, ...explanation }: Explanation, style: TableStyle): string {
  const note = (text: string): string => style.paint("dim", wrapped(text, { rest: "  ", width: style.width }));
  const { date, region, source } = catalog;
  return [
    note(`prices: ${source} catalogue of ${date}, ${region}, USD, 730 hours a month`),
    ...(JSON.stringify(explanation).includes('"priceIsEstimate":true')
      ? [note("~ an estimate, not a published price")]
      : []),
  ].join("");
}
