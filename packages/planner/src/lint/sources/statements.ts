import { TEXT_FILE_BYTES_MAX } from "../limits.ts";
import type { LintSource } from "./lint-source.ts";
import { markdownParts, postParts } from "./text-parts.ts";

/** A line of text that somebody reads and believes. */
export interface Statement {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A comment at the start of a line or behind a value. Strings may hold such a sign too; what looks like a sentence is read as one. */
const COMMENT = /(?:^|\s)#+\s*(.*)$/;

/** Comments of manifests and scripts, the sentences of Markdown and posts. */
export function statementsOf(sources: readonly LintSource[]): readonly Statement[] {
  const statements: Statement[] = [];
  for (const { file, text, format } of sources) {
    const isComment = format === "manifest" || format === "shell";
    // Dumps are written by machines.
    if (isComment && (text.length > TEXT_FILE_BYTES_MAX || /^\s*[{[]/.test(text) || !text.includes("#"))) continue;
    const prose = format === "markdown" ? markdownParts(text).prose : format === "post" ? postParts(text).prose : text;
    for (const [index, line] of prose.split("\n").entries()) {
      const said = isComment ? (COMMENT.exec(line)?.[1] ?? "") : line;
      if (said.trim() !== "") statements.push({ file, line: index + 1, text: said });
    }
  }
  return statements;
}
