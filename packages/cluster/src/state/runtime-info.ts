import { readFileIfPresent, type StatePaths, writeFileAtomically } from "./state-directory.ts";

/** What other commands need to find a running local cluster. */
export interface RuntimeInfo {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
  /** The EKS cluster. */
  readonly clusterName: string;
  readonly kubernetesVersion: string;
  readonly region: string;
  readonly accountId: string;
  readonly kubernetesEndpoint: string;
  readonly awsEndpoint: string;
  /** Of the kubeconfig. */
  readonly context: string;
  readonly realistic: boolean;
  /** Fake by looks, so that they can never be taken for somebody's. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Keeps the facts for other commands; the ports are tried again at the next start. */
export async function writeRuntime(paths: StatePaths, runtime: RuntimeInfo): Promise<void> {
  await writeFileAtomically(paths.runtime, `${JSON.stringify(runtime, null, 2)}\n`);
}

/** Undefined before the first time it was ready, or when the file is damaged: it only repeats what a start finds out again. */
export async function readRuntime(paths: StatePaths): Promise<RuntimeInfo | undefined> {
  const text = await readFileIfPresent(paths.runtime);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RuntimeInfo;
  } catch {
    return undefined;
  }
}

/** The input file of the last start with one, so that a later `up` without -f continues the same cluster. */
export interface RememberedFile {
  readonly file: string;
  readonly text: string;
}

const rememberedPath = (paths: StatePaths): string => `${paths.directory}/input.json`;

export async function rememberFile(paths: StatePaths, file: RememberedFile): Promise<void> {
  await writeFileAtomically(rememberedPath(paths), JSON.stringify(file));
}

export async function rememberedFile(paths: StatePaths): Promise<RememberedFile | undefined> {
  const text = await readFileIfPresent(rememberedPath(paths));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RememberedFile;
  } catch (cause) {
    throw new Error(`${rememberedPath(paths)} is damaged: give the cluster file again with -f`, { cause });
  }
}
