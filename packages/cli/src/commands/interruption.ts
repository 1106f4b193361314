import { EXIT } from "../exit-codes.ts";

/** What SIGINT, SIGTERM and SIGHUP mean while a command runs. */
export interface Interruption extends Disposable {
  /** Fires at the first signal; a second SIGINT ends the process at once. */
  readonly signal: AbortSignal;
  /** Resolves at the first signal. */
  readonly interrupted: Promise<void>;
  /** 130 after SIGINT; 0 after the others, which ask for a stop and get it. */
  exitCode(): number;
}

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Takes over the signals until disposed. */
export function interruptible(): Interruption {
  const controller = new AbortController();
  let first: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted && name === "SIGINT") process.exit(EXIT.interrupted);
    first ??= name;
    controller.abort(new DOMException("interrupted", "AbortError"));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    interrupted: new Promise((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true })),
    exitCode: () => (first === "SIGINT" ? EXIT.interrupted : EXIT.ok),
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
    },
  };
}
