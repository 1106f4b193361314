import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  generateKeyPair,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import type { Clock, Random } from "@nodeless/environment";
import { uuid } from "@nodeless/environment";
import type { ObjectCache } from "../cache/object-cache.ts";
import { isJsonObject, objectAt } from "../json-value.ts";
import type { UserInfo } from "../server.ts";

/** A new RSA key for signing service-account tokens, as PKCS #8 PEM; the caller keeps it. IAM's OIDC accepts only RS256 keys. */
export async function generateServiceAccountKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2_048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return privateKey;
}

/** The audience of tokens that are for this API server. */
export const API_AUDIENCE = "https://kubernetes.default.svc";

/** An object a token lives and dies with. */
interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: BoundObject;
  readonly node?: BoundObject;
}

/** RSA verification is some 30 µs; controllers send the same token with every request. */
const VERIFIED_TOKENS_MAX = 4_096;

interface VerifiedToken {
  readonly payload: unknown;
  readonly expirySeconds: number;
}

/** Signs and checks service-account tokens (JWT, RS256). Source: kubernetes pkg/serviceaccount. */
export class ServiceAccountTokens {
  readonly issuer: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cache: ObjectCache;
  readonly #verified = new Map<string, VerifiedToken>();

  /** `key`: PKCS #8 PEM of an RSA key. */
  constructor(options: {
    readonly issuer: string;
    readonly key: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly cache: ObjectCache;
  }) {
    this.issuer = options.issuer;
    this.#privateKey = createPrivateKey(options.key);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#clock = options.clock;
    this.#random = options.random;
    this.#cache = options.cache;
    const { e, kty, n } = this.#publicKey.export({ format: "jwk" });
    // RFC 7638: the members of the thumbprint in this order.
    this.#keyId = createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url");
  }

  /** The public keys as `/openid/v1/jwks` shows them. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return { keys: [{ ...this.#publicKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: this.#keyId }] };
  }

  issue(claims: TokenClaims): { readonly token: string; readonly expires: Date } {
    const nowSeconds = Math.floor(this.#clock.now().getTime() / 1_000);
    const expirySeconds = nowSeconds + claims.expirationSeconds;
    const { namespace, serviceAccount, pod, node } = claims;
    const payload = {
      aud: claims.audiences,
      exp: expirySeconds,
      iat: nowSeconds,
      iss: this.issuer,
      jti: uuid(this.#random),
      "kubernetes.io": {
        namespace,
        ...(node === undefined ? {} : { node }),
        ...(pod === undefined ? {} : { pod }),
        serviceaccount: serviceAccount,
      },
      nbf: nowSeconds,
      sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    };
    const head = base64Json({ alg: "RS256", kid: this.#keyId });
    const signed = `${head}.${base64Json(payload)}`;
    const signature = createSign("RSA-SHA256").update(signed).sign(this.#privateKey, "base64url");
    return { token: `${signed}.${signature}`, expires: new Date(expirySeconds * 1_000) };
  }

  /** Who the token speaks for, or undefined if it is not ours, expired, for somebody else or its objects are gone. */
  authenticate(token: string, audiences: readonly string[] = [API_AUDIENCE, this.issuer]): UserInfo | undefined {
    const verified = this.#verify(token);
    if (verified === undefined) return undefined;
    const { payload, expirySeconds } = verified;
    const nowSeconds = this.#clock.now().getTime() / 1_000;
    if (nowSeconds >= expirySeconds) return undefined;
    if (!isJsonObject(payload) || payload["iss"] !== this.issuer) return undefined;
    const audience = payload["aud"];
    const given = Array.isArray(audience) ? audience : [audience];
    if (!given.some((name) => audiences.includes(name))) return undefined;
    return this.#userOf(payload["kubernetes.io"]);
  }

  #verify(token: string): VerifiedToken | undefined {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const [head, payload, signature, ...more] = token.split(".");
    if (head === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined;
    const header = parseBase64Json(head);
    if (objectValue(header, "alg") !== "RS256" || objectValue(header, "kid") !== this.#keyId) return undefined;
    const sound = createVerify("RSA-SHA256")
      .update(`${head}.${payload}`)
      .verify(this.#publicKey, signature, "base64url");
    if (!sound) return undefined;
    const claims = parseBase64Json(payload);
    const verified = { payload: claims, expirySeconds: Number(objectValue(claims, "exp") ?? 0) };
    if (this.#verified.size >= VERIFIED_TOKENS_MAX) this.#verified.clear();
    this.#verified.set(token, verified);
    return verified;
  }

  #userOf(claims: unknown): UserInfo | undefined {
    const namespace = objectValue(claims, "namespace");
    const account = boundObject(objectAt(claims, "serviceaccount"));
    if (typeof namespace !== "string" || account === undefined) return undefined;
    if (!this.#exists("core/serviceaccounts", namespace, account)) return undefined;
    const pod = boundObject(objectAt(claims, "pod"));
    if (pod !== undefined && !this.#exists("core/pods", namespace, pod)) return undefined;
    const node = boundObject(objectAt(claims, "node"));
    return {
      username: `system:serviceaccount:${namespace}:${account.name}`,
      uid: account.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
      extra: {
        ...(pod === undefined
          ? {}
          : {
              "authentication.kubernetes.io/pod-name": [pod.name],
              "authentication.kubernetes.io/pod-uid": [pod.uid],
            }),
        ...(node === undefined ? {} : { "authentication.kubernetes.io/node-name": [node.name] }),
      },
    };
  }

  #exists(prefix: string, namespace: string, { name, uid }: BoundObject): boolean {
    return this.#cache.get({ prefix, namespace, name })?.object.metadata.uid === uid;
  }
}

function boundObject({ name, uid }: Readonly<Record<string, unknown>>): BoundObject | undefined {
  return typeof name === "string" && typeof uid === "string" ? { name, uid } : undefined;
}

function objectValue(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function base64Json(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function parseBase64Json(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}
