import type { ManifestSource } from "../../manifests/index.ts";

/** How a file is read. */
export type LintFormat = "manifest" | "shell" | "markdown" | "post";

/** One file to be checked. */
export interface LintSource extends ManifestSource {
  /** `post`: a text without markup in which commands stand on lines of their own. */
  readonly format: LintFormat;
}

const FORMATS: readonly (readonly [RegExp, LintFormat])[] = [
  [/\.(ya?ml|json)$/i, "manifest"],
  [/\.(sh|bash)$/i, "shell"],
  [/\.(md|markdown)$/i, "markdown"],
  [/\.(txt|text)$/i, "post"],
];

/** By the name's ending; undefined for other files. */
export function formatOf(file: string): LintFormat | undefined {
  return FORMATS.find(([ending]) => ending.test(file))?.[1];
}
