import { COMMANDS_MAX, SUBSTITUTION_DEPTH_MAX } from "../limits.ts";
import type {
  HereDocument,
  ShellAssignment,
  ShellCommand,
  ShellScript,
  ShellWord,
  VariableUse,
} from "./shell-command.ts";
import { variablesOf } from "./variables.ts";

/**
 * The commands of a shell text: quotes, escapes, line continuations, comments, pipes and lists, here-documents, and the commands within
 * `$(…)` and backticks. Not a shell: keywords are skipped, both branches of an `if` count, nothing is expanded. Never throws; text that no
 * shell would take gives some commands or none.
 */
export function parseScript(text: string, file: string): ShellScript {
  const reader = new ShellReader(text, file);
  reader.list(undefined, 0);
  const commands = reader.commands.sort((a, b) => a.order - b.order).map(({ command }) => command);
  return { file, commands, uses: reader.uses };
}

/** Words that stand where a command's name stands, and are none. */
const KEYWORDS: ReadonlySet<string> = new Set(
  "! { } if then elif else fi while until do done case esac function select time sudo command exec env".split(" "),
);
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=([\s\S]*)$/;
const WORD_END = /[\s;&|()<>]/;

interface Draft {
  readonly start: number;
  words: ShellWord[];
  assignments: ShellAssignment[];
  hereDocuments: HereDocument[];
  outputs: string[];
}

interface PendingHereDocument {
  readonly delimiter: string;
  readonly literal: boolean;
  readonly indented: boolean;
  readonly target: HereDocument[];
}

