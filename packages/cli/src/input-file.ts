import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { CommandError } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Text of a `-f` argument; `-` is standard input. Throws CommandError. */
export async function readInputFile(terminal: Terminal, file: string): Promise<string> {
  try {
    return file === "-" ? await terminal.readInput() : await readFile(resolve(terminal.cwd, file), "utf8");
  } catch (cause) {
    throw new CommandError(`cannot read ${file}: ${(cause as Error).message}; give the path of a YAML file with -f`, {
      cause,
    });
  }
}

/** How messages about a file call it. */
export function inputName(file: string): string {
  return file === "-" ? "standard input" : file;
}
