/** A word as the command gets it: quotes and escapes gone, variables and substitutions as written. */
export interface ShellWord {
  readonly text: string;
  readonly line: number;
  /** Written in quotes from its first character on: `"//"` is no comment gone wrong. */
  readonly quoted: boolean;
}

/** What a here-document gives a command. */
export interface HereDocument {
  readonly text: string;
  /** Of the first line of the text. */
  readonly line: number;
  /** The delimiter was quoted: variables stay as they are. */
  readonly literal: boolean;
}

/** `NAME=value` before a command or alone. */
export interface ShellAssignment {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** A simple command; those of pipelines, lists and substitutions each count by themselves. */
export interface ShellCommand {
  readonly file: string;
  readonly line: number;
  /** Name and arguments; empty when there are only assignments. */
  readonly words: readonly ShellWord[];
  readonly assignments: readonly ShellAssignment[];
  readonly hereDocuments: readonly HereDocument[];
  /** Files that its output goes to. */
  readonly outputs: readonly string[];
  /** Equal for the commands of one pipeline. */
  readonly pipeline: number;
}

/** A variable read, unless it is given a default where it is read. */
export interface VariableUse {
  readonly name: string;
  readonly line: number;
}

/** The commands of one file in the order in which they are written. */
export interface ShellScript {
  readonly file: string;
  readonly commands: readonly ShellCommand[];
  /** Variables of the text, here-documents among them. */
  readonly uses: readonly VariableUse[];
}
