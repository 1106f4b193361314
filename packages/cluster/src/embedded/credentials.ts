import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { type ClusterCertificates, createCertificates, generateServiceAccountKey } from "@nodeless/apiserver";
import type { Random } from "@nodeless/environment";
import { readFileIfPresent, writeFileAtomically } from "../state/state-directory.ts";

/** Keys of one embedded cluster: made once, then read from its directory. */
export interface ClusterCredentials {
  readonly certificates: ClusterCertificates;
  /** Private key (PEM) that signs service account tokens. */
  readonly serviceAccountKey: string;
}

/** Reads the keys of a cluster that exists. Throws when they are missing or damaged. */
export async function keptCredentials(directory: string): Promise<ClusterCredentials> {
  const path = join(directory, "credentials.json");
  const kept = await readFileIfPresent(path);
  if (kept === undefined) throw new Error(`${path} is missing: the cluster was never started here`);
  return parseCredentials(kept, path);
}

/** Reads the cluster's keys, or makes and keeps them. Throws when the file is there and broken: new keys would lock everybody out. */
export async function clusterCredentials(
  directory: string,
  { now, random }: { readonly now: Date; readonly random: Random },
): Promise<ClusterCredentials> {
  const path = join(directory, "credentials.json");
  const kept = await readFileIfPresent(path);
  if (kept !== undefined) return parseCredentials(kept, path);
  // The RSA key takes tens of milliseconds of another thread.
  const [serviceAccountKey, certificates] = await Promise.all([
    generateServiceAccountKey(),
    createCertificates({ now, random }),
  ]);
  const made: ClusterCredentials = { certificates, serviceAccountKey };
  await writeFileAtomically(path, JSON.stringify(made));
  return made;
}

function parseCredentials(text: string, path: string): ClusterCredentials {
  try {
    const value = JSON.parse(text) as ClusterCredentials;
    const { caCertificate, caKey, servingCertificate, servingKey, adminCertificate, adminKey } = value.certificates;
    // Reading them is the check: a damaged one would otherwise fail somewhere inside a handshake.
    for (const certificate of [caCertificate, servingCertificate, adminCertificate]) new X509Certificate(certificate);
    for (const key of [caKey, servingKey, adminKey, value.serviceAccountKey]) createPrivateKey(key);
    return value;
  } catch {
    // Falls through to the one error below.
  }
  throw new Error(`${path} is damaged: restore it, or start afresh with \`nodeless down --delete\``);
}
