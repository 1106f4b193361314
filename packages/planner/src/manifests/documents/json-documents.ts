import { LineCounter } from "yaml";
import { NESTING_MAX } from "../limits.ts";
import type { RawDocument } from "./parsed-document.ts";
import { lazy, type Place, placeAt } from "./place.ts";

/**
 * The values of a JSON text, also of several in a row as `jq` prints them; undefined when it is not JSON (then it may be YAML).
 * JSON is worth a reader of its own: dumps of whole clusters come as JSON, and the YAML parser is a hundred times slower.
 */
export function jsonDocuments(text: string, file: string): readonly RawDocument[] | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  const values: { readonly start: number; readonly end: number; readonly value: unknown }[] = [];
  try {
    values.push({ start: 0, end: text.length, value: JSON.parse(text) });
  } catch {
    const spans = valueSpans(text);
    if (spans.length < 2) return undefined;
    for (const { start, end } of spans) {
      try {
        values.push({ start, end, value: JSON.parse(text.slice(start, end)) });
      } catch {
        return undefined;
      }
    }
  }
  const lines = lazy(() => lineCounter(text));
  return values.map(({ start, end, value }): RawDocument => {
    const places = lazy(() => new PlaceScanner(text, start).value());
    const lineAt = (offset: number): number => lines().linePos(offset).line;
    return {
      file,
      value,
      lineOf: (path) => lineAt(placeAt(places(), path)),
      paddedText: () => `${"\n".repeat(lineAt(places().start) - 1)}${text.slice(start, end).trimStart()}`,
    };
  });
}

function lineCounter(text: string): LineCounter {
  const counter = new LineCounter();
  counter.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) counter.addNewLine(at + 1);
  return counter;
}

/** Spans of the top-level objects and lists: brackets outside strings are counted, nothing else is looked at. */
function valueSpans(text: string): readonly { readonly start: number; readonly end: number }[] {
  const spans: { readonly start: number; readonly end: number }[] = [];
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs;
  let depth = 0;
  let start = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "{" || found === "[") {
      if (depth === 0) start = index;
      depth += 1;
    } else if (found === "}" || found === "]") {
      depth -= 1;
      if (depth === 0) spans.push({ start, end: index + 1 });
    }
  }
  return spans;
}

/** Walks valid JSON once. A field's place is its name's. */
class PlaceScanner {
  readonly #text: string;
  readonly #token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]|[^\s"{}[\]:,]+/gsy;
  #at: number;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#at = start;
  }

  value(): Place {
    return this.#value(0);
  }

  /** `start`: of a field, its name's. Below the deepest object places are not kept: the text may nest deeper than the stack. */
  #value(depth: number, start?: number): Place {
    const { token, index } = this.#next();
    const place = start ?? index;
    const opens = token === "{" || token === "[";
    if (opens && depth > NESTING_MAX) this.#skip();
    else if (token === "{") return { start: place, fields: this.#fields(depth + 1) };
    else if (token === "[") return { start: place, items: this.#items(depth + 1) };
    return { start: place };
  }

  #fields(depth: number): ReadonlyMap<string, Place> {
    const fields = new Map<string, Place>();
    while (this.#peek() !== "}") {
      const { token, index } = this.#next();
      fields.set(JSON.parse(token) as string, this.#value(depth, index));
    }
    this.#next();
    return fields;
  }

  #items(depth: number): readonly Place[] {
    const items: Place[] = [];
    while (this.#peek() !== "]") items.push(this.#value(depth));
    this.#next();
    return items;
  }

  /** Past the end of the value that has just been opened. */
  #skip(): void {
    for (let open = 1; open > 0; ) {
      const { token } = this.#next();
      if (token === "{" || token === "[") open += 1;
      else if (token === "}" || token === "]") open -= 1;
    }
  }

  #skipSeparators(): void {
    while (/[\s:,]/.test(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #peek(): string | undefined {
    this.#skipSeparators();
    return this.#text[this.#at];
  }

  #next(): { readonly token: string; readonly index: number } {
    this.#skipSeparators();
    this.#token.lastIndex = this.#at;
    const token = this.#token.exec(this.#text)?.[0];
    if (token === undefined) throw new TypeError(`no JSON token at ${this.#at}`);
    const index = this.#at;
    this.#at += token.length;
    return { token, index };
  }
}
