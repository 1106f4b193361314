import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The files of one named local cloud. */
export interface StatePaths {
  readonly directory: string;
  readonly lock: string;
  /** Written when the cluster is ready; holds endpoints. */
  readonly runtime: string;
  readonly kubeconfig: string;
  readonly log: string;
  readonly aws: string;
  cluster(clusterName: string): string;
}

const NAME = /^[a-z0-9][-a-z0-9]{0,62}$/;

/** The name cannot be a directory, a host name and a context at once. Caller: show the message. */
export class InvalidNameError extends Error {
  override readonly name = "InvalidNameError";
}

/** Where the state of `name` is below `home` (`~/.nodeless` unless NODELESS_HOME says otherwise). Throws InvalidNameError. */
export function statePaths(home: string, name: string): StatePaths {
  if (!NAME.test(name))
    throw new InvalidNameError(
      `name ${JSON.stringify(name)} is not usable: use lower-case letters, digits and -, at most 63, starting with a letter or digit`,
    );
  const directory = join(home, name);
  return {
    directory,
    lock: join(directory, "lock.json"),
    runtime: join(directory, "runtime.json"),
    kubeconfig: join(directory, "kubeconfig"),
    log: join(directory, "nodeless.log"),
    aws: join(directory, "aws"),
    cluster: (clusterName) => join(directory, "clusters", clusterName),
  };
}

/** The kubeconfig context, cluster and user of a name. */
export const contextOf = (name: string): string => `nodeless-${name}`;

/** Names that have state below `home`. */
export async function knownNames(home: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(home, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Writes a private file whole or not at all: a reader never sees half of it. */
export async function writeFileAtomically(path: string, content: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

/** The file's text, or undefined if there is none. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Forgets everything about a name. */
export async function deleteState(paths: StatePaths): Promise<void> {
  await rm(paths.directory, { recursive: true, force: true });
}
