import { writeSync } from "node:fs";
import { styleText } from "node:util";
import { CommandError, EXIT } from "./exit-codes.ts";

/** The outside world of a command: streams and environment, so that commands can be tested without a process. */
export interface Terminal {
  /** Data. */
  out(text: string): void;
  /** Progress, notices, errors. */
  err(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether progress may use colour and symbols. */
  readonly colours: boolean;
  /** Whether data may use colour: standard output is a terminal. Undefined: no. */
  readonly outputColours?: boolean;
  /** Width of standard output in characters; undefined when it is no terminal. */
  readonly columns?: number;
  readonly cwd: string;
  /** How this command is typed here: `npx nodeless` in a checkout, where it is not on the path. */
  readonly command: string;
  /** All of standard input. */
  readInput(): Promise<string>;
}

type Style = Parameters<typeof styleText>[0];

/** Styled text when the terminal shows colours. */
export function styled(terminal: Pick<Terminal, "colours">, style: Style, text: string): string {
  return terminal.colours ? styleText(style, text, { validateStream: false }) : text;
}

/** The process's own terminal: NO_COLOR, CI and pipes switch colours off. `command`: how it is typed here. */
export function processTerminal(command: string): Terminal {
  const { env, stdout, stderr } = process;
  const uncoloured = (env["NO_COLOR"] ?? "") !== "" || (env["CI"] ?? "") !== "";
  for (const stream of [stdout, stderr]) stream.on("error", passUnlessClosed);
  return {
    out: (data) => void process.stdout.write(data),
    err: (message) => void process.stderr.write(message),
    environment: env,
    colours: !uncoloured && process.stderr.isTTY === true,
    outputColours: !uncoloured && stdout.isTTY === true,
    ...(stdout.isTTY === true ? { columns: stdout.columns } : {}),
    cwd: process.cwd(),
    command,
    readInput: () => boundedText(process.stdin),
  };
}

/** More does not fit into one string. */
const INPUT_BYTES_MAX = 512 * 1024 * 1024 - 1024;

/** Throws CommandError for more than a string can hold. */
async function boundedText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX)
      throw new CommandError(`standard input is larger than ${INPUT_BYTES_MAX} bytes; give a part of it`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A reader that has seen enough (`| head`) closes the pipe: what is left to print is for nobody. A full disk is worth a sentence. */
function passUnlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  process.exitCode = EXIT.error;
  writeToStandardError(`error: cannot write: ${error.message}\n`);
}

/** Where nobody listens for its errors. */
function writeToStandardError(message: string): void {
  try {
    writeSync(2, message);
  } catch {
    // Standard error cannot be written either: the exit code is all that is left.
  }
}
