import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "nodeless";
import type { Terminal } from "../src/terminal.ts";

/** What a command printed, and how it ended. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory with files in which commands run as on a terminal without colours; disposing removes it. */
export interface World extends Disposable {
  readonly directory: string;
  readonly terminal: Terminal;
  write(file: string, text: string): void;
  /** `args` are separated by single blanks; `input` is what standard input holds. */
  run(args: string, input?: string): Promise<Answer>;
}

/** State of local clusters and catalogues is below the directory too; `terminal` replaces what a command sees. */
export function newWorld(files: Readonly<Record<string, string>> = {}, terminal: Partial<Terminal> = {}): World {
  const directory = mkdtempSync(join(tmpdir(), "nodeless-command-"));
  const printed = { stdout: "", stderr: "" };
  let standardInput = "";
  const world: World = {
    directory,
    terminal: {
      out: (text) => {
        printed.stdout += text;
      },
      err: (text) => {
        printed.stderr += text;
      },
      environment: { NODELESS_HOME: join(directory, ".state"), LANG: "C.UTF-8" },
      colours: false,
      cwd: directory,
      command: "nodeless",
      readInput: async () => standardInput,
      ...terminal,
    },
    write(file, text) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), text);
    },
    async run(args, input = "") {
      standardInput = input;
      Object.assign(printed, { stdout: "", stderr: "" });
      const exitCode = await main(args.split(" "), world.terminal);
      return { exitCode, ...printed };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
  for (const [file, text] of Object.entries(files)) world.write(file, text);
  return world;
}
