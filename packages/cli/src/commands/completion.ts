import { type Command, Command as CommandClass } from "commander";
import { UsageError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

/** `nodeless completion SHELL`: a script made from the command tree itself, so that it is never out of date. */
export function completionCommand(terminal: Terminal, root: () => Command): Command {
  return new CommandClass("completion")
    .description("Print a shell completion script.")
    .argument("<shell>", "bash, zsh or fish")
    .addHelpText(
      "after",
      "\nExamples:\n  source <(nodeless completion bash)\n  nodeless completion zsh > ~/.zfunc/_nodeless\n  nodeless completion fish | source\n",
    )
    .action((shell: string) => {
      const words = wordsByPath(root());
      if (shell === "bash") terminal.out(bashScript(words));
      else if (shell === "zsh")
        terminal.out(`#compdef nodeless\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`);
      else if (shell === "fish") terminal.out(fishScript(words));
      else throw new UsageError(`unknown shell ${JSON.stringify(shell)}: use bash, zsh or fish`);
    });
}

/** Subcommands and options by command path, e.g. `create fargateprofile` → `--cluster --name …`. */
function wordsByPath(root: Command): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    const options = command.options.map(({ long }) => long ?? "").filter((option) => option !== "");
    words.set(path.join(" "), [...command.commands.map((child) => child.name()), ...options, "--help"]);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(root, []);
  return words;
}

function bashScript(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words]
    .map(([path, choices]) => `    ${JSON.stringify(path)}) choices=${JSON.stringify(choices.join(" "))} ;;`)
    .join("\n");
  return `_nodeless() {
  local path="" word choices=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=( $(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _nodeless nodeless
`;
}

function fishScript(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = ["complete -c nodeless -f"];
  for (const [path, choices] of words) {
    const condition =
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    for (const choice of choices) {
      const what = choice.startsWith("--") ? `-l ${choice.slice(2)}` : `-a ${choice}`;
      lines.push(`complete -c nodeless -n '${condition}' ${what}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
