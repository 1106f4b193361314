import { type ChildProcess, spawn } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "@nodeless/environment";
import { CommandError, EXIT } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { interruptible } from "./interruption.ts";

export interface DetachOptions {
  readonly name: string;
  /** Of `nodeless`. */
  readonly args: readonly string[];
  /** Its standard input; undefined: none. */
  readonly input: string | undefined;
  /** Takes its output, and keeps it. */
  readonly outputPath: string;
  readonly logPath: string;
}

const BIN = fileURLToPath(new URL("../../bin/nodeless.js", import.meta.url));
/** Often enough to look live, seldom enough to cost nothing. */
const FOLLOW_MS = 100;

/**
 * Runs `nodeless` with these arguments in a process of its own, shows its output, and resolves with its pid when it says that it
 * is ready. Ctrl-C until then stops it and resolves with undefined. Throws CommandError when it ends before.
 */
export async function runDetached(terminal: Terminal, options: DetachOptions): Promise<number | undefined> {
  const output = await open(options.outputPath, "w+", 0o600);
  using interruption = interruptible();
  try {
    const child = spawn(process.execPath, [...process.execArgv, BIN, ...options.args], {
      detached: true,
      cwd: terminal.cwd,
      stdio: [options.input === undefined ? "ignore" : "pipe", output.fd, output.fd, "ipc"],
    });
    // Gone before it read everything: its exit says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    interruption.signal.addEventListener("abort", () => child.kill("SIGINT"), { once: true });
    const exitCode = await follow(terminal, output, readyOrExit(child));
    if (exitCode === undefined) {
      child.disconnect();
      child.unref();
      return child.pid;
    }
    if (interruption.signal.aborted) {
      process.exitCode = interruption.exitCode();
      return undefined;
    }
    throw new CommandError(`${options.name} did not start, for the reason above; details are in ${options.logPath}`);
  } finally {
    await output.close();
  }
}

/** Resolves with undefined when the child is ready, with its exit code when it ends first. */
function readyOrExit(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(undefined));
    child.once("exit", (code) => resolve(code ?? EXIT.error));
    child.once("error", reject);
  });
}

/** Copies what is written to the file until `end` settles, and the rest then. */
async function follow<T>(terminal: Terminal, file: FileHandle, end: Promise<T>): Promise<T> {
  let position = 0;
  const copy = async (): Promise<void> => {
    const { size } = await file.stat();
    if (size <= position) return;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position);
    position += bytesRead;
    terminal.err(buffer.toString("utf8", 0, bytesRead));
  };
  const state = { ended: false };
  const ended = end.finally(() => {
    state.ended = true;
  });
  while (!state.ended) {
    await copy();
    await Promise.race([ended, systemClock.sleep(FOLLOW_MS)]);
  }
  await copy();
  return ended;
}
