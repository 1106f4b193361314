import { mkdir, open, realpath, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock } from "@nodeless/environment";
import { parseDocument } from "yaml";
import { readFileIfPresent, writeFileAtomically } from "./state/state-directory.ts";

/** One cluster as a kubeconfig entry; cluster, user and context share the name. */
export interface KubeconfigEntry {
  readonly context: string;
  readonly server: string;
  readonly certificateAuthorityPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** The kubeconfig at this path cannot be read. Caller: show the message; the file was left alone. */
export class InvalidKubeconfigError extends Error {
  override readonly name = "InvalidKubeconfigError";
}

const base64 = (pem: string): string => Buffer.from(pem).toString("base64");

interface NamedEntry {
  readonly name?: unknown;
}

/** Throws InvalidKubeconfigError when the file is there and could not be merged into. */
export async function checkKubeconfig(path: string): Promise<void> {
  await readKubeconfig(path);
}

/** Puts the entry into the file beside whatever is there and makes it the current context. Comments and foreign entries stay. */
export async function mergeKubeconfig(
  path: string,
  entry: KubeconfigEntry,
  options: { readonly setCurrent: boolean },
): Promise<void> {
  await changeKubeconfig(path, (document) => putEntry(document, entry, options));
}

function putEntry(
  document: KubeconfigDocument,
  entry: KubeconfigEntry,
  options: { readonly setCurrent: boolean },
): void {
  const name = entry.context;
  putNamed(document, "clusters", {
    name,
    cluster: { server: entry.server, "certificate-authority-data": base64(entry.certificateAuthorityPem) },
  });
  putNamed(document, "users", {
    name,
    user: {
      "client-certificate-data": base64(entry.clientCertificatePem),
      "client-key-data": base64(entry.clientKeyPem),
    },
  });
  putNamed(document, "contexts", { name, context: { cluster: name, user: name } });
  if (options.setCurrent || !document.get("current-context")) document.set("current-context", name);
}

/** Takes the entry out again; a current context that pointed at it is unset. A missing file is fine. */
export async function removeFromKubeconfig(path: string, context: string): Promise<void> {
  if ((await readFileIfPresent(path)) === undefined) return;
  await changeKubeconfig(path, (document) => removeEntry(document, context));
}

function removeEntry(document: KubeconfigDocument, context: string): void {
  for (const list of ["clusters", "users", "contexts"]) {
    const entries = (document.get(list) as { toJSON?: () => NamedEntry[] } | undefined)?.toJSON?.() ?? [];
    const index = entries.findIndex((entry) => entry.name === context);
    if (index >= 0) document.deleteIn([list, index]);
  }
  if (document.get("current-context") === context) document.set("current-context", "");
}

/** Another writer holds the file for milliseconds; a lock that stays this long was left behind. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_POLL_MS = 20;

/** Reads, changes and writes under `PATH.lock`, which kubectl respects too (client-go tools/clientcmd/loader.go). A link stays a link. */
async function changeKubeconfig(path: string, change: (document: KubeconfigDocument) => void): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await realpath(path).catch(() => path);
  const lock = `${file}.lock`;
  const deadline = systemClock.monotonicMs() + LOCK_TIMEOUT_MS;
  while (!(await created(lock))) {
    if (systemClock.monotonicMs() > deadline)
      throw new InvalidKubeconfigError(
        `kubeconfig ${path} is locked: if no other program is writing it, delete ${lock} and try again`,
      );
    await systemClock.sleep(LOCK_POLL_MS);
  }
  try {
    const document = await readKubeconfig(path);
    change(document);
    await writeFileAtomically(file, document.toString());
  } finally {
    await rm(lock, { force: true });
  }
}

async function created(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

type KubeconfigDocument = ReturnType<typeof parseDocument>;

async function readKubeconfig(path: string): Promise<KubeconfigDocument> {
  const text =
    (await readFileIfPresent(path).catch((cause: unknown) => {
      throw new InvalidKubeconfigError(
        `kubeconfig ${path} cannot be read (${(cause as Error).message}): correct that, or point KUBECONFIG at another file`,
      );
    })) ?? "";
  const document = parseDocument(
    text.trim() === "" ? "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n" : text,
    { prettyErrors: false },
  );
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidKubeconfigError(
      `kubeconfig ${path} is not valid YAML (${document.errors[0]?.message ?? "not a mapping"}): repair it, or point KUBECONFIG at another file`,
    );
  }
  for (const list of ["clusters", "users", "contexts"]) {
    const present = (value as Readonly<Record<string, unknown>>)[list] ?? [];
    if (!Array.isArray(present))
      throw new InvalidKubeconfigError(
        `kubeconfig ${path} is not a kubeconfig (${list} is not a list): repair it, or point KUBECONFIG at another file`,
      );
  }
  return document;
}

function putNamed(
  document: KubeconfigDocument,
  list: string,
  entry: Readonly<Record<string, unknown>> & { readonly name: string },
): void {
  const present = document.get(list) as { toJSON?: () => NamedEntry[] } | null | undefined;
  const entries = present?.toJSON?.() ?? [];
  if (entries.length === 0) {
    document.set(list, document.createNode([entry]));
    return;
  }
  const index = entries.findIndex(({ name }) => name === entry.name);
  document.setIn([list, index < 0 ? entries.length : index], document.createNode(entry));
}
