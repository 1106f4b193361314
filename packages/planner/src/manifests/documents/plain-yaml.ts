import { NESTING_MAX } from "../limits.ts";
import type { Place } from "./place.ts";

/** The text uses more of YAML than the plain part. */
class NotPlainError extends Error {
  override readonly name = "NotPlainError";
}

/** A document of plain YAML. */
export interface PlainYaml {
  readonly value: unknown;
  /** Lines, counted from 0. Reads the text again. */
  places(): Place;
}

/**
 * Reads the plain part of YAML that tools print: block mappings and lists, texts, numbers, literal blocks. Undefined for everything
 * else (flow collections, anchors, tags, folded blocks, mistakes), which is for the full parser. What it reads means the same
 * to both, and takes it a thirtieth of the time: dumps of thousands of pods come in this form. `text` is one document without its marker.
 */
export function plainYaml(text: string): PlainYaml | undefined {
  if (/[\t\r]/.test(text)) return undefined;
  const lines = text.split("\n");
  try {
    const value = new PlainReader(lines, VALUES).document();
    return { value, places: () => new PlainReader(lines, PLACES).document() };
  } catch (error) {
    if (error instanceof NotPlainError) return undefined;
    throw error;
  }
}

/** What a reader makes of what it reads. */
interface Builder<T> {
  scalar(value: string | number | boolean | null, line: number): T;
  empty(text: "{}" | "[]", line: number): T;
  list(items: readonly T[], line: number): T;
  mapping(fields: ReadonlyMap<string, T>, line: number): T;
  /** A field's value, whose name stands in this line. */
  field(value: T, line: number): T;
}

const VALUES: Builder<unknown> = {
  scalar: (value) => value,
  empty: (text) => (text === "{}" ? {} : []),
  list: (items) => items,
  mapping: (fields) => Object.fromEntries(fields),
  field: (value) => value,
};

const PLACES: Builder<Place> = {
  scalar: (_, start) => ({ start }),
  empty: (_, start) => ({ start }),
  list: (items, start) => ({ start, items }),
  mapping: (fields, start) => ({ start, fields }),
  field: (value, start) => ({ ...value, start }),
};

/** `name: value`; the name plain, or quoted without escapes. */
const FIELD = /^(?:([A-Za-z0-9_][A-Za-z0-9_./-]*)|"([^"\\]*)"|'([^']*)') *:(?: +(.*))?$/;
const isItem = (content: string): boolean => content === "-" || content.startsWith("- ");
const isNothing = (rest: string): boolean => rest === "" || rest.startsWith("#");

/** A wrapped text is looked through at every line, so it is kept short; a longer one is for the full parser. */
const FOLDED_LINES_MAX = 200;

class PlainReader<T> {
  readonly #lines: readonly string[];
  readonly #builder: Builder<T>;
  #line = -1;
  /** Of the current line; -1 at the end. */
  #indent = 0;
  #content = "";
  #depth = 0;

  constructor(lines: readonly string[], builder: Builder<T>) {
    this.#lines = lines;
    this.#builder = builder;
  }

