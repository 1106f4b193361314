/** What the command answers to its caller. */
export const EXIT = { ok: 0, error: 1, difference: 2, usage: 64, interrupted: 130 } as const;

/** The command line itself is wrong. Caller: print the message with a hint to --help and exit 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What was asked cannot be done, and the message says what to do. Caller: print it and exit 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** The answer is printed, and it is not what was demanded: a cost above the budget. Caller: print the message and exit 2. */
export class DifferenceError extends Error {
  override readonly name = "DifferenceError";
}