class ShellReader {
  readonly commands: { readonly order: number; readonly command: ShellCommand }[] = [];
  readonly uses: VariableUse[] = [];
  readonly #text: string;
  readonly #file: string;
  readonly #pending: PendingHereDocument[] = [];
  #at = 0;
  #line = 1;
  /** Where #line was counted up to. */
  #counted = 0;
  #pipeline = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  /** Reads commands up to the closing sign, or to the end of the text. */
  list(close: ")" | "`" | undefined, depth: number): void {
    let draft = this.#draft();
    let pipeline = this.#nextPipeline();
    const end = (next: number): void => {
      this.#finish(draft, pipeline);
      draft = this.#draft();
      pipeline = next;
    };
    while (this.#at < this.#text.length && this.commands.length < COMMANDS_MAX) {
      const sign = this.#text[this.#at] ?? "";
      // A backtick ends what is open within it.
      if (sign === close || (sign === "`" && this.#inBackticks)) break;
      if (sign === "\n") {
        this.#at += 1;
        end(this.#nextPipeline());
        this.#readHereDocuments();
      } else if (/\s/.test(sign)) this.#at += 1;
      else if (sign === "\\" && this.#text[this.#at + 1] === "\n") this.#at += 2;
      else if (sign === "#") this.#skipLine();
      else if (sign === "|" && this.#text[this.#at + 1] !== "|") {
        this.#at += 1;
        end(pipeline);
      } else if (/[;&|()]/.test(sign) && !(sign === "&" && this.#text[this.#at + 1] === ">")) {
        this.#at += 1;
        end(this.#nextPipeline());
      } else if (/[<>&]/.test(sign)) this.#redirect(draft, depth);
      else this.#addWord(draft, depth);
    }
    this.#finish(draft, pipeline);
  }

  #draft(): Draft {
    return { start: this.#at, words: [], assignments: [], hereDocuments: [], outputs: [] };
  }

  #nextPipeline(): number {
    this.#pipeline += 1;
    return this.#pipeline;
  }

  #finish(draft: Draft, pipeline: number): void {
    const { words, assignments, hereDocuments, outputs } = draft;
    const line = words[0]?.line ?? assignments[0]?.line;
    if (line === undefined) return;
    const command = { file: this.#file, line, words, assignments, hereDocuments, outputs, pipeline };
    this.commands.push({ order: draft.start, command });
  }

  #lineNow(): number {
    for (; this.#counted < this.#at; this.#counted += 1) if (this.#text[this.#counted] === "\n") this.#line += 1;
    return this.#line;
  }

  #skipLine(): void {
    const next = this.#text.indexOf("\n", this.#at);
    this.#at = next < 0 ? this.#text.length : next;
  }

  #addWord(draft: Draft, depth: number): void {
    const word = this.#word(depth);
    // The number of a stream before a redirection.
    if (/^\d$/.test(word.text) && /[<>]/.test(this.#text[this.#at] ?? "")) return;
    const assignment = draft.words.length === 0 && !word.quoted ? ASSIGNMENT.exec(word.text) : null;
    if (assignment !== null) {
      const [, name = "", value = ""] = assignment;
      draft.assignments.push({ name, value, line: word.line });
    } else if (draft.words.length > 0 || word.quoted || !KEYWORDS.has(word.text)) draft.words.push(word);
  }

  /** `> file`, `2>> file`, `< file`, `<<EOF`, `<<< text`. */
  #redirect(draft: Draft, depth: number): void {
    const operator = /^(<<<|<<-?|&?>>?\|?|<>|<&|<)(&\d?-?)?/.exec(this.#text.slice(this.#at, this.#at + 8));
    const [whole, sign = "", duplicate] = operator ?? [this.#text[this.#at] ?? ""];
    this.#at += whole.length;
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at += 1;
    if (duplicate !== undefined || sign === "") return;
    if (/^\s*$/.test(this.#text[this.#at] ?? "")) return;
    const target = this.#word(depth);
    if (sign === "<<" || sign === "<<-")
      this.#pending.push({
        delimiter: target.text,
        literal: target.quoted,
        indented: sign === "<<-",
        target: draft.hereDocuments,
      });
    else if (sign.includes(">")) draft.outputs.push(target.text);
  }

  #readHereDocuments(): void {
    for (const { delimiter, literal, indented, target } of this.#pending.splice(0)) {
      const start = this.#at;
      const line = this.#lineNow();
      let end = this.#text.length;
      let next = end;
      for (let from = start; from < this.#text.length; ) {
        const newline = this.#text.indexOf("\n", from);
        const to = newline < 0 ? this.#text.length : newline;
        const row = this.#text.slice(from, to);
        if ((indented ? row.replace(/^\t+/, "") : row).trimEnd() === delimiter) {
          end = from;
          next = Math.min(this.#text.length, to + 1);
          break;
        }
        from = to + 1;
      }
      const body = this.#text.slice(start, end);
      target.push({ text: body, line, literal });
      if (!literal) this.uses.push(...variablesOf(body, line));
      this.#at = next;
    }
  }

  #word(depth: number): ShellWord {
    const line = this.#lineNow();
    const first = this.#text[this.#at] ?? "";
    let text = "";
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at] ?? "";
      if (WORD_END.test(sign)) break;
      if (sign === "'") text += this.#singleQuoted();
      else if (sign === '"') text += this.#doubleQuoted(depth);
      else if (sign === "\\") {
        const escaped = this.#text[this.#at + 1] ?? "";
        text += escaped === "\n" ? "" : escaped;
        this.#at += 2;
      } else if (sign === "$") text += this.#dollar(depth);
      else if (sign === "`") {
        if (depth > 0 && this.#inBackticks) break;
        text += this.#backticks(depth);
      } else {
        text += sign;
        this.#at += 1;
      }
    }
    return { text, line, quoted: first === '"' || first === "'" };
  }

  #inBackticks = false;

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    const to = end < 0 ? this.#text.length : end;
    const text = this.#text.slice(this.#at + 1, to);
    this.#at = Math.min(this.#text.length, to + 1);
    return text;
  }

  #doubleQuoted(depth: number): string {
    this.#at += 1;
    let text = "";
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      const sign = this.#text[this.#at] ?? "";
      if (sign === "\\") {
        const escaped = this.#text[this.#at + 1] ?? "";
        text += escaped === "\n" ? "" : /["$`\\]/.test(escaped) ? escaped : sign + escaped;
        this.#at += 2;
      } else if (sign === "$") text += this.#dollar(depth);
      else if (sign === "`" && !this.#inBackticks) text += this.#backticks(depth);
      else {
        text += sign;
        this.#at += 1;
      }
    }
    this.#at += 1;
    return text;
  }

  /** `$NAME`, `${…}` or `$(…)`, as written; the commands inside are read. */
  #dollar(depth: number): string {
    const start = this.#at;
    if (this.#text[start + 1] === "(") {
      this.#at += 2;
      if (depth < SUBSTITUTION_DEPTH_MAX) this.list(")", depth + 1);
      else this.#at = this.#text.length;
      this.#at = Math.min(this.#text.length, this.#at + 1);
      return this.#text.slice(start, this.#at);
    }
    const rest = this.#text.slice(start, start + 400);
    const [whole] = /^\$(?:\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(rest) ?? ["$"];
    this.uses.push(...variablesOf(whole, this.#lineNow()));
    this.#at += whole.length;
    return whole;
  }

  #backticks(depth: number): string {
    const start = this.#at;
    this.#at += 1;
    this.#inBackticks = true;
    if (depth < SUBSTITUTION_DEPTH_MAX) this.list("`", depth + 1);
    this.#inBackticks = false;
    this.#at = Math.min(this.#text.length, this.#at + 1);
    return this.#text.slice(start, this.#at);
  }
}
