import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from "yaml";
import { ALIASES_MAX } from "../limits.ts";
import type { ManifestProblem } from "../problem.ts";
import type { Path } from "../schema/check-value.ts";
import type { RawDocument } from "./parsed-document.ts";

/** What a YAML text holds, and what is wrong with it. */
export interface YamlDocuments {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly ManifestProblem[];
}

/** Parses a YAML text of several documents; empty ones are left out. */
export function yamlDocuments(text: string, file: string): YamlDocuments {
  const lines = new LineCounter();
  const parsed = parseText(text, lines);
  if (typeof parsed === "string") return { documents: [], problems: [{ file, path: "", message: parsed }] };
  if (text.includes("{{") && parsed.some((document) => isTemplated(document)))
    return { documents: [], problems: [templateProblem(file, text)] };
  const problems: ManifestProblem[] = [];
  const documents: RawDocument[] = [];
  for (const document of parsed) {
    problems.push(...syntaxProblems(document, file, lines));
    if (document.errors.length > 0 || isEmpty(document.contents)) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      documents.push(rawDocument(document, value, { file, text, lines }));
    } catch (error) {
      problems.push({
        file,
        line: lineOf(document.contents, lines),
        path: "",
        message: `cannot be used: ${withoutPeriod(error)}; write it without so many aliases`,
      });
    }
  }
  return { documents, problems };
}

type ParsedDocuments = readonly Document.Parsed[];

/** The documents, or why there is none. */
function parseText(text: string, lineCounter: LineCounter): ParsedDocuments | string {
  try {
    const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: true, merge: true });
    return Array.isArray(parsed) ? (parsed as ParsedDocuments) : [];
  } catch (error) {
    // The parser's only limit on depth is the stack.
    return `not valid YAML: ${error instanceof RangeError ? "nested too deeply; flatten it" : withoutPeriod(error)}`;
  }
}

const withoutPeriod = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");

/** `{{ … }}` outside quotes: broken YAML, or a mapping whose key is a mapping, which no manifest has. */
function isTemplated(document: Document.Parsed): boolean {
  if (document.errors.length > 0) return true;
  let found = false;
  visit(document, {
    Pair(_, { key }: Pair) {
      if (!isMap(key)) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function templateProblem(file: string, text: string): ManifestProblem {
  const line = text.slice(0, text.indexOf("{{")).split("\n").length;
  return {
    file,
    line,
    path: "",
    message:
      "a template that is not rendered ({{ … }}); render it first: helm template RELEASE CHART | nodeless plan -f -",
  };
}

/** What to look at, by the parser's code of the mistake. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "remove one, or restore the indentation if it was lost"],
  ["TAB_AS_INDENT", "write spaces"],
  ["BAD_INDENT", "check the indentation"],
  ["BLOCK_AS_IMPLICIT_KEY", "check the indentation, or put the value in quotes if it contains a colon"],
  ["MULTILINE_IMPLICIT_KEY", "check the indentation"],
]);

/** The first mistake of each document: the parser's later ones mostly follow from it. Keys given twice are all real. */
function syntaxProblems({ errors }: Document.Parsed, file: string, lines: LineCounter): readonly ManifestProblem[] {
  const shown = errors.filter((error, index) => index === 0 || error.code === "DUPLICATE_KEY");
  return shown.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    // The parser's only limit on depth is the stack, which ends somewhere.
    if (/call stack/.test(error.message))
      return { file, path: "", message: "not valid YAML: nested too deeply; flatten it" };
    const hint = HINTS.get(error.code);
    const message = `not valid YAML: ${withoutPeriod(error)}${hint === undefined ? "" : `; ${hint}`}`;
    return { file, line, column: col, path: "", message };
  });
}

/** Nothing, or only comments. */
function isEmpty(contents: Document.Parsed["contents"]): boolean {
  return contents === null || (isScalar(contents) && (contents.value === null || contents.value === ""));
}

function lineOf(node: Node | null | undefined, lines: LineCounter): number {
  return lines.linePos(node?.range?.[0] ?? 0).line;
}

function rawDocument(
  document: Document.Parsed,
  value: unknown,
  { file, text, lines }: { readonly file: string; readonly text: string; readonly lines: LineCounter },
): RawDocument {
  const first = lineOf(document.contents, lines);
  return {
    file,
    value,
    lineOf: (path) => lineOf(nodeAt(document, path), lines),
    paddedText: () => `${"\n".repeat(first - 1)}${text.slice(lines.lineStarts[first - 1] ?? 0, document.range[1])}`,
  };
}

/** The node that says where a field stands: its key, a list's item, or the nearest parent's when there is no such field. */
function nodeAt(document: Document.Parsed, path: Path): Node | null {
  let place: Node | null = document.contents;
  let value: Node | null | undefined = place;
  for (const step of path) {
    const target: Node | undefined | null = isAlias(value) ? (value.resolve(document) as Node | undefined) : value;
    if (typeof step === "number" && isSeq<Node>(target)) {
      const item: Node | undefined = target.items[step];
      if (item === undefined) break;
      place = item;
      value = item;
    } else if (isMap<Node, Node | null>(target)) {
      const pair: Pair<Node, Node | null> | undefined = target.items.find(
        ({ key }) => isScalar(key) && String(key.value) === step,
      );
      if (pair === undefined) break;
      place = pair.key;
      value = pair.value;
    } else break;
  }
  return place;
}
