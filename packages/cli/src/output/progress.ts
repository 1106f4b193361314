import type { StepEvent } from "@nodeless/eks";
import { styled, type Terminal } from "../terminal.ts";

const TITLE_WIDTH = 34;

/** One line per finished step: mark, title, what is there now, and how long it took. */
export function progressPrinter(terminal: Terminal): (event: StepEvent) => void {
  return (event) => {
    if (event.kind === "started") return;
    const { step, outcome, elapsedMs } = event;
    const mark = styled(
      terminal,
      outcome.change === "unchanged" ? "dim" : "green",
      outcome.change === "unchanged" ? "=" : "✔",
    );
    terminal.err(
      `  ${mark} ${step.title.padEnd(TITLE_WIDTH)} ${outcome.detail}  ${styled(terminal, "dim", seconds(elapsedMs))}\n`,
    );
  };
}

/** A progress line of something that is not a step. */
export function progressLine(terminal: Terminal, title: string, detail: string, elapsedMs: number): void {
  terminal.err(
    `  ${styled(terminal, "green", "✔")} ${title.padEnd(TITLE_WIDTH)} ${detail}  ${styled(terminal, "dim", seconds(elapsedMs))}\n`,
  );
}

/** `0.42 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
