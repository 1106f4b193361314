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
  /** The user's kubeconfig that got the context. */
  readonly kubeconfigPath?: string;
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
    const runtime = JSON.parse(text) as Partial<RuntimeInfo> | null;
    return isComplete(runtime) ? runtime : undefined;
  } catch {
    return undefined;
  }
}

const REQUIRED = ["name", "clusterName", "region", "kubernetesEndpoint", "awsEndpoint", "context"] as const;

function isComplete(runtime: Partial<RuntimeInfo> | null): runtime is RuntimeInfo {
  return typeof runtime?.pid === "number" && REQUIRED.every((key) => typeof runtime[key] === "string");
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
    const remembered = JSON.parse(text) as Partial<RememberedFile> | null;
    if (typeof remembered?.file === "string" && typeof remembered.text === "string")
      return { file: remembered.file, text: remembered.text };
  } catch {
    // Falls through to the one error below.
  }
  throw new Error(`${rememberedPath(paths)} is damaged: give the cluster file again with -f`);
}

/** Whether a file is remembered, damaged or not. */
export async function hasRememberedFile(paths: StatePaths): Promise<boolean> {
  return (await readFileIfPresent(rememberedPath(paths))) !== undefined;
}
