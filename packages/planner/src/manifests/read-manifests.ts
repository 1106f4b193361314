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
import { DIRECTORY_DEPTH_MAX, FILES_MAX, INPUT_BYTES_MAX, JSON_FILE_BYTES_MAX } from "./limits.ts";
import { InvalidManifestsError, type ManifestProblem } from "./problem.ts";

export type { ManifestSource } from "./documents/parsed-document.ts";

export interface ReadManifestsOptions {
  /** What `-` stands for. Default: `-` is refused. */
  readonly stdin?: string;
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly directory?: string;
}

/** What messages call the text of `-`. */
export const STANDARD_INPUT = "standard input";

/**
 * Reads files, directories (recursively, by name; hidden ones and node_modules are left out) and `-`. A file reached twice is read once.
 * Blocks while it reads. Throws InvalidManifestsError: a path that does not exist, a chart that is not rendered, a directory without
 * manifests, more than the bounds of the input.
 */
export function readManifests(paths: readonly string[], options: ReadManifestsOptions = {}): readonly ManifestSource[] {
  const reader = new ManifestReader(options);
  for (const path of paths) reader.readPath(path);
  if (reader.problems.length > 0) throw new InvalidManifestsError(reader.problems);
  return reader.sources;
}

const MANIFEST = /\.(ya?ml|json)$/i;

class ManifestReader {
  readonly sources: ManifestSource[] = [];
  readonly problems: ManifestProblem[] = [];
  readonly #options: ReadManifestsOptions;
  /** Manifests under each real path that has been read, so that symbolic links neither loop nor repeat. */
  readonly #seen = new Map<string, number>();
  #bytes = 0;

  constructor(options: ReadManifestsOptions) {
    this.#options = options;
  }

  readPath(path: string): void {
    if (path === "-") {
      this.#readStandardInput();
      return;
    }
    const target = this.#options.directory === undefined ? path : this.#resolve(path);
    const stats = this.#stat(target, path);
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      this.#readFile(target, path, { stats, found: false });
      return;
    }
    const problemsBefore = this.problems.length;
    if (this.#readDirectory(target, path, 0) === 0 && this.problems.length === problemsBefore)
      this.#refuse(path, "no manifests in this directory: expected files ending in .yaml, .yml or .json");
  }

  #resolve(path: string): string {
    return path.startsWith("/") ? path : join(this.#options.directory ?? "", path);
  }

  #refuse(file: string, message: string): void {
    this.problems.push({ file, path: "", message });
  }

  #readStandardInput(): void {
    const { stdin } = this.#options;
    if (stdin === undefined) this.#refuse("-", "standard input cannot be read here; give a file");
    else if (!this.#seen.has("-")) this.#add(STANDARD_INPUT, stdin, { bytes: stdin.length, found: false });
    this.#seen.set("-", 1);
  }

  #stat(target: string, shown: string): Stats | undefined {
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats === undefined) this.#refuse(shown, "no such file or directory; check the path given with -f");
    return stats;
  }

  /** Manifests found, those already read among them. */
  #readDirectory(target: string, shown: string, depth: number): number {
    const real = realpathSync(target);
    const known = this.#seen.get(real);
    if (known !== undefined) return known;
    this.#seen.set(real, 0);
    if (depth > DIRECTORY_DEPTH_MAX) {
      this.#refuse(
        shown,
        `more than ${DIRECTORY_DEPTH_MAX} directories deep; give the directory that holds the manifests`,
      );
      return 0;
    }
    const entries = readdirSync(target, { withFileTypes: true }).sort(byName);
    const chart = isChart(entries) ? shown : chartOfTemplates(target, shown);
    if (chart !== undefined) {
      this.#refuse(chart, `a Helm chart, which has to be rendered first: helm template ${chart} | nodeless plan -f -`);
      return 0;
    }
    let found = 0;
    for (const { name } of entries) {
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(target, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      if (stats.isDirectory()) found += this.#readDirectory(path, join(shown, name), depth + 1);
      else if (stats.isFile() && MANIFEST.test(name)) {
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
    if (stats.size > JSON_FILE_BYTES_MAX) {
      this.#refuse(shown, `larger than ${JSON_FILE_BYTES_MAX} bytes; split it`);
      return;
    }
    if (this.#bytes + stats.size > INPUT_BYTES_MAX) {
      this.#refuse(shown, `with this file the input is larger than ${INPUT_BYTES_MAX} bytes; plan a part of it`);
      return;
    }
    try {
      // A pipe or device does not say how much it holds.
      const text = stats.isFile() ? readFileSync(target, "utf8") : readUpTo(target, JSON_FILE_BYTES_MAX);
      if (text === undefined) this.#refuse(shown, `larger than ${JSON_FILE_BYTES_MAX} bytes; split it`);
      else this.#add(shown, text, { bytes: stats.isFile() ? stats.size : text.length, found });
    } catch (error) {
      this.#refuse(shown, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #add(file: string, text: string, { bytes, found }: { readonly bytes: number; readonly found: boolean }): void {
    this.#bytes += bytes;
    this.sources.push({ file, text, found });
    if (this.sources.length === FILES_MAX + 1)
      this.#refuse(file, `more than ${FILES_MAX} files in the input; plan a part of it`);
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
