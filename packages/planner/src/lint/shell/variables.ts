import { ascendingLines } from "../sources/line-numbers.ts";
import type { ShellCommand, ShellScript, VariableUse } from "./shell-command.ts";

const VARIABLE = /\\.|\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)([^{}]*(?:\{[^{}]*\}[^{}]*)*)\})/g;

/** Variables read in a text outside single quotes, unless they have a default (`${NAME:-…}`). */
export function variablesOf(text: string, line: number): readonly VariableUse[] {
  const uses: VariableUse[] = [];
  const lineAt = ascendingLines(text, line);
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? match[2];
    if (name === undefined || /^:?[-=+?]/.test(match[3] ?? "")) continue;
    uses.push({ name, line: lineAt(match.index) });
  }
  return uses;
}

/** Commands whose arguments are names: of variables that get a value, or that the caller is known to give. */
const NAMES: ReadonlySet<string> = new Set(
  "export local declare readonly typeset read mapfile readarray for select getopts unset printf".split(" "),
);

/** Names that a script gives values to, with the last value where it is plain. */
export function assignedVariables(script: ShellScript): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const command of script.commands) for (const { name, value } of assignmentsOf(command)) values.set(name, value);
  return values;
}

function* assignmentsOf({
  assignments,
  words,
}: ShellCommand): Iterable<{ readonly name: string; readonly value: string }> {
  yield* assignments;
  const [name, ...rest] = words;
  if (name === undefined) return;
  for (const { text } of rest) {
    const [, variable = "", value = ""] = /^([A-Za-z_][A-Za-z0-9_]*)\+?(?:=([\s\S]*))?$/.exec(text) ?? [];
    if (variable !== "" && NAMES.has(name.text)) yield { name: variable, value };
  }
  for (const { text } of words)
    for (const [, variable = "", value = ""] of text.matchAll(/\$\{([A-Za-z_]\w*):?=([^}]*)\}/g))
      yield { name: variable, value };
}

/** The text with the values that the script gives plainly; other variables stay. */
export function withValues(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g, (whole, plain?: string, braced?: string) => {
    const value = values.get(plain ?? braced ?? "");
    return value === undefined || /[$`\n]/.test(value) ? whole : value;
  });
}
