import type { StepEvent } from "@nodeless/eks";
import { systemClock } from "@nodeless/environment";
import { styled, type Terminal } from "../terminal.ts";

const TITLE_WIDTH = 34;

/** One line per finished step: mark, title, what is there now, and how long it took. */
export function progressPrinter(terminal: Terminal): (event: StepEvent) => void {
  const slow = new Map<string, Disposable>();
  return (event) => {
    const { id, title } = event.step;
    if (event.kind === "started") {
      slow.set(id, slowNotice(terminal, title, "in progress"));
      return;
    }
    slow.get(id)?.[Symbol.dispose]();
    slow.delete(id);
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

/** Nobody should look at a still screen for longer and wonder. */
const SLOW_MS = 5_000;

/** Says once that something goes on, unless it is disposed before it takes long. */
export function slowNotice(terminal: Terminal, title: string, detail: string): Disposable {
  const timer = systemClock.setTimer(SLOW_MS, () =>
    terminal.err(`  ${styled(terminal, "dim", "…")} ${title.padEnd(TITLE_WIDTH)} ${detail}\n`),
  );
  return { [Symbol.dispose]: () => timer.cancel() };
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
