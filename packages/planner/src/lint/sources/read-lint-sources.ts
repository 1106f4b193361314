import { InvalidManifestsError } from "../../manifests/index.ts";
import { JSON_FILE_BYTES_MAX } from "../../manifests/limits.ts";
import {
  type ReadSourcesOptions,
  readSources,
  type SourceRules,
  STANDARD_INPUT,
} from "../../manifests/source-reader.ts";
import { TEXT_FILE_BYTES_MAX, TEXT_INPUT_BYTES_MAX } from "../limits.ts";
import { formatOf, type LintFormat, type LintSource } from "./lint-source.ts";

/** Sources and what was left out. */
export interface LintSources {
  readonly sources: readonly LintSource[];
  /** Sentences for the user. */
  readonly notices: readonly string[];
}

/** A file of another ending is read as a manifest when it is named. */
const formatFor = (file: string): LintFormat => formatOf(file) ?? "manifest";
/** Manifests may be dumps of whole clusters. */
const bytesMax = (file: string): number => (formatFor(file) === "manifest" ? JSON_FILE_BYTES_MAX : TEXT_FILE_BYTES_MAX);

const EVERYTHING: SourceRules = {
  takes: (name) => formatOf(name) !== undefined && formatOf(name) !== "post",
  nothing: "nothing to check in this directory; lint reads .yaml, .yml, .json, .sh, .bash and .md files",
  wanted: "give the directory that holds the files",
  lessOfIt: "check a part of it",
  bytesMax,
  tooLarge: (file, found) => {
    const message = `larger than ${bytesMax(file)} bytes`;
    return found && formatFor(file) !== "manifest"
      ? { notice: `is ${message} and is left out` }
      : { problem: `${message}; split it` };
  },
  chart: (directory) => ({
    notice: `is a Helm chart and is left out; render it: helm template ${directory} | nodeless lint -f -`,
  }),
};

/**
 * Reads manifests, IAM documents, scripts (`.sh`, `.bash`) and Markdown of files, directories (recursively, by name; hidden ones, node_modules
 * and charts are left out) and `-`; a `.txt` file only when it is named. Blocks while it reads. Throws InvalidManifestsError: a path that
 * does not exist, nothing to check, more than the bounds of the input.
 */
export function readLintSources(paths: readonly string[], options: ReadSourcesOptions = {}): LintSources {
  const { sources, notices } = readSources(paths, EVERYTHING, options);
  let textBytes = 0;
  const formatted = sources.map((source): LintSource => {
    const { file, text } = source;
    const isScript = file === STANDARD_INPUT && text.startsWith("#!");
    const format = isScript ? "shell" : formatFor(file);
    if (format !== "manifest") textBytes += text.length;
    if (textBytes > TEXT_INPUT_BYTES_MAX) {
      const message = `with this file the texts are larger than ${TEXT_INPUT_BYTES_MAX} bytes; check a part`;
      throw new InvalidManifestsError([{ file, path: "", message }]);
    }
    return { ...source, format };
  });
  return { sources: formatted, notices: [...notices, ...formatted.flatMap(uncheckedBlocks)] };
}

const YAML_FENCE = /^\s{0,3}(?:`{3,}|~{3,})\s*ya?ml\b/gim;

/** Whoever names a text may expect that all of it is checked. */
function uncheckedBlocks({ file, text, found, format }: LintSource): readonly string[] {
  const blocks = format === "markdown" && !found ? (text.match(YAML_FENCE) ?? []).length : 0;
  if (blocks === 0) return [];
  const subject = blocks === 1 ? "its YAML block is" : `its ${blocks} YAML blocks are`;
  return [`${file}: ${subject} not checked; put manifests into files, or pipe them to nodeless lint -f -`];
}
