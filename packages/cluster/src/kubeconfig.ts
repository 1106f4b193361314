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

/** Puts the entry into the file beside whatever is there and makes it the current context. Comments and foreign entries stay. */
export async function mergeKubeconfig(
  path: string,
  entry: KubeconfigEntry,
  options: { readonly setCurrent: boolean },
): Promise<void> {
  const document = await readKubeconfig(path);
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
  await writeFileAtomically(path, document.toString());
}

/** Takes the entry out again; a current context that pointed at it is unset. A missing file is fine. */
export async function removeFromKubeconfig(path: string, context: string): Promise<void> {
  if ((await readFileIfPresent(path)) === undefined) return;
  const document = await readKubeconfig(path);
  for (const list of ["clusters", "users", "contexts"]) {
    const entries = (document.get(list) as { toJSON?: () => NamedEntry[] } | undefined)?.toJSON?.() ?? [];
    const index = entries.findIndex((entry) => entry.name === context);
    if (index >= 0) document.deleteIn([list, index]);
  }
  if (document.get("current-context") === context) document.set("current-context", "");
  await writeFileAtomically(path, document.toString());
}

type KubeconfigDocument = ReturnType<typeof parseDocument>;

async function readKubeconfig(path: string): Promise<KubeconfigDocument> {
  const text = (await readFileIfPresent(path)) ?? "";
  const document = parseDocument(
    text.trim() === "" ? "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n" : text,
  );
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidKubeconfigError(
      `kubeconfig ${path} is not valid YAML (${document.errors[0]?.message ?? "not a mapping"}): repair it, or point KUBECONFIG at another file`,
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
