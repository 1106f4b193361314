import { type TableStyle, wrapped } from "../report/table-style.ts";

const TITLE_WIDTH = 9;

/** A paragraph behind its title: `PRICE    its fair share …`. */
export function titled(title: string, text: string, style: TableStyle): string {
  const lines = wrapped(text, { first: " ".repeat(TITLE_WIDTH), width: style.width });
  return `${style.paint("bold", title.padEnd(TITLE_WIDTH))}${lines.slice(TITLE_WIDTH)}`;
}
