import type { SourceDocument } from "../../contract.ts";
import type { ProblemList } from "../problem.ts";
import { formatPath, type Path, type Report } from "../schema/check-value.ts";

/** The text of one file of the input. */
export interface ManifestSource {
  /** As messages call it: a path, or `standard input`. */
  readonly file: string;
  readonly text: string;
  /** Found in a directory: a file that is no manifest at all is left out instead of refused. */
  readonly found: boolean;
}

/** A value of the text with its place, before it is known to be a Kubernetes object. */
export interface RawDocument {
  readonly file: string;
  readonly value: unknown;
  lineOf(path: Path): number;
  /** The document's own text behind as many line breaks as stand before it, for parsers that report lines. */
  paddedText(): string;
}

/** A document with what every Kubernetes object has. */
export interface ParsedDocument extends SourceDocument {
  readonly file: string;
  paddedText(): string;
}

/** `Deployment default/web` */
export function subjectOf({ kind, namespace, name }: Pick<SourceDocument, "kind" | "namespace" | "name">): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** `web.yaml:12` */
export function placeOf({ at }: Pick<SourceDocument, "at">): string {
  return `${at.file}:${at.line}`;
}

/** Reports into the list at a document's lines. */
export function reporter(document: Pick<RawDocument, "file" | "lineOf">, problems: ProblemList): Report {
  return (path, message) =>
    problems.add({ file: document.file, line: document.lineOf(path), path: formatPath(path), message });
}

/** A value inside a document, such as an item of a List, as a document of its own. */
export function innerDocument(outer: RawDocument, path: Path, value: unknown): RawDocument {
  return {
    file: outer.file,
    value,
    lineOf: (inner) => outer.lineOf([...path, ...inner]),
    paddedText: () => outer.paddedText(),
  };
}

/** Whether a value is nested deeper than the limit. Own stack: the value may be too deep for recursion. */
export function isNestedDeeperThan(value: unknown, limit: number): boolean {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (typeof top.value !== "object" || top.value === null) continue;
    if (top.depth >= limit) return true;
    for (const child of Array.isArray(top.value) ? top.value : Object.values(top.value))
      if (typeof child === "object" && child !== null) stack.push({ value: child, depth: top.depth + 1 });
  }
  return false;
}
