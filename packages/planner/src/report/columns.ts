import type { TableStyle } from "./table-style.ts";

export interface Column {
  readonly header: string;
  readonly align?: "left" | "right";
  /** May be shortened in the middle when the table is too wide. */
  readonly shrinks?: boolean;
}

/** A cell, with how it is painted when colours are on. */
export interface Cell {
  readonly text: string;
  readonly format?: Parameters<TableStyle["paint"]>[0];
}

const GAP = 2;
/** A name of fewer characters is no name any more. */
const SHRUNK_MIN = 8;

/** Rows under their headers, two spaces between columns, shortened to the width where columns allow it. */
export function formatColumns(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  style: TableStyle,
): string {
  const cells = rows.map((row) => row.map((cell): Cell => (typeof cell === "string" ? { text: cell } : cell)));
  const natural = columns.map(({ header }, index) =>
    Math.max(header.length, ...cells.map((row) => row[index]?.text.length ?? 0)),
  );
  const widths = fitted(natural, columns, style.width);
  const header = columns.map((column): Cell => ({ text: column.header, format: "bold" }));
  return [header, ...cells].map((row) => `${formatRow(row, columns, { widths, style })}\n`).join("");
}

function fitted(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  while (over > 0) {
    // The widest gives way first, so that columns end up about equal.
    let widest = -1;
    for (const [index, one] of widths.entries())
      if (columns[index]?.shrinks === true && one > Math.max(SHRUNK_MIN, widths[widest] ?? 0)) widest = index;
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

function formatRow(
  row: readonly Cell[],
  columns: readonly Column[],
  { widths, style }: { readonly widths: readonly number[]; readonly style: TableStyle },
): string {
  return row
    .map(({ text, format }, index) => {
      const width = widths[index] ?? text.length;
      const short = shortened(text, width, style.ellipsis);
      const painted = format === undefined ? short : style.paint(format, short);
      const padding = " ".repeat(Math.max(0, width - short.length));
      if (columns[index]?.align === "right") return padding + painted;
      return index === row.length - 1 ? painted : painted + padding;
    })
    .join(" ".repeat(GAP));
}

/** The ends of a name tell names apart: the middle goes. */
function shortened(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text;
  const kept = Math.max(0, width - ellipsis.length);
  const head = Math.ceil(kept / 2);
  return `${text.slice(0, head)}${ellipsis}${kept === head ? "" : text.slice(head - kept)}`;
}
