import type { SourceDocument } from "../contract.ts";
import { isPlainObject } from "../manifests/schema/check-value.ts";
import type { LintProject } from "./project.ts";
import type { LintSource } from "./sources/lint-source.ts";

/** Annotation of an object, or comment on the line of a finding or before it, that names rules to accept. */
const LINT_IGNORE = "nodeless.dev/lint-ignore";

/** A comment, or the annotation itself; not the name within a sentence. */
const COMMENT = /(?:^|#|\/\/|<!--|[{,])\s*["']?nodeless\.dev\/lint-ignore["']?\s*:\s*["']?([a-z0-9*,\s-]+)/;
const COMMENT_LINE = /^\s*(?:#|\/\/|<!--)/;

/** A rule that some file accepts, and where it says so. */
export interface Acceptance {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
}

/** Which findings the files themselves accept. */
export class Acceptances {
  readonly all: readonly Acceptance[];
  /** `file` → `line` → rules. */
  readonly #lines = new Map<string, Map<number, ReadonlySet<string>>>();
  /** Documents with their last lines, by file. */
  readonly #objects = new Map<
    string,
    { readonly first: number; readonly last: number; readonly rules: ReadonlySet<string> }[]
  >();

  constructor({ sources, documents }: LintProject) {
    const all: Acceptance[] = [];
    for (const source of sources) if (source.text.includes(LINT_IGNORE)) all.push(...this.#readComments(source));
    const marked = new Set(all.map(({ file }) => file));
    for (const file of marked)
      this.#readObjects(
        file,
        documents.filter(({ at }) => at.file === file),
      );
    this.all = all;
  }

  #readComments({ file, text }: LintSource): readonly Acceptance[] {
    const lines = text.split("\n");
    const accepted = new Map<number, ReadonlySet<string>>();
    const all: Acceptance[] = [];
    for (const [index, line] of lines.entries()) {
      const list = COMMENT.exec(line)?.[1];
      if (list === undefined) continue;
      const rules = new Set(
        list
          .replace(/--\s*$/, "")
          .split(/[,\s]+/)
          .filter((rule) => rule !== ""),
      );
      for (const rule of rules) all.push({ rule, file, line: index + 1 });
      let target = index + 1;
      // A comment of its own is about the next line that is none.
      if (COMMENT_LINE.test(line))
        while (COMMENT_LINE.test(lines[target] ?? "") || /^\s*(?:`{3,}.*)?$/.test(lines[target] ?? "x")) target += 1;
      for (const at of new Set([index + 1, COMMENT_LINE.test(line) ? target + 1 : index + 1]))
        accepted.set(at, new Set([...(accepted.get(at) ?? []), ...rules]));
    }
    this.#lines.set(file, accepted);
    return all;
  }

  #readObjects(file: string, documents: readonly SourceDocument[]): void {
    const ordered = [...documents].sort((a, b) => a.at.line - b.at.line);
    const lines = this.#lines.get(file);
    const objects = ordered.map((document, index) => {
      const first = document.at.line;
      const last = (ordered[index + 1]?.at.line ?? Number.POSITIVE_INFINITY) - 1;
      return { first, last, rules: new Set([...annotated(document), ...(lines?.get(first) ?? [])]) };
    });
    this.#objects.set(
      file,
      objects.filter(({ rules }) => rules.size > 0),
    );
  }

  /** Whether the file accepts what a rule finds there. */
  accepts(rule: string, { file, line }: { readonly file: string; readonly line: number }): boolean {
    const has = (rules: ReadonlySet<string> | undefined): boolean =>
      rules?.has(rule) === true || rules?.has("*") === true;
    if (has(this.#lines.get(file)?.get(line))) return true;
    return (this.#objects.get(file) ?? []).some(
      ({ first, last, rules }) => line >= first && line <= last && has(rules),
    );
  }
}

function annotated({ object }: SourceDocument): readonly string[] {
  const { metadata } = object;
  const annotations = isPlainObject(metadata) ? metadata["annotations"] : undefined;
  const value = isPlainObject(annotations) ? annotations[LINT_IGNORE] : undefined;
  return typeof value === "string" ? value.split(/[,\s]+/) : [];
}
