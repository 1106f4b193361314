import { describeError } from "@nodeless/environment";
import { Command, CommanderError, type Option } from "commander";
import { catalogCommand } from "./commands/catalog.ts";
import { completionCommand } from "./commands/completion.ts";
import { downCommand } from "./commands/down.ts";
import { envCommand } from "./commands/env.ts";
import { fargateProfileCommands } from "./commands/fargate-profile.ts";
import { lintCommand } from "./commands/lint.ts";
import { planCommand } from "./commands/plan.ts";
import { statusCommand } from "./commands/status.ts";
import { upCommand } from "./commands/up.ts";
import { versionCommand } from "./commands/version.ts";
import { whyCommand } from "./commands/why.ts";
import { CommandError, DifferenceError, EXIT, UsageError } from "./exit-codes.ts";
import { stateProblem } from "./state-problem.ts";
import { styled, type Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export { processTerminal } from "./terminal.ts";

const EPILOGUE = `
Examples:
  nodeless up                                   run a whole cluster on this machine; Ctrl-C stops it
  nodeless up -f cluster.yaml --detach          an eksctl ClusterConfig (and manifests beside it), in the background
  eval "$(nodeless env)"                        point kubectl, helm and aws at it
  nodeless status -o json                       endpoints, nodes and pods
  nodeless down --delete                        stop it and forget it
  nodeless plan -f manifests/                   where pods would run and what that costs; needs no cluster
`;

/** The whole command line as a tree of commands. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command("nodeless")
    .description("Kubernetes without nodes: hand over pods, each gets compute, and the compute goes away with it.")
    .addHelpText("after", EPILOGUE)
    .version(VERSION, "--version", "print the version of nodeless")
    // Options belong to the command they follow: plan and plan diff have the same ones.
    .enablePositionalOptions()
    .showSuggestionAfterError(true);
  program.addCommand(upCommand(terminal));
  program.addCommand(downCommand(terminal));
  program.addCommand(envCommand(terminal));
  program.addCommand(statusCommand(terminal));
  for (const command of fargateProfileCommands(terminal)) program.addCommand(command);
  program.addCommand(planCommand(terminal));
  program.addCommand(whyCommand(terminal));
  program.addCommand(lintCommand(terminal));
  program.addCommand(catalogCommand(terminal));
  program.addCommand(versionCommand(terminal));
  program.addCommand(completionCommand(terminal, () => program));
  configure(program, terminal);
  return program;
}

/** Commands share streams and never end the process by themselves. */
function configure(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .showHelpAfterError(`run \`${commandPath(command)} --help\` for its options and examples`)
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
  for (const child of command.commands) configure(child, terminal);
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

/** Says the default where it says something: a flag that is not given is off, a list is empty. */
function describeOption(option: Option): string {
  const { defaultValue } = option;
  const isNothing = Array.isArray(defaultValue) && defaultValue.length === 0;
  if (defaultValue === undefined || defaultValue === false || isNothing) return option.description;
  return `${option.description} (default: ${String(defaultValue)})`;
}

const KEEP_ALIVE_MS = 60_000;

/** Runs one command line; resolves with the exit code. Never throws. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = buildProgram(terminal);
  // The clock's timers let a process end; a command that only waits must not end before it is done.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  try {
    await program.parseAsync([...args], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.ok;
  } catch (error) {
    return exitCodeOf(error, terminal);
  } finally {
    clearInterval(alive);
  }
}

function exitCodeOf(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const prefix = styled(terminal, "red", "error:");
  if (error instanceof UsageError) {
    terminal.err(`${prefix} ${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof DifferenceError) {
    terminal.err(`${styled(terminal, "red", error.message)}\n`);
    return EXIT.difference;
  }
  if (error instanceof Error && error.name === "AbortError") return EXIT.interrupted;
  const message =
    error instanceof CommandError ? error.message : (stateProblem(error, terminal) ?? describeError(error));
  terminal.err(`${prefix} ${message}\n`);
  return EXIT.error;
}