  document(): T {
    this.#advance();
    if (this.#indent < 0) throw new NotPlainError();
    const node = this.#node();
    // A line that fits nowhere, such as the second line of a text, ends every mapping and list around it.
    if (this.#indent >= 0) throw new NotPlainError();
    return node;
  }

  /** To the next line that is neither empty nor a comment. */
  #advance(): void {
    for (this.#line += 1; this.#line < this.#lines.length; this.#line += 1) {
      const text = this.#lines[this.#line] ?? "";
      const indent = indentOf(text);
      if (indent === text.length || text[indent] === "#") continue;
      this.#indent = indent;
      this.#content = text.slice(indent).trimEnd();
      return;
    }
    this.#indent = -1;
  }

  #node(): T {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX * 2) throw new NotPlainError();
    const node = isItem(this.#content) ? this.#list() : this.#mapping();
    this.#depth -= 1;
    return node;
  }

  #mapping(): T {
    const indent = this.#indent;
    const start = this.#line;
    const fields = new Map<string, T>();
    while (this.#indent === indent) {
      const line = this.#line;
      const match = FIELD.exec(this.#content);
      if (match === null) throw new NotPlainError();
      const name = match[1] === undefined ? (match[2] ?? match[3] ?? "") : plainName(match[1]);
      if (fields.has(name)) throw new NotPlainError();
      const rest = match[4] ?? "";
      fields.set(
        name,
        this.#builder.field(isNothing(rest) ? this.#below(indent, true) : this.#text(rest, indent), line),
      );
    }
    return this.#builder.mapping(fields, start);
  }

  #list(): T {
    const indent = this.#indent;
    const start = this.#line;
    const items: T[] = [];
    while (this.#indent === indent && isItem(this.#content)) {
      const rest = this.#content.slice(1).trimStart();
      if (isNothing(rest)) items.push(this.#below(indent, false));
      else if (isItem(rest)) throw new NotPlainError();
      else if (FIELD.test(rest)) {
        // The mapping begins behind the dash and goes on in the lines below, at the same column.
        this.#indent += this.#content.length - rest.length;
        this.#content = rest;
        items.push(this.#node());
      } else items.push(this.#text(rest, indent));
    }
    return this.#builder.list(items, start);
  }

  /** What stands in the lines below a name or a dash: a list may stand as far left as the name it belongs to. */
  #below(indent: number, isField: boolean): T {
    const line = this.#line;
    this.#advance();
    if (this.#indent > indent || (isField && this.#indent === indent && isItem(this.#content))) return this.#node();
    return this.#builder.scalar(null, line);
  }

  /** A value that begins behind a name or a dash. */
  #text(rest: string, indent: number): T {
    const line = this.#line;
    if (rest === "|" || rest === "|-") {
      const text = this.#literal(indent);
      return this.#builder.scalar(rest === "|" || text === "" ? text : text.slice(0, -1), line);
    }
    if (rest === "{}" || rest === "[]") {
      this.#advance();
      return this.#builder.empty(rest, line);
    }
    const text = this.#folded(rest, indent);
    this.#advance();
    return this.#builder.scalar(scalarOf(text), line);
  }

  /** A text that goes on in lines further right, as kubectl wraps long ones, on one line. Empty lines and comments between are not plain. */
  #folded(rest: string, indent: number): string {
    if (rest.startsWith('"')) return rest;
    const isQuoted = rest.startsWith("'");
    let text = rest;
    const last = this.#line + FOLDED_LINES_MAX;
    while (!(isQuoted && SINGLE_QUOTED.test(text))) {
      const next = this.#lines[this.#line + 1] ?? "";
      const own = indentOf(next);
      if (own === next.length || own <= indent || (!isQuoted && next[own] === "#")) break;
      if (this.#line === last || (!isQuoted && text.includes(" #"))) throw new NotPlainError();
      text += ` ${next.trim()}`;
      this.#line += 1;
    }
    return text;
  }

  /** The lines of a literal block with its final line break; empty for an empty block. */
  #literal(indent: number): string {
    const block: string[] = [];
    let blockIndent = 0;
    for (let next = this.#line + 1; next < this.#lines.length; next += 1) {
      const text = this.#lines[next] ?? "";
      const own = indentOf(text);
      if (own === text.length) {
        // Spaces alone count or not, depending on how many there are.
        if (own > 0) throw new NotPlainError();
        block.push("");
        continue;
      }
      if (own <= indent) break;
      if (blockIndent === 0) blockIndent = own;
      if (own < blockIndent) throw new NotPlainError();
      block.push(text.slice(blockIndent));
    }
    this.#line += block.length;
    this.#advance();
    while (block.at(-1) === "") block.pop();
    return block.length === 0 ? "" : `${block.join("\n")}\n`;
  }
}

function indentOf(text: string): number {
  let indent = 0;
  while (text.charCodeAt(indent) === 32) indent += 1;
  return indent;
}

/** A name that the full parser would not take for a number or a word with a meaning. */
function plainName(name: string): string {
  if (name === "__proto__" || typeof plainValue(name) !== "string") throw new NotPlainError();
  return name;
}

// Written so that texts of megabytes do not exhaust the stack of the matcher: (?:[^"]|…)* would.
const DOUBLE_QUOTED = /^("[^"\\]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\]*)*")(?: +#.*)?$/;
const SINGLE_QUOTED = /^'([^']*(?:''[^']*)*)'(?: +#.*)?$/;
/** What has a meaning of its own at the start of a value. */
const INDICATOR = /^[&*!|>%@`?:,[\]{}#]/;

function scalarOf(rest: string): string | number | boolean | null {
  if (rest.startsWith('"')) {
    const quoted = DOUBLE_QUOTED.exec(rest)?.[1];
    if (quoted === undefined) throw new NotPlainError();
    return JSON.parse(quoted) as string;
  }
  if (rest.startsWith("'")) {
    const quoted = SINGLE_QUOTED.exec(rest)?.[1];
    if (quoted === undefined) throw new NotPlainError();
    return quoted.replaceAll("''", "'");
  }
  const comment = rest.indexOf(" #");
  const text = comment < 0 ? rest : rest.slice(0, comment).trimEnd();
  if (INDICATOR.test(text) || isItem(text) || text.includes(": ") || text.endsWith(":")) throw new NotPlainError();
  return plainValue(text);
}

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...["~", "null", "Null", "NULL"].map((word): [string, null] => [word, null]),
  ...["true", "True", "TRUE"].map((word): [string, boolean] => [word, true]),
  ...["false", "False", "FALSE"].map((word): [string, boolean] => [word, false]),
]);
const NUMBER = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Octal, hexadecimal, infinite and not-a-number. */
const UNUSUAL_NUMBER = /^(?:0[xo][0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** A text without quotes by YAML's core schema. Source: YAML 1.2.2 §10.3.2. */
function plainValue(text: string): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (UNUSUAL_NUMBER.test(text)) throw new NotPlainError();
  return NUMBER.test(text) ? Number(text) : text;
}
