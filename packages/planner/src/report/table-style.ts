import { styleText } from "node:util";

/** How a table is printed. */
export interface TableOptions {
  /** Every node, every column, and what stays unsaid in the short form. Default false. */
  readonly wide?: boolean;
  /** ANSI colours. Default false. */
  readonly color?: boolean;
  /** Bars and signs beyond ASCII. Default true. */
  readonly unicode?: boolean;
  /** Columns of the terminal: names are shortened and sentences broken to fit. Default 80; not used when wide. */
  readonly width?: number;
}

type Format = Parameters<typeof styleText>[0];

/** Signs and colours of one table. */
export interface TableStyle {
  readonly wide: boolean;
  readonly width: number;
  readonly times: string;
  readonly ellipsis: string;
  readonly minus: string;
  readonly atMost: string;
  /** One cell of a bar: what pods use, what daemons use, what is free. */
  readonly bar: { readonly used: string; readonly daemons: string; readonly free: string };
  paint(format: Format, text: string): string;
}

const WIDTH_DEFAULT = 80;
/** Below this a table says nothing. */
const WIDTH_MIN = 72;

/** Fills in what the options leave open. */
export function tableStyle({ wide = false, color = false, unicode = true, width }: TableOptions): TableStyle {
  return {
    wide,
    width: wide ? Number.POSITIVE_INFINITY : Math.max(WIDTH_MIN, width ?? WIDTH_DEFAULT),
    times: unicode ? "×" : "x",
    ellipsis: unicode ? "…" : "..",
    minus: unicode ? "−" : "-",
    atMost: unicode ? "≤" : "<=",
    bar: unicode ? { used: "█", daemons: "▒", free: "░" } : { used: "#", daemons: "+", free: "." },
    paint: (format, text) => (color && text !== "" ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** Sentences broken at spaces, with an indent for the lines that follow. */
export function wrapped(text: string, { first = "", rest = first, width }: Wrapping): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].map((one) => `${one}\n`).join("");
}

interface Wrapping {
  readonly first?: string;
  readonly rest?: string;
  readonly width: number;
}
