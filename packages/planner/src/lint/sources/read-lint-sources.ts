import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidManifestsError, type ManifestProblem, readManifests, STANDARD_INPUT } from "../../manifests/index.ts";
import { DIRECTORY_DEPTH_MAX, FILES_MAX } from "../../manifests/limits.ts";
import { TEXT_FILE_BYTES_MAX, TEXT_INPUT_BYTES_MAX } from "../limits.ts";
import { formatOf, type LintSource } from "./lint-source.ts";

export interface ReadLintSourcesOptions {
  /** What `-` stands for. Default: `-` is refused. */
  readonly stdin?: string;
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly directory?: string;
}

/** Sources and what was left out. */
export interface LintSources {
  readonly sources: readonly LintSource[];
  /** Sentences for the user. */
  readonly notices: readonly string[];
}

/**
 * Reads manifests, IAM documents, scripts (`.sh`, `.bash`) and Markdown of files, directories (recursively, by name; hidden ones, node_modules
 * and charts are left out) and `-`; a `.txt` file only when it is named. Blocks while it reads. Throws InvalidManifestsError: a path that
 * does not exist, nothing to check, more than the bounds of the input.
 */
export function readLintSources(paths: readonly string[], options: ReadLintSourcesOptions = {}): LintSources {
  const reader = new LintSourceReader(options);
  for (const path of paths) reader.readPath(path);
  if (reader.problems.length > 0) throw new InvalidManifestsError(reader.problems);
  return reader;
}

class LintSourceReader implements LintSources {
  readonly sources: LintSource[] = [];
  readonly notices: string[] = [];
  readonly problems: ManifestProblem[] = [];
  readonly #options: ReadLintSourcesOptions;
  readonly #seen = new Set<string>();
  #textBytes = 0;

  constructor(options: ReadLintSourcesOptions) {
    this.#options = options;
  }

  readPath(path: string): void {
    if (path === "-") {
      this.#readStandardInput();
      return;
    }
    const target = path.startsWith("/") ? path : join(this.#options.directory ?? "", path);
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats === undefined) this.#refuse(path, "no such file or directory; check the path given with -f");
    else if (!stats.isDirectory()) this.#readFile(target, path, false);
    else if (this.#readDirectory(target, path, 0) === 0 && this.problems.length === 0)
      this.#refuse(path, "nothing to check in this directory; lint reads .yaml, .yml, .json, .sh, .bash and .md files");
  }

  #refuse(file: string, message: string): void {
    this.problems.push({ file, path: "", message });
  }

  #readStandardInput(): void {
    const { stdin } = this.#options;
    if (stdin === undefined) this.#refuse("-", "standard input cannot be read here; give a file");
    else if (!this.#seen.has("-"))
      this.sources.push({
        file: STANDARD_INPUT,
        text: stdin,
        found: false,
        format: stdin.startsWith("#!") ? "shell" : "manifest",
      });
    this.#seen.add("-");
  }

  /** How many files were found. */
  #readDirectory(target: string, shown: string, depth: number): number {
    if (!this.#isNew(target)) return 1;
    if (depth > DIRECTORY_DEPTH_MAX) {
      this.#refuse(shown, `more than ${DIRECTORY_DEPTH_MAX} directories deep; give the directory that holds the files`);
      return 0;
    }
    const entries = readdirSync(target, { withFileTypes: true }).sort(byName);
    if (isChart(entries)) {
      this.notices.push(
        `${shown} is a Helm chart and is left out; render it: helm template ${shown} | nodeless lint -f -`,
      );
      return 1;
    }
    let found = 0;
    for (const { name } of entries) {
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(target, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      if (stats.isDirectory()) found += this.#readDirectory(path, join(shown, name), depth + 1);
      else if (stats.isFile() && formatOf(name) !== undefined && formatOf(name) !== "post") {
        found += 1;
        this.#readFile(path, join(shown, name), true);
      }
      if (this.sources.length > FILES_MAX) return found;
    }
    return found;
  }

  #isNew(target: string): boolean {
    const real = realpathSync(target);
    if (this.#seen.has(real)) return false;
    this.#seen.add(real);
    return true;
  }

  #readFile(target: string, shown: string, found: boolean): void {
    if (!this.#isNew(target)) return;
    if (this.sources.length === FILES_MAX) {
      this.#refuse(shown, `more than ${FILES_MAX} files in the input; check a part of it`);
      return;
    }
    const format = formatOf(shown) ?? "manifest";
    if (format === "manifest") this.#readManifest(target, shown, found);
    else this.#readText(target, { file: shown, found, format });
  }

  /** With the bounds of manifests, which may be dumps of whole clusters. */
  #readManifest(target: string, shown: string, found: boolean): void {
    try {
      for (const { text } of readManifests([target]))
        this.sources.push({ file: shown, text, found, format: "manifest" });
    } catch (error) {
      if (!(error instanceof InvalidManifestsError)) throw error;
      this.problems.push(...error.problems.map((problem) => ({ ...problem, file: shown })));
    }
  }

  #readText(target: string, source: Omit<LintSource, "text">): void {
    const { size } = statSync(target);
    this.#textBytes += size;
    if (size > TEXT_FILE_BYTES_MAX) {
      if (source.found) this.notices.push(`${source.file} is larger than ${TEXT_FILE_BYTES_MAX} bytes and is left out`);
      else this.#refuse(source.file, `larger than ${TEXT_FILE_BYTES_MAX} bytes; split it`);
    } else if (this.#textBytes > TEXT_INPUT_BYTES_MAX)
      this.#refuse(source.file, `with this file the texts are larger than ${TEXT_INPUT_BYTES_MAX} bytes; check a part`);
    else this.sources.push({ ...source, text: readFileSync(target, "utf8") });
  }
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** A chart's templates are not manifests yet. */
function isChart(entries: readonly Dirent[]): boolean {
  return ["Chart.yaml", "templates"].every((name) => entries.some((entry) => entry.name === name));
}
