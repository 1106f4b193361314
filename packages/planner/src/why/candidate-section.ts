import { formatColumns } from "../report/columns.ts";
import { type TableStyle, wrapped } from "../report/table-style.ts";
import type { Candidate, PodExplanation } from "./explanation.ts";

/** More nodes than this that say the same are one line. */
const ALIKE_LISTED_MAX = 3;

/** Who was asked and what the answer was: nodes that refuse by one rule together, pools each. */
export function candidateSection({ candidates, placement }: PodExplanation, style: TableStyle): string {
  // Of a pod that nothing takes, the pools' reasons have been given already.
  const asked =
    placement.kind === "none" ? candidates.filter(({ kind, fits }) => fits || kind !== "node-pool") : candidates;
  if (asked.length === 0) return "";
  const rows = groups(asked).map((group) => rowOf(group, style));
  const nameWidth = Math.min(28, Math.max("CANDIDATE".length, ...rows.map(({ name }) => name.length)));
  const width = style.width;
  const header = formatColumns([{ header: "CANDIDATE".padEnd(nameWidth) }, { header: "ANSWER" }], [], style);
  return (
    header +
    rows
      .map(({ name, answer, chosen }) => {
        const lines = wrapped(answer, { first: `${name.padEnd(nameWidth)}  `, rest: " ".repeat(nameWidth + 2), width });
        return chosen ? style.paint("green", lines) : lines;
      })
      .join("")
  );
}

function groups(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const byAnswer = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const { kind, name, chosen, fits, rule, message } = candidate;
    const id = chosen || kind === "node-pool" ? name : JSON.stringify([kind, fits, rule, resourceOf(rule, message)]);
    const group = byAnswer.get(`${kind} ${id}`);
    if (group === undefined) byAnswer.set(`${kind} ${id}`, [candidate]);
    else group.push(candidate);
  }
  return [...byAnswer.values()].flatMap((group) =>
    group.length <= ALIKE_LISTED_MAX ? group.map((one) => [one]) : [group],
  );
}

/** `asks for 2 cpu`, without what is left, which differs from node to node. */
function resourceOf(rule: string | undefined, message: string): string {
  return rule === "resources" ? message.slice(0, message.indexOf(";")) : message;
}

function rowOf(
  group: readonly Candidate[],
  style: TableStyle,
): { readonly name: string; readonly answer: string; readonly chosen: boolean } {
  const [first] = group;
  if (first === undefined) throw new TypeError("a row needs a candidate");
  const own = first.kind === "node-pool" ? `NodePool ${first.name}` : first.name;
  const name = group.length === 1 ? own : `${group.length} ${kindText(first)} nodes`;
  const rule = first.fits || first.rule === undefined ? "" : `${first.rule}: `;
  const example = group.length === 1 ? "" : `, such as ${shortened(first.name, style)}`;
  const answer = `${rule}${group.length === 1 ? first.message : resourceOf(first.rule, first.message)}${example}`;
  return { name: shortened(name, style), answer, chosen: first.chosen };
}

const kindText = ({ kind }: Candidate): string => (kind === "existing-node" ? "existing" : "new");

function shortened(name: string, { ellipsis }: TableStyle): string {
  const max = 28;
  if (name.length <= max) return name;
  const kept = max - ellipsis.length;
  const head = Math.ceil(kept / 2);
  return `${name.slice(0, head)}${ellipsis}${name.slice(head - kept)}`;
}
