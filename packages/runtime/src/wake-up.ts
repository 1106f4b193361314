/** Lets one loop wait until there is something to do; a wake-up before the wait is not lost. */
export interface WakeUp {
  wake(): void;
  /** Resolves on the next wake-up, or at once after an unseen one, or when the signal fires. */
  wait(signal: AbortSignal): Promise<void>;
}

/** Makes a wake-up for a single waiter. */
export function createWakeUp(): WakeUp {
  let awake = false;
  let resume: (() => void) | undefined;
  return {
    wake() {
      awake = true;
      resume?.();
    },
    wait: (signal) =>
      new Promise((resolve) => {
        const finish = (): void => {
          signal.removeEventListener("abort", finish);
          resume = undefined;
          awake = false;
          resolve();
        };
        if (awake || signal.aborted) {
          finish();
          return;
        }
        resume = finish;
        signal.addEventListener("abort", finish, { once: true });
      }),
  };
}
