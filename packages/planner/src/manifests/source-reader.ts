import {
  closeSync,
  type Dirent,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import type { ManifestSource } from "./documents/parsed-document.ts";
import { DIRECTORY_DEPTH_MAX, FILES_MAX, INPUT_BYTES_MAX } from "./limits.ts";
import { InvalidManifestsError, type ManifestProblem } from "./problem.ts";

/** What `-` stands for and where paths begin. */
export interface ReadSourcesOptions {
  /** What `-` stands for. Default: `-` is refused. */
  readonly stdin?: string;
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly directory?: string;
}

/** What messages call the text of `-`. */
export const STANDARD_INPUT = "standard input";

/** Something that is not read: `problem` stops the command, `notice` only says so. */
export type NotRead = { readonly problem: string } | { readonly notice: string };

/** What one command reads of the paths that it is given. */
export interface SourceRules {
  /** Files of a directory, by name; a file that is named itself is always read. */
  readonly takes: (name: string) => boolean;
  /** Said of a directory without any. */
  readonly nothing: string;
  /** Remedy of a tree that is too deep: `give the directory that holds the manifests`. */
  readonly wanted: string;
  /** Remedy of an input that is too large: `plan a part of it`. */
  readonly lessOfIt: string;
  readonly bytesMax: (name: string) => number;
  readonly tooLarge: (file: string, found: boolean) => NotRead;
  /** Charts are templates, not manifests yet. */
  readonly chart: (directory: string) => NotRead;
}

/** Texts in the order in which they were found, and what was left out. */
export interface ReadSources {
  readonly sources: readonly ManifestSource[];
  /** Sentences for the user. */
  readonly notices: readonly string[];
}

/**
 * Reads files, directories (recursively, by name; hidden ones and node_modules are left out) and `-`. A file reached twice is read once.
 * Blocks while it reads. Throws InvalidManifestsError with all problems: a path that does not exist, a directory with nothing to read, more
 * than the bounds of the input.
 */
export function readSources(paths: readonly string[], rules: SourceRules, options: ReadSourcesOptions): ReadSources {
  const reader = new SourceReader(rules, options);
  for (const path of paths) reader.readPath(path);
  if (reader.problems.length > 0) throw new InvalidManifestsError(reader.problems);
  return reader;
}

class SourceReader implements ReadSources {
  readonly sources: ManifestSource[] = [];
  readonly notices: string[] = [];
  readonly problems: ManifestProblem[] = [];
  readonly #rules: SourceRules;
  readonly #options: ReadSourcesOptions;
  /** Files under each real path that has been read, so that symbolic links neither loop nor repeat. */
  readonly #seen = new Map<string, number>();
  #bytes = 0;

  constructor(rules: SourceRules, options: ReadSourcesOptions) {
    this.#rules = rules;
    this.#options = options;
  }

  readPath(path: string): void {
    if (path === "-") {
      this.#readStandardInput();
      return;
    }
    const target = this.#options.directory === undefined ? path : this.#resolve(path);
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats === undefined) {
      this.#refuse(path, "no such file or directory; check the path given with -f");
      return;
    }
    if (!stats.isDirectory()) {
      this.#readFile(target, path, { stats, found: false });
      return;
    }
    const problemsBefore = this.problems.length;
    if (this.#readDirectory(target, path, 0) === 0 && this.problems.length === problemsBefore)
      this.#refuse(path, this.#rules.nothing);
  }

  #resolve(path: string): string {
    return path.startsWith("/") ? path : join(this.#options.directory ?? "", path);
  }

  #refuse(file: string, message: string): void {
    this.problems.push({ file, path: "", message });
  }

  #tell(file: string, verdict: NotRead): void {
    if ("problem" in verdict) this.#refuse(file, verdict.problem);
    else this.notices.push(`${file} ${verdict.notice}`);
  }

  #readStandardInput(): void {
    const { stdin } = this.#options;
    if (stdin === undefined) this.#refuse("-", "standard input cannot be read here; give a file");
    else if (!this.#seen.has("-")) this.#add(STANDARD_INPUT, stdin, { bytes: stdin.length, found: false });
    this.#seen.set("-", 1);
  }

  /** Files found, those already read among them. */
  #readDirectory(target: string, shown: string, depth: number): number {
    const real = realpathSync(target);
    const known = this.#seen.get(real);
    if (known !== undefined) return known;
    this.#seen.set(real, 0);
    if (depth > DIRECTORY_DEPTH_MAX) {
      this.#refuse(shown, `more than ${DIRECTORY_DEPTH_MAX} directories deep; ${this.#rules.wanted}`);
      return 0;
    }
    const entries = readdirSync(target, { withFileTypes: true }).sort(byName);
    const chart = isChart(entries) ? shown : chartOfTemplates(target, shown);
    if (chart !== undefined) {
      this.#tell(chart, this.#rules.chart(chart));
      this.#seen.set(real, 1);
      return 1;
    }
    let found = 0;
    for (const { name } of entries) {
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(target, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      if (stats.isDirectory()) found += this.#readDirectory(path, join(shown, name), depth + 1);
      else if (stats.isFile() && this.#rules.takes(name)) {
        found += 1;
        this.#readFile(path, join(shown, name), { stats, found: true });
      }
      if (this.sources.length > FILES_MAX) return found;
    }
    this.#seen.set(real, found);
    return found;
  }

  #readFile(target: string, shown: string, { stats, found }: { readonly stats: Stats; readonly found: boolean }): void {
    const real = realpathSync(target);
    if (this.#seen.has(real)) return;
    this.#seen.set(real, 1);
    const { bytesMax, tooLarge, lessOfIt } = this.#rules;
    const most = bytesMax(shown);
    if (stats.size > most) {
      this.#tell(shown, tooLarge(shown, found));
      return;
    }
    if (this.#bytes + stats.size > INPUT_BYTES_MAX) {
      this.#refuse(shown, `with this file the input is larger than ${INPUT_BYTES_MAX} bytes; ${lessOfIt}`);
      return;
    }
    try {
      // A pipe or device does not say how much it holds.
      const text = stats.isFile() ? readFileSync(target, "utf8") : readUpTo(target, most);
      if (text === undefined) this.#tell(shown, tooLarge(shown, found));
      else this.#add(shown, text, { bytes: stats.isFile() ? stats.size : text.length, found });
    } catch (error) {
      this.#refuse(shown, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #add(file: string, text: string, { bytes, found }: { readonly bytes: number; readonly found: boolean }): void {
    this.#bytes += bytes;
    this.sources.push({ file, text, found });
    if (this.sources.length === FILES_MAX + 1)
      this.#refuse(file, `more than ${FILES_MAX} files in the input; ${this.#rules.lessOfIt}`);
  }
}

const CHUNK_BYTES = 1 << 20;

/** What can be read; undefined if that is more than so many bytes. */
function readUpTo(target: string, bytesMax: number): string | undefined {
  const chunks: Buffer[] = [];
  const descriptor = openSync(target, "r");
  try {
    for (let bytes = 0; bytes <= bytesMax; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const read = readSync(descriptor, chunk);
      if (read === 0) return Buffer.concat(chunks).toString("utf8");
      bytes += read;
      chunks.push(chunk.subarray(0, read));
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** A chart's templates are not manifests yet. */
function isChart(entries: readonly Dirent[]): boolean {
  return ["Chart.yaml", "templates"].every((name) => entries.some((entry) => entry.name === name));
}

/** The chart whose `templates` directory this is. */
function chartOfTemplates(target: string, shown: string): string | undefined {
  const isTemplates = basename(resolve(target)) === "templates";
  return isTemplates && existsSync(join(target, "..", "Chart.yaml")) ? join(shown, "..") : undefined;
}
