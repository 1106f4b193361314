import { Argument, type Command, Command as CommandClass, type Option } from "commander";
import type { Terminal } from "../terminal.ts";

/** `nodeless completion SHELL`: a script made from the command tree itself, so that it is never out of date. */
export function completionCommand(terminal: Terminal, root: () => Command): Command {
  return new CommandClass("completion")
    .description("Print a shell completion script.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(nodeless completion bash)\n  nodeless completion zsh > ~/.zfunc/_nodeless\n  nodeless completion fish | source\n",
    )
    .action((shell: "bash" | "zsh" | "fish") => {
      const contexts = contextsOf(root());
      if (shell === "fish") terminal.out(fishScript(contexts));
      else
        terminal.out(
          `${shell === "zsh" ? "#compdef nodeless\nautoload -U +X bashcompinit && bashcompinit\n" : ""}${bashScript(contexts)}`,
        );
    });
}

/** What may follow a command path such as `create fargateprofile`. */
interface Context {
  readonly path: readonly string[];
  /** Subcommands and values of the first argument. */
  readonly words: readonly string[];
  readonly options: readonly Option[];
}

function contextsOf(root: Command): readonly Context[] {
  const visit = (command: Command, path: readonly string[]): readonly Context[] => [
    {
      path,
      words: [
        ...command.commands.map((child) => child.name()),
        ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      ],
      options: command.options,
    },
    ...command.commands.flatMap((child) =>
      [child.name(), ...child.aliases()].flatMap((name) => visit(child, [...path, name])),
    ),
  ];
  return visit(root, []);
}

const flagsOf = ({ short, long }: Option): readonly string[] =>
  [short, long].filter((flag): flag is string => typeof flag === "string");

/** Values of options come first; a word that is no subcommand is a value and does not change the path; files where nothing is known. */
function bashScript(contexts: readonly Context[]): string {
  const key = ({ path }: Context): string => JSON.stringify(path.join(" "));
  const words = contexts
    .map((context) => {
      const long = context.options.flatMap(({ long: flag }) => flag ?? []);
      return `    ${key(context)}) choices=${JSON.stringify([...context.words, ...long, "--help"].join(" "))} ;;`;
    })
    .join("\n");
  const values = contexts
    .flatMap((context) =>
      context.options
        .filter(({ required }) => required)
        .map((option) => {
          const patterns = flagsOf(option).map((flag) => JSON.stringify(`${context.path.join(" ")}:${flag}`));
          return `    ${patterns.join("|")}) choices=${JSON.stringify((option.argChoices ?? []).join(" "))} ;;`;
        }),
    )
    .join("\n");
  const nested = contexts.filter(({ path }) => path.length > 0).map(key);
  return `_nodeless() {
  local path="" word choices=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${nested.join("|")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${words}
  esac
  case "$path:\${COMP_WORDS[COMP_CWORD-1]}" in
${values}
  esac
  COMPREPLY=( $(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _nodeless nodeless
`;
}

function fishScript(contexts: readonly Context[]): string {
  const lines: string[] = ["complete -c nodeless -f"];
  for (const { path, words, options } of contexts) {
    const condition =
      path.length === 0
        ? "__fish_use_subcommand"
        : path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const add = (what: string): void => void lines.push(`complete -c nodeless -n '${condition}' ${what}`);
    for (const word of words) add(`-a ${word}`);
    for (const option of options) {
      const flags = [
        ...(option.short === undefined ? [] : [`-s ${option.short.slice(1)}`]),
        ...(option.long === undefined ? [] : [`-l ${option.long.slice(2)}`]),
      ].join(" ");
      const value = option.argChoices === undefined ? "-r -F" : `-r -a '${option.argChoices.join(" ")}'`;
      add(`${flags}${option.required ? ` ${value}` : ""}`);
    }
    add("-s h -l help");
  }
  return `${lines.join("\n")}\n`;
}
