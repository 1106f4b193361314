/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logging as a port: a constant lower-case message and fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `fields.error` may hold the Error; its cause chain is written out. */
  error(message: string, fields?: LogFields): void;
  /** The same logger with fields attached to every line. */
  with(fields: LogFields): Logger;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

/** Discards everything. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLogger };

/** JSON lines `{time, level, message, ...fields}` handed to `write`, from `minimumLevel` on. */
export function jsonLogger(options: {
  readonly write: (line: string) => void;
  readonly now: () => Date;
  readonly minimumLevel?: Level;
  readonly fields?: LogFields;
}): Logger {
  const { write, now, minimumLevel = "info", fields = {} } = options;
  const line =
    (level: Level) =>
    (message: string, extra: LogFields = {}): void => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(minimumLevel)) return;
      write(`${JSON.stringify({ time: now().toISOString(), level, message, ...fields, ...extra }, plainErrors)}\n`);
    };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: (more) => jsonLogger({ write, now, minimumLevel, fields: { ...fields, ...more } }),
  };
}

function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? describeError(value) : value;
}

/** An error and its causes in one line: `a: b: c`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
