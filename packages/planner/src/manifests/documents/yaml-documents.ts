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
import { lazy, placeAt } from "./place.ts";
import { type PlainYaml, plainYaml } from "./plain-yaml.ts";

/** What a YAML text holds, and what is wrong with it. */
export interface YamlDocuments {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly ManifestProblem[];
}

/** Parses a YAML text of several documents; empty ones are left out. */
export function yamlDocuments(text: string, file: string): YamlDocuments {
  const problems: ManifestProblem[] = [];
  const documents: RawDocument[] = [];
  for (const chunk of documentTexts(text)) {
    const plain = chunk.text.includes("{{") ? undefined : plainYaml(chunk.text);
    if (plain !== undefined) documents.push(plainDocument(plain, chunk, file));
    else {
      const result = fullDocuments(chunk, file);
      // A template is broken in many ways; one sentence says it all.
      if (result.templated !== undefined) return { documents: [], problems: [result.templated] };
      for (const document of result.documents) documents.push(document);
      problems.push(...result.problems);
    }
  }
  return { documents, problems };
}

/** The text of one document, or of several that cannot be told apart by their markers alone. */
interface DocumentText {
  readonly text: string;
  /** Lines of the file before it. */
  readonly linesBefore: number;
}

/** Lines that mean more than a plain marker: directives, ends, markers with content. */
const UNUSUAL_MARKERS = /^(?:%|\.\.\.(?:\s|$)|---[^\S\n]+[^#\s])/m;
const MARKER = /^---(?:[^\S\n].*)?$/gm;

function documentTexts(text: string): readonly DocumentText[] {
  if (UNUSUAL_MARKERS.test(text)) return [{ text, linesBefore: 0 }];
  const texts: DocumentText[] = [];
  let start = 0;
  let linesBefore = 0;
  for (const { 0: marker, index } of [...text.matchAll(MARKER), { 0: "", index: text.length }]) {
    const part = text.slice(start, index);
    if (/^[^\S\n]*[^\s#]/m.test(part)) texts.push({ text: part, linesBefore });
    linesBefore += countLines(part);
    start = index + marker.length;
  }
  return texts;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function plainDocument(plain: PlainYaml, { text, linesBefore }: DocumentText, file: string): RawDocument {
  const places = lazy(() => plain.places());
  return {
    file,
    value: plain.value,
    lineOf: (path) => linesBefore + placeAt(places(), path) + 1,
    paddedText: () => "\n".repeat(linesBefore) + text,
  };
}

interface FullDocuments extends YamlDocuments {
  readonly templated?: ManifestProblem;
}

/** Documents by the full parser. */
function fullDocuments({ text, linesBefore }: DocumentText, file: string): FullDocuments {
  const lines = new LineCounter();
  const parsed = parseText(text, lines);
  const lineAt = (offset: number): number => linesBefore + lines.linePos(offset).line;
  if (typeof parsed === "string") return { documents: [], problems: [{ file, path: "", message: parsed }] };
  const template = text.indexOf("{{");
  if (template >= 0 && parsed.some((document) => isTemplated(document)))
    return { documents: [], problems: [], templated: { file, line: lineAt(template), path: "", message: TEMPLATED } };
  const problems: ManifestProblem[] = [];
  const documents: RawDocument[] = [];
  for (const document of parsed) {
    problems.push(...syntaxProblems(document, file, { lines, linesBefore }));
    if (document.errors.length > 0 || isEmpty(document.contents)) continue;
    const line = lineAt(document.contents?.range[0] ?? 0);
    try {
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      documents.push({
        file,
        value,
        lineOf: (path) => lineAt(nodeAt(document, path)?.range?.[0] ?? 0),
        paddedText: () =>
          "\n".repeat(line - 1) + text.slice(lines.lineStarts[line - linesBefore - 1] ?? 0, document.range[1]),
      });
    } catch (error) {
      const message = `cannot be used: ${withoutPeriod(error)}; write it without so many aliases`;
      problems.push({ file, line, path: "", message });
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

const TEMPLATED =
  "a template that is not rendered ({{ … }}); render it first: helm template RELEASE CHART | nodeless plan -f -";

/** What to look at, by the parser's code of the mistake. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "remove one, or restore the indentation if it was lost"],
  ["TAB_AS_INDENT", "write spaces"],
  ["BAD_INDENT", "check the indentation"],
  ["BLOCK_AS_IMPLICIT_KEY", "check the indentation, or put the value in quotes if it contains a colon"],
  ["MULTILINE_IMPLICIT_KEY", "check the indentation"],
]);

/** The first mistake of each document: the parser's later ones mostly follow from it. Keys given twice are all real. */
function syntaxProblems(
  { errors }: Document.Parsed,
  file: string,
  { lines, linesBefore }: { readonly lines: LineCounter; readonly linesBefore: number },
): readonly ManifestProblem[] {
  const shown = errors.filter((error, index) => index === 0 || error.code === "DUPLICATE_KEY");
  return shown.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    // The parser's only limit on depth is the stack, which ends somewhere.
    if (/call stack/.test(error.message))
      return { file, path: "", message: "not valid YAML: nested too deeply; flatten it" };
    const hint = HINTS.get(error.code);
    const message = `not valid YAML: ${withoutPeriod(error)}${hint === undefined ? "" : `; ${hint}`}`;
    return { file, line: linesBefore + line, column: col, path: "", message };
  });
}

/** Nothing, or only comments. */
function isEmpty(contents: Document.Parsed["contents"]): boolean {
  return contents === null || (isScalar(contents) && (contents.value === null || contents.value === ""));
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
