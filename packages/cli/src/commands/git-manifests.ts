import { execFile } from "node:child_process";
import { posix, relative, resolve } from "node:path";
import { CommandError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

/** A file as it stands in a revision. */
export interface RevisionFile {
  /** `main:deploy/web.yaml` */
  readonly file: string;
  readonly text: string;
}

/** More than any directory of manifests has; what git prints beyond is refused. */
const OUTPUT_BYTES_MAX = 64 * 2 ** 20;
const MANIFEST = /\.(ya?ml|json)$/i;
/** They say what to build; they are no objects of a cluster. */
const KUSTOMIZATION = /^kustomization(\.ya?ml)?$/i;

/**
 * Manifests of paths as a git revision has them; none when the revision does not have the path. No shell is involved, and nothing
 * is checked out. Throws CommandError: no git, no repository, no such revision.
 */
export async function manifestsAtRevision(
  terminal: Pick<Terminal, "cwd">,
  { revision, paths }: { readonly revision: string; readonly paths: readonly string[] },
): Promise<readonly RevisionFile[]> {
  const { cwd } = terminal;
  const prefix = (await git(cwd, ["rev-parse", "--show-prefix"], `${cwd} is in no git repository`)).trim();
  const commit = (
    await git(
      cwd,
      ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`],
      `${JSON.stringify(revision)} is no revision of this git repository; without -f, OLD and NEW are files or directories`,
    )
  ).trim();
  const blobs: Blob[] = [];
  for (const path of paths) blobs.push(...(await blobsOf(cwd, commit, repositoryPath(path, { cwd, prefix }))));
  const texts = await contents(cwd, blobs);
  return blobs.map(({ path }, index) => ({ file: `${revision}:${path}`, text: texts[index] ?? "" }));
}

interface Blob {
  readonly path: string;
  readonly id: string;
}

/** A path as the repository's root sees it. */
function repositoryPath(path: string, { cwd, prefix }: { readonly cwd: string; readonly prefix: string }): string {
  const fromHere = relative(cwd, resolve(cwd, path)).replaceAll("\\", "/");
  const joined = posix.join(prefix, fromHere);
  if (joined.startsWith("..")) throw new CommandError(`${path} is outside of the git repository`);
  return joined === "." || joined === "./" ? "" : joined.replace(/\/$/, "");
}

async function blobsOf(cwd: string, commit: string, path: string): Promise<readonly Blob[]> {
  const listing = await git(
    cwd,
    ["ls-tree", "-r", "-z", "--full-tree", commit, ...(path === "" ? [] : ["--", path])],
    `cannot list ${path} of ${commit}`,
  );
  return listing
    .split("\0")
    .map((line) => /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(line))
    .flatMap((match) => (match === null ? [] : [{ id: match[1] ?? "", path: match[2] ?? "" }]))
    .filter((blob) => blob.path === path || isManifest(blob.path.slice(path === "" ? 0 : path.length + 1)));
}

/** As reading a directory does: by ending, without hidden ones, node_modules and kustomizations. */
function isManifest(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  return (
    MANIFEST.test(name) &&
    !KUSTOMIZATION.test(name) &&
    !parts.some((part) => part.startsWith(".") || part === "node_modules")
  );
}

/** All blobs by one git process, in order: each is a line with its size, the bytes, and a line break. */
async function contents(cwd: string, blobs: readonly Blob[]): Promise<readonly string[]> {
  if (blobs.length === 0) return [];
  const input = blobs.map(({ id }) => `${id}\n`).join("");
  const output = await gitBytes(cwd, ["cat-file", "--batch"], { failure: "cannot read the files", input });
  const texts: string[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const size = Number(output.toString("latin1", at, end).split(" ")[2]);
    texts.push(output.toString("utf8", end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return texts;
}

async function git(cwd: string, args: readonly string[], failure: string): Promise<string> {
  return (await gitBytes(cwd, args, { failure })).toString("utf8");
}

function gitBytes(
  cwd: string,
  args: readonly string[],
  { failure, input }: { readonly failure: string; readonly input?: string },
): Promise<Buffer> {
  return new Promise((done, fail) => {
    const child = execFile("git", args, { cwd, encoding: "buffer", maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout) => {
      if (error === null) done(stdout);
      else fail(gitError(error, failure));
    });
    // A git that gives up early closes its input; its exit code says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

function gitError(error: Error & { readonly code?: unknown }, failure: string): CommandError {
  if (error.code === "ENOENT") return new CommandError("git is needed to compare revisions, and is not on the path");
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return new CommandError(`the revision has more than ${OUTPUT_BYTES_MAX / 2 ** 20} MiB of manifests there`);
  return new CommandError(failure, { cause: error });
}
