import { formatAmount, type TypeAnswer } from "@nodeless/scheduling";
import { amountText } from "../report/amounts.ts";
import type { RejectedTypes } from "./explanation.ts";

const EXAMPLES_MAX = 3;

/** Types that are out, those with the same reason together, most first. */
export function rejectedTypes(
  answers: readonly TypeAnswer[],
  isOpen: (answer: TypeAnswer) => boolean,
  pool: string,
): readonly RejectedTypes[] {
  const groups = new Map<string, TypeAnswer[]>();
  for (const answer of answers) {
    const id = groupOf(answer, isOpen);
    if (id === undefined) continue;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [answer]);
    else group.push(answer);
  }
  return [...groups.values()].map((group) => rejected(group, pool)).sort((a, b) => b.types - a.types);
}

/** Undefined for a type that fits. */
function groupOf(answer: TypeAnswer, isOpen: (answer: TypeAnswer) => boolean): string | undefined {
  const { refusal } = answer;
  if (refusal === undefined) return isOpen(answer) ? undefined : "limits";
  const { rule, by, key, message } = refusal;
  return JSON.stringify(rule === "resources" ? [rule, key] : [rule, by, key, message]);
}

function rejected(group: readonly TypeAnswer[], pool: string): RejectedTypes {
  const refusal = group[0]?.refusal;
  const common = {
    types: group.length,
    examples: group.slice(0, EXAMPLES_MAX).map(({ type }) => type.name),
  };
  if (refusal === undefined)
    return {
      rule: "limits",
      by: `NodePool ${pool}`,
      key: "",
      message: "keeps its limits whichever type EC2 launches: not left open",
      ...common,
    };
  const { rule, by, key } = refusal;
  return { rule, by, key, message: rule === "resources" ? sizeMessage(key, group) : refusal.message, ...common };
}

function sizeMessage(resource: string, group: readonly TypeAnswer[]): string {
  const shortfalls = group.flatMap(({ refusal }) => refusal?.shortfall ?? []);
  const needed = Math.min(...shortfalls.map((one) => one.needed));
  const offered = Math.max(...shortfalls.map((one) => one.offered));
  const text = (amount: number): string => amountText(resource, formatAmount(resource, Math.floor(amount)));
  return `too little ${resource}: ${text(needed)} is needed, at most ${text(offered)} is there`;
}
