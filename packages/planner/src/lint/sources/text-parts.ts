import { COMMAND_LINES_MAX, FAILED_SEARCHES_MAX, QUOTED_LINES_MAX } from "../limits.ts";

/** A text taken apart line by line: every part keeps the line numbers, other lines are empty. */
export interface TextParts {
  /** Shell. */
  readonly shell: string;
  /** JSON blocks, each padded to its lines. */
  readonly json: readonly string[];
  /** Sentences. */
  readonly prose: string;
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w+-]*)/;
const SHELL_LANGUAGES: ReadonlySet<string> = new Set(["sh", "bash", "shell", "zsh"]);
/** Prompts before commands, output between them. */
const TRANSCRIPTS: ReadonlySet<string> = new Set(["console", "shell-session", "shellsession", "terminal", "text", ""]);
const PROMPT = /^\s*(?:[\w.@~:/-]*[$#]|>)\s+/;
/** How a line starts that somebody is meant to type. */
const COMMAND =
  /^\s*(?:\/\/\s|(?:sudo\s+)?(?:eksctl|aws|kubectl|k|helm|curl|export|echo|cat|for|while|if)\s|[A-Za-z_][A-Za-z0-9_]*=\S)/;

/** Markdown: fenced blocks are shell or JSON by their language; blocks without one hold commands where lines look like them. */
export function markdownParts(text: string): TextParts {
  const lines = text.split("\n");
  const shell = blank(lines);
  const prose = blank(lines);
  const json: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [, fence, language = ""] = FENCE.exec(lines[index] ?? "") ?? [];
    if (fence === undefined) {
      prose[index] = lines[index] ?? "";
      continue;
    }
    const end = closingFence(lines, index, fence);
    const block = lines.slice(index + 1, end);
    const name = language.toLowerCase();
    if (SHELL_LANGUAGES.has(name)) copy(block.map(withoutPrompt), shell, index + 1);
    else if (TRANSCRIPTS.has(name)) copy(commandLines(block).shell, shell, index + 1);
    if (name === "json" || name === "") json.push(...jsonBlocks(block, index + 1));
    index = end;
  }
  return { shell: shell.join("\n"), json, prose: prose.join("\n") };
}

/** A post whose markup was lost: lines that look like commands, JSON objects, and the rest. */
export function postParts(text: string): TextParts {
  const lines = text.split("\n");
  const { shell, other } = commandLines(lines);
  return { shell: shell.join("\n"), json: jsonBlocks(other, 0), prose: other.join("\n") };
}

const blank = (lines: readonly string[]): string[] => lines.map(() => "");

function copy(from: readonly string[], to: string[], at: number): void {
  for (const [offset, line] of from.entries()) to[at + offset] = line;
}

const withoutPrompt = (line: string): string => (/^\s*\$\s/.test(line) ? line.replace(PROMPT, "") : line);

function closingFence(lines: readonly string[], start: number, fence: string): number {
  for (let index = start + 1; index < lines.length; index += 1) {
    const [, other = "", language = ""] = FENCE.exec(lines[index] ?? "") ?? [];
    if (language === "" && other.startsWith(fence)) return index;
  }
  return lines.length;
}

/** Lines that start a command and those that it goes on for. */
function commandLines(lines: readonly string[]): {
  readonly shell: readonly string[];
  readonly other: readonly string[];
} {
  const shell = blank(lines);
  const other = [...lines];
  let failed = 0;
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] ?? "";
    const prompted = /^\s*[$#]\s+\S/.test(line) ? line.replace(PROMPT, "") : line;
    if (!COMMAND.test(prompted)) {
      index += 1;
      continue;
    }
    const found = failed < FAILED_SEARCHES_MAX ? commandLength(prompted, lines, index) : 1;
    if (found === undefined) failed += 1;
    const length = found ?? 1;
    for (let offset = 0; offset < length; offset += 1) {
      shell[index + offset] = offset === 0 ? prompted : (lines[index + offset] ?? "");
      other[index + offset] = "";
    }
    index += length;
  }
  return { shell, other };
}

/** Undefined: its end is not found. */
function commandLength(first: string, lines: readonly string[], start: number): number | undefined {
  const hereDocument = /<<-?\s*(['"]?)(\w+)\1/.exec(first)?.[2];
  if (hereDocument !== undefined) {
    const last = Math.min(lines.length, start + COMMAND_LINES_MAX);
    for (let index = start + 1; index < last; index += 1)
      if (lines[index]?.trim() === hereDocument) return index - start + 1;
    return undefined;
  }
  const last = Math.min(lines.length, start + QUOTED_LINES_MAX);
  let quote: string | undefined;
  for (let index = start; index < last; index += 1) {
    const line = index === start ? first : (lines[index] ?? "");
    quote = quoteAfter(line, quote);
    if (quote === undefined && !/\\\s*$/.test(line)) return index - start + 1;
  }
  return undefined;
}

/** The quote that is open after a line. */
function quoteAfter(line: string, before: string | undefined): string | undefined {
  let quote = before;
  for (let index = 0; index < line.length; index += 1) {
    const sign = line[index];
    if (sign === "\\" && quote !== "'") index += 1;
    else if (quote !== undefined) quote = sign === quote ? undefined : quote;
    else if (sign === "'" || sign === '"') quote = sign;
  }
  return quote;
}

/** Objects that begin with a brace at the start of a line, up to the brace that closes it. */
function jsonBlocks(lines: readonly string[], firstLine: number): readonly string[] {
  const blocks: string[] = [];
  let failed = 0;
  for (let index = 0; index < lines.length && failed < FAILED_SEARCHES_MAX; index += 1) {
    if (!/^\s*\{/.test(lines[index] ?? "")) continue;
    failed += 1;
    let depth = 0;
    const last = Math.min(lines.length, index + COMMAND_LINES_MAX);
    for (let end = index; end < last; end += 1) {
      const signs = (lines[end] ?? "").replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
      depth += (signs.match(/\{/g)?.length ?? 0) - (signs.match(/\}/g)?.length ?? 0);
      if (depth > 0) continue;
      blocks.push("\n".repeat(firstLine + index) + lines.slice(index, end + 1).join("\n"));
      index = end;
      failed -= 1;
      break;
    }
  }
  return blocks;
}
