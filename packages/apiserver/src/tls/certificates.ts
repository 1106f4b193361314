import { webcrypto } from "node:crypto";
import type { Random } from "@nodeless/environment";
import type * as X509 from "@peculiar/x509";

/** Everything TLS needs, as PEM; the caller keeps it, so that kubeconfigs stay valid over restarts. Keys are PKCS #8. */
export interface ClusterCertificates {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly servingCertificate: string;
  readonly servingKey: string;
  /** CN kubernetes-admin, O system:masters. */
  readonly adminCertificate: string;
  readonly adminKey: string;
}

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** As a cluster's own CA; nobody renews the certificates of a laptop's cluster. */
const VALID_YEARS = 10;
const SERVING_NAMES = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];
const SERVING_ADDRESSES = ["127.0.0.1", "::1"];

interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

interface Issuer {
  readonly library: typeof X509;
  readonly random: Random;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Makes a CA, a serving certificate for the loopback names (and `extraNames`, `extraAddresses`) and an administrator's client
 * certificate. Takes some 50 ms, most of it for loading the X.509 library, which nothing else loads.
 */
export async function createCertificates(options: {
  readonly now: Date;
  /** Serial numbers. */
  readonly random: Random;
  readonly extraNames?: readonly string[];
  readonly extraAddresses?: readonly string[];
}): Promise<ClusterCertificates> {
  const { now, random, extraNames = [], extraAddresses = [] } = options;
  const library = await loadLibrary();
  // Clocks of containers and hosts differ: a certificate must not be "not yet valid" on its first day.
  const notBefore = new Date(now.getTime() - 3_600_000);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + VALID_YEARS);
  const issuer: Issuer = { library, random, notBefore, notAfter };
  const ca = await newKeyPair();
  const caCertificate = await issueCa(issuer, ca);
  const serving = await issue(issuer, {
    ca,
    caCertificate,
    subject: "CN=kube-apiserver",
    usage: library.ExtendedKeyUsage.serverAuth,
    names: [
      ...[...SERVING_NAMES, ...extraNames].map((value) => ({ type: "dns" as const, value })),
      ...[...SERVING_ADDRESSES, ...extraAddresses].map((value) => ({ type: "ip" as const, value })),
    ],
  });
  const admin = await issue(issuer, {
    ca,
    caCertificate,
    subject: "O=system:masters, CN=kubernetes-admin",
    usage: library.ExtendedKeyUsage.clientAuth,
    names: [],
  });
  return {
    caCertificate: caCertificate.toString("pem"),
    caKey: await privatePem(ca),
    servingCertificate: serving.certificate,
    servingKey: serving.key,
    adminCertificate: admin.certificate,
    adminKey: admin.key,
  };
}

/**
 * The library's dependency container reads decorator metadata while it loads and refuses to load without `Reflect.getMetadata`. None of
 * the library's classes carries such metadata, so it is told that there is none, for just as long as loading takes.
 */
async function loadLibrary(): Promise<typeof X509> {
  const reflect = Reflect as unknown as Record<string, unknown>;
  if (reflect["getMetadata"] !== undefined) return import("@peculiar/x509");
  const none = (): undefined => undefined;
  const names = ["getMetadata", "getOwnMetadata", "defineMetadata"];
  for (const name of names) reflect[name] = none;
  try {
    return await import("@peculiar/x509");
  } finally {
    for (const name of names) delete reflect[name];
  }
}

function newKeyPair(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]) as Promise<KeyPair>;
}

function issueCa({ library, random, notBefore, notAfter }: Issuer, keys: KeyPair): Promise<X509.X509Certificate> {
  return library.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(random),
      name: "CN=nodeless-ca",
      notBefore,
      notAfter,
      signingAlgorithm: KEY_ALGORITHM,
      keys: keys,
      extensions: [
        new library.BasicConstraintsExtension(true, undefined, true),
        new library.KeyUsagesExtension(
          library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.digitalSignature,
          true,
        ),
      ],
    },
    webcrypto,
  );
}

async function issue(
  { library, random, notBefore, notAfter }: Issuer,
  request: {
    readonly ca: KeyPair;
    readonly caCertificate: X509.X509Certificate;
    readonly subject: string;
    readonly usage: X509.ExtendedKeyUsage;
    readonly names: readonly { readonly type: "dns" | "ip"; readonly value: string }[];
  },
): Promise<{ readonly certificate: string; readonly key: string }> {
  const keys = await newKeyPair();
  const certificate = await library.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(random),
      subject: request.subject,
      issuer: request.caCertificate.subject,
      notBefore,
      notAfter,
      signingAlgorithm: KEY_ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: request.ca.privateKey,
      extensions: [
        new library.BasicConstraintsExtension(false, undefined, true),
        new library.KeyUsagesExtension(library.KeyUsageFlags.digitalSignature, true),
        new library.ExtendedKeyUsageExtension([request.usage]),
        ...(request.names.length === 0 ? [] : [new library.SubjectAlternativeNameExtension([...request.names])]),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString("pem"), key: await privatePem(keys) };
}

/** 16 random bytes as hex, positive as a DER integer. */
function serialNumber(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function privatePem({ privateKey }: KeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
