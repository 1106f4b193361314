import type { ShellCommand, ShellWord } from "./shell-command.ts";

/** Flags of the tools we look at that take no value, so that the word after them is an argument. */
const SWITCHES: ReadonlySet<string> = new Set(
  "--approve --fargate --with-oidc --wait -w --install -i --create-namespace --force --all -A --all-namespaces --dry-run --atomic --recursive -R --enable-auto-mode --role-only --override-existing-serviceaccounts --no-cli-pager --debug".split(
    " ",
  ),
);

const ALIASES: ReadonlyMap<string, string> = new Map([["k", "kubectl"]]);

/** A command taken apart as eksctl, aws, kubectl and helm read theirs. */
export class CommandLine {
  readonly command: ShellCommand;
  /** `kubectl`, whatever path or alias is written. */
  readonly tool: string;
  /** Arguments that are neither flags nor their values. */
  readonly positionals: readonly ShellWord[];
  readonly #flags = new Map<string, ShellWord[]>();

  constructor(command: ShellCommand) {
    this.command = command;
    const [first, ...rest] = command.words;
    const name = first?.text.slice(first.text.lastIndexOf("/") + 1) ?? "";
    this.tool = ALIASES.get(name) ?? name;
    this.positionals = this.#read(rest);
  }

  #read(words: readonly ShellWord[]): readonly ShellWord[] {
    const positionals: ShellWord[] = [];
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] as ShellWord;
      if (!/^--?[A-Za-z]/.test(word.text)) {
        positionals.push(word);
        continue;
      }
      const equals = word.text.indexOf("=");
      const next = words[index + 1];
      if (equals > 0) this.#add(word.text.slice(0, equals), { ...word, text: word.text.slice(equals + 1) });
      else if (SWITCHES.has(word.text) || next === undefined || /^--?[A-Za-z]/.test(next.text))
        this.#add(word.text, { ...word, text: "" });
      else {
        this.#add(word.text, next);
        index += 1;
      }
    }
    return positionals;
  }

  #add(flag: string, value: ShellWord): void {
    const known = this.#flags.get(flag);
    if (known === undefined) this.#flags.set(flag, [value]);
    else known.push(value);
  }

  /** Whether it is this tool with these first arguments; several spellings of one argument stand as `deployment|deploy`. */
  is(tool: string, ...args: readonly string[]): boolean {
    return (
      this.tool === tool && args.every((arg, index) => arg.split("|").includes(this.positionals[index]?.text ?? ""))
    );
  }

  has(...flags: readonly string[]): boolean {
    return flags.some((flag) => this.#flags.has(flag));
  }

  /** The first value of a flag, under any of its spellings. */
  flag(...flags: readonly string[]): ShellWord | undefined {
    for (const flag of flags) {
      const [value] = this.#flags.get(flag) ?? [];
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** All values of a repeated flag. */
  flags(...flags: readonly string[]): readonly ShellWord[] {
    return flags.flatMap((flag) => this.#flags.get(flag) ?? []);
  }

  /** The `KEY=VALUE` pairs of helm's `--set` flags. */
  settings(): ReadonlyMap<string, ShellWord> {
    const pairs = this.flags("--set", "--set-string", "--set-json").flatMap((word) =>
      word.text.split(/(?<!\\),/).map((pair): [string, ShellWord] => {
        const equals = pair.indexOf("=");
        return [equals < 0 ? pair : pair.slice(0, equals), { ...word, text: pair.slice(equals + 1) }];
      }),
    );
    return new Map(pairs);
  }

  /** `eksctl create cluster`: what findings call it. */
  get title(): string {
    const words = this.positionals
      .slice(0, 2)
      .map(({ text }) => text)
      .filter((text) => /^[a-z][a-z0-9-]*$/.test(text));
    return [this.tool, ...words].join(" ");
  }
}
